/* What may be erased and what not, on live loop devices and image files. Needs root for the former. */
#include "src/base/cleanup.h"
#include "src/base/clock.h"
#include "src/media/guard.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/blkpg.h>
#include <linux/loop.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>

enum { IMAGE_BYTES = 16 * 1024 * 1024 };

struct bench {
	char directory[64];
	char image[96];
	char loop[32];
	char upper[32]; /* a loop device over the loop device */
};

static int attach(const char *backing, uint32_t flags, char loop[32])
{
	CLEANUP_CLOSE int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
	CLEANUP_CLOSE int file = open(backing, (flags & LO_FLAGS_READ_ONLY ? O_RDONLY : O_RDWR) | O_CLOEXEC);
	for (int i = 0; i < 50 && control >= 0 && file >= 0; i++) {
		int number = ioctl(control, LOOP_CTL_GET_FREE);
		(void)snprintf(loop, 32, "/dev/loop%d", number);
		CLEANUP_CLOSE int descriptor = open(loop, O_RDWR | O_CLOEXEC);
		struct loop_config config = {.fd = (uint32_t)file, .info.lo_flags = flags};
		(void)strncpy((char *)config.info.lo_file_name, backing, LO_NAME_SIZE - 1);
		if (descriptor >= 0 && ioctl(descriptor, LOOP_CONFIGURE, &config) == 0)
			return 0;
		(void)usleep(10000); /* somebody else took it */
	}
	loop[0] = '\0';
	return -1;
}

/* Partitions that were added by hand outlive what they lie on. */
static void remove_partitions(int descriptor)
{
	for (int number = 1; number <= 2; number++) {
		struct blkpg_partition partition = {.pno = number};
		struct blkpg_ioctl_arg request = {
		    .op = BLKPG_DEL_PARTITION, .datalen = sizeof partition, .data = &partition};
		(void)ioctl(descriptor, BLKPG, &request);
	}
}

static void detach(const char *loop)
{
	CLEANUP_CLOSE int descriptor = loop[0] ? open(loop, O_RDONLY | O_CLOEXEC) : -1;
	remove_partitions(descriptor);
	if (descriptor >= 0)
		(void)ioctl(descriptor, LOOP_CLR_FD);
}

static void make_file(const char *path, off_t length)
{
	CLEANUP_CLOSE int descriptor = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(descriptor >= 0);
	assert_int_equal(ftruncate(descriptor, length), 0);
}

static int set_up(void **state)
{
	static struct bench bench;
	bench = (struct bench){.directory = "/tmp/kiyome-guard-XXXXXX"};
	if (!mkdtemp(bench.directory))
		return -1;
	(void)snprintf(bench.image, sizeof bench.image, "%s/disk.img", bench.directory);
	make_file(bench.image, IMAGE_BYTES);
	*state = &bench;
	return 0;
}

static int tear_down(void **state)
{
	const struct bench *bench = *state;
	char command[128];
	detach(bench->upper);
	detach(bench->loop);
	(void)snprintf(command, sizeof command, "rm -rf '%s'", bench->directory);
	return system(command);
}

static void need_loop(struct bench *bench)
{
	if (geteuid() != 0 || attach(bench->image, 0, bench->loop) < 0) {
		print_message("skipped: a loop device needs root\n");
		skip();
	}
}

/* Opens, expects a refusal, returns its sentence. */
static const char *refusal(const struct guard_request *request)
{
	static struct error error;
	struct guarded_medium guarded;
	error = (struct error){0};
	int status = guard_open(request, &guarded, &error);
	if (status == 0)
		guard_release(&guarded);
	assert_true(status < 0);
	assert_int_equal(error_exit_status(&error), 2);
	assert_int_equal(guarded.descriptor, -1);
	return error.sentence;
}

static void assert_says(const char *sentence, const char *part)
{
	if (!strstr(sentence, part))
		fail_msg("\"%s\" does not say \"%s\"", sentence, part);
}

static void open_well(const struct guard_request *request, struct guarded_medium *guarded)
{
	struct error error = {0};
	if (guard_open(request, guarded, &error) < 0)
		fail_msg("%s", error.sentence);
}

/* A process that holds a path open for so long, under a name of its own. */
static pid_t start_opener(const char *path, unsigned milliseconds)
{
	int ready[2];
	char byte;
	assert_int_equal(pipe(ready), 0);
	pid_t child = fork();
	if (child == 0) {
		(void)prctl(PR_SET_NAME, "curious\033[2J");
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		int descriptor = open(path, O_RDONLY);
		(void)!write(ready[1], "", 1);
		(void)usleep(milliseconds * 1000);
		_exit(descriptor < 0);
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	close(ready[1]);
	return child;
}

static void end_process(pid_t process)
{
	(void)kill(process, SIGKILL);
	(void)waitpid(process, NULL, 0);
}

/* ── Devices ── */

static void an_idle_device_is_opened_exclusively_and_locked(void **state)
{
	struct bench *bench = *state;
	struct guarded_medium guarded;
	need_loop(bench);
	open_well(&(struct guard_request){.path = bench->loop}, &guarded);
	assert_string_equal(guarded.medium.path, bench->loop);
	assert_true(guarded.identity.size_bytes == IMAGE_BYTES);
	assert_true(((fcntl(guarded.descriptor, F_GETFL) & O_DIRECT) != 0) == guarded.direct);
	assert_int_equal(open(bench->loop, O_RDWR | O_EXCL | O_CLOEXEC), -1);
	assert_int_equal(errno, EBUSY);
	CLEANUP_CLOSE int other = open(bench->loop, O_RDONLY | O_CLOEXEC);
	assert_int_equal(flock(other, LOCK_SH | LOCK_NB), -1);
	assert_int_equal(errno, EWOULDBLOCK);
	guard_release(&guarded);
}

static void a_device_is_refused_while_a_process_has_it_open(void **state)
{
	struct bench *bench = *state;
	char expected[64];
	need_loop(bench);
	pid_t opener = start_opener(bench->loop, 60000);
	(void)snprintf(expected, sizeof expected, "(pid %d)", (int)opener);
	const char *sentence = refusal(&(struct guard_request){.path = bench->loop});
	end_process(opener);
	assert_says(sentence, expected);
	assert_says(sentence, "curious");
}

static void an_opener_in_passing_is_waited_for(void **state)
{
	struct bench *bench = *state;
	struct guarded_medium guarded;
	need_loop(bench);
	pid_t opener = start_opener(bench->loop, 300);
	open_well(&(struct guard_request){.path = bench->loop}, &guarded);
	guard_release(&guarded);
	end_process(opener);
}

static void a_device_mounted_in_another_namespace_is_refused(void **state)
{
	struct bench *bench = *state;
	char command[160];
	int ready[2];
	char byte = 0;
	need_loop(bench);
	(void)snprintf(command, sizeof command, "mkfs.ext4 -q %s", bench->loop);
	assert_int_equal(system(command), 0);
	assert_int_equal(pipe(ready), 0);
	pid_t child = fork();
	if (child == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		bool mounted = unshare(CLONE_NEWNS) == 0 &&
			       mount("", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
			       mount(bench->loop, bench->directory, "ext4", MS_RDONLY, NULL) == 0;
		(void)!write(ready[1], mounted ? "y" : "n", 1);
		(void)sleep(60);
		_exit(0);
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	const char *sentence =
	    byte == 'y' ? refusal(&(struct guard_request){.path = bench->loop}) : "it could not be mounted";
	end_process(child);
	assert_says(sentence, "is mounted at");
	assert_says(sentence, bench->directory);
}

static void a_device_under_a_loop_device_is_refused(void **state)
{
	struct bench *bench = *state;
	need_loop(bench);
	assert_int_equal(attach(bench->loop, 0, bench->upper), 0);
	assert_says(refusal(&(struct guard_request){.path = bench->loop}), "is held by loop");
}

static void a_read_only_device_is_refused(void **state)
{
	struct bench *bench = *state;
	need_loop(bench);
	detach(bench->loop);
	assert_int_equal(attach(bench->image, LO_FLAGS_READ_ONLY, bench->loop), 0);
	assert_says(refusal(&(struct guard_request){.path = bench->loop}), "is read-only");
}

static void an_unused_loop_device_is_refused_as_empty(void **state)
{
	struct bench *bench = *state;
	need_loop(bench);
	detach(bench->loop);
	assert_says(refusal(&(struct guard_request){.path = bench->loop}), "has size zero");
	bench->loop[0] = '\0';
}

static void a_whole_medium_is_not_a_partition(void **state)
{
	struct bench *bench = *state;
	need_loop(bench);
	assert_says(refusal(&(struct guard_request){.path = bench->loop, .partition = true}),
	    "is a whole medium, not a partition");
}

static void add_partition(const char *loop, int number, long long start, long long length)
{
	CLEANUP_CLOSE int descriptor = open(loop, O_RDONLY | O_CLOEXEC);
	struct blkpg_partition partition = {.pno = number, .start = start, .length = length};
	struct blkpg_ioctl_arg request = {
	    .op = BLKPG_ADD_PARTITION, .datalen = sizeof partition, .data = &partition};
	assert_int_equal(ioctl(descriptor, BLKPG, &request), 0);
}

static void a_partition_is_opened_only_when_asked_for_and_unused(void **state)
{
	struct bench *bench = *state;
	struct guarded_medium guarded;
	char first[48];
	char second[48];
	need_loop(bench);
	add_partition(bench->loop, 1, 1 << 20, 4 << 20);
	add_partition(bench->loop, 2, 5 << 20, 4 << 20);
	(void)snprintf(first, sizeof first, "%sp1", bench->loop);
	(void)snprintf(second, sizeof second, "%sp2", bench->loop);
	assert_says(refusal(&(struct guard_request){.path = first}), "is a partition, not a whole medium");
	pid_t opener = start_opener(first, 60000);
	const char *used = refusal(&(struct guard_request){.path = first, .partition = true});
	assert_says(used, "is open in");
	assert_says(refusal(&(struct guard_request){.path = bench->loop}), "is open in");
	open_well(&(struct guard_request){.path = second, .partition = true}, &guarded);
	end_process(opener);
	assert_true(guarded.identity.size_bytes == 4 << 20);
	/* While a part is being erased, the whole is in use. */
	assert_int_equal(open(bench->loop, O_RDWR | O_EXCL | O_CLOEXEC), -1);
	guard_release(&guarded);
}

static void what_is_no_block_device_is_refused(void **state)
{
	const struct bench *bench = *state;
	assert_says(refusal(&(struct guard_request){.path = "/dev/null"}), "is not a block device");
	assert_says(refusal(&(struct guard_request){.path = bench->directory}), "is not a block device");
	assert_says(refusal(&(struct guard_request){.path = "/dev/does-not-exist"}), "there is no device");
	assert_says(refusal(&(struct guard_request){.path = bench->image}), "is a regular file");
}

static void a_device_that_was_exchanged_is_noticed(void **state)
{
	struct bench *bench = *state;
	struct media_identity was;
	struct media_identity now;
	struct error error = {0};
	need_loop(bench);
	CLEANUP_CLOSE int descriptor = open(bench->loop, O_RDONLY | O_CLOEXEC);
	assert_int_equal(media_identity_read(descriptor, &was, &error), 0);
	assert_int_equal(media_identity_read(descriptor, &now, &error), 0);
	assert_int_equal(media_identity_compare(&was, &now, &error), 0);
	if (was.disk_sequence) {
		now.disk_sequence++;
		assert_int_equal(media_identity_compare(&was, &now, &error), -ESTALE);
		assert_says(error.sentence, "disk sequence number");
		now.disk_sequence = was.disk_sequence;
	}
	assert_int_equal(truncate(bench->image, IMAGE_BYTES / 2), 0);
	assert_int_equal(ioctl(descriptor, LOOP_SET_CAPACITY), 0);
	assert_int_equal(media_identity_read(descriptor, &now, &error), 0);
	assert_int_equal(media_identity_compare(&was, &now, &error), -ESTALE);
	assert_says(error.sentence, "size");
}

/* ── Images ── */

static void an_image_is_opened_once(void **state)
{
	const struct bench *bench = *state;
	const struct guard_request request = {.path = bench->image, .image = true};
	struct guarded_medium guarded;
	open_well(&request, &guarded);
	assert_true(guarded.identity.inode != 0);
	assert_true(((fcntl(guarded.descriptor, F_GETFL) & O_DIRECT) != 0) == guarded.direct);
	assert_string_equal(medium_confirmation(&guarded.medium), "disk.img");
	assert_true(medium_is_confirmed_by(&guarded.medium, "disk.img"));
	assert_false(medium_is_confirmed_by(&guarded.medium, "disk"));
	assert_says(refusal(&request), "locked by another program");
	guard_release(&guarded);
	open_well(&request, &guarded);
	guard_release(&guarded);
}

static void an_image_is_refused_while_a_process_has_it_open(void **state)
{
	const struct bench *bench = *state;
	pid_t opener = start_opener(bench->image, 60000);
	const char *sentence = refusal(&(struct guard_request){.path = bench->image, .image = true});
	end_process(opener);
	assert_says(sentence, "curious");
}

static void an_image_behind_a_loop_device_is_refused(void **state)
{
	struct bench *bench = *state;
	need_loop(bench);
	assert_says(refusal(&(struct guard_request){.path = bench->image, .image = true}), "is held by loop");
}

static void an_image_is_never_a_link_a_device_or_empty(void **state)
{
	const struct bench *bench = *state;
	char path[128];
	(void)snprintf(path, sizeof path, "%s/link", bench->directory);
	assert_int_equal(symlink(bench->image, path), 0);
	assert_says(refusal(&(struct guard_request){.path = path, .image = true}), "is a symbolic link");
	assert_says(
	    refusal(&(struct guard_request){.path = "/dev/null", .image = true}), "is not a regular file");
	(void)snprintf(path, sizeof path, "%s/empty", bench->directory);
	make_file(path, 0);
	assert_says(refusal(&(struct guard_request){.path = path, .image = true}), "has size zero");
}

/* ── Identities ── */

static void an_identity_survives_being_written_down(void **state)
{
	(void)state;
	struct media_identity identity = {.number = 0x801,
	    .inode = UINT64_MAX,
	    .size_bytes = 512,
	    .disk_sequence = 7,
	    .serial = "S3Z1",
	    .wwn = "0x5000"};
	struct media_identity read = {0};
	struct error error = {0};
	json_t *json = media_identity_to_json(&identity);
	assert_int_equal(media_identity_from_json(json, &read, &error), 0);
	assert_int_equal(media_identity_compare(&identity, &read, &error), 0);
	assert_true(read.inode == UINT64_MAX && read.number == identity.number && read.size_bytes == 512);
	assert_string_equal(read.serial, "S3Z1");
	(void)snprintf(read.serial, sizeof read.serial, "S3Z2");
	assert_int_equal(media_identity_compare(&identity, &read, &error), -ESTALE);
	assert_says(error.sentence, "serial number was S3Z1 and is S3Z2");
	read.serial[0] = '\0'; /* unknown is not another */
	assert_int_equal(media_identity_compare(&identity, &read, &error), 0);
	json_object_del(json, "serial");
	assert_int_equal(media_identity_from_json(json, &read, &error), -EINVAL);
	json_decref(json);
}

#define GUARD_TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    GUARD_TEST(an_idle_device_is_opened_exclusively_and_locked),
	    GUARD_TEST(a_device_is_refused_while_a_process_has_it_open),
	    GUARD_TEST(an_opener_in_passing_is_waited_for),
	    GUARD_TEST(a_device_mounted_in_another_namespace_is_refused),
	    GUARD_TEST(a_device_under_a_loop_device_is_refused),
	    GUARD_TEST(a_read_only_device_is_refused),
	    GUARD_TEST(an_unused_loop_device_is_refused_as_empty),
	    GUARD_TEST(a_whole_medium_is_not_a_partition),
	    GUARD_TEST(a_partition_is_opened_only_when_asked_for_and_unused),
	    GUARD_TEST(what_is_no_block_device_is_refused),
	    GUARD_TEST(a_device_that_was_exchanged_is_noticed),
	    GUARD_TEST(an_image_is_opened_once),
	    GUARD_TEST(an_image_is_refused_while_a_process_has_it_open),
	    GUARD_TEST(an_image_behind_a_loop_device_is_refused),
	    GUARD_TEST(an_image_is_never_a_link_a_device_or_empty),
	    cmocka_unit_test(an_identity_survives_being_written_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
