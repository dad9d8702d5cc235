/* A job in a process of its own, and the sandbox. */
#include "src/base/worker.h"

#include "src/base/clock.h"
#include "src/base/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <cmocka.h>

static const struct worker_options trusted = {.rights = WORKER_TRUSTED};

static int answer(struct worker_channel *channel, void *argument, struct error *error)
{
	(void)error;
	worker_send_result(channel, argument, strlen(argument));
	return 0;
}

static int end_badly(struct worker_channel *channel, void *argument, struct error *error)
{
	(void)channel;
	(void)argument;
	error_refuse(error, EBUSY, "the thing is busy");
	error_advise(error, "come back later");
	return error->code;
}

static int crash(struct worker_channel *channel, void *argument, struct error *error)
{
	(void)channel;
	(void)argument;
	(void)error;
	(void)signal(SIGSEGV, SIG_DFL);
	(void)raise(SIGKILL);
	return 0;
}

static int hang(struct worker_channel *channel, void *argument, struct error *error)
{
	(void)channel;
	(void)argument;
	(void)error;
	for (;;)
		(void)pause();
	return 0;
}

static int babble(struct worker_channel *channel, void *argument, struct error *error)
{
	(void)argument;
	(void)error;
	/* A result that claims to be larger than any frame may be. */
	const uint32_t frame[2] = {3, 0xffffffff};
	if (write(*(const int *)channel, frame, sizeof frame) < 0)
		return -errno;
	for (;;)
		(void)pause();
	return 0;
}

static void a_worker_answers(void **state)
{
	(void)state;
	CLEANUP_BUFFER struct buffer reply = BUFFER_EMPTY;
	struct error error = {0};
	char large[200000];
	memset(large, 'x', sizeof large - 1);
	large[sizeof large - 1] = '\0';
	assert_int_equal(worker_call(&trusted, answer, large, 10000, &reply, &error), 0);
	assert_string_equal(reply.data, large);
}

static void its_error_arrives_whole(void **state)
{
	(void)state;
	CLEANUP_BUFFER struct buffer reply = BUFFER_EMPTY;
	struct error error = {0};
	assert_int_equal(worker_call(&trusted, end_badly, NULL, 10000, &reply, &error), -EBUSY);
	assert_string_equal(error.sentence, "the thing is busy");
	assert_string_equal(error.advice, "come back later");
	assert_int_equal(error_exit_status(&error), 2);
}

static void a_crash_or_nonsense_is_an_error_not_an_answer(void **state)
{
	(void)state;
	CLEANUP_BUFFER struct buffer reply = BUFFER_EMPTY;
	struct error error = {0};
	assert_int_equal(worker_call(&trusted, crash, NULL, 10000, &reply, &error), -EPROTO);
	assert_non_null(strstr(error.sentence, "signal 9"));
	assert_int_equal(worker_call(&trusted, babble, NULL, 10000, &reply, &error), -EPROTO);
	assert_int_equal(reply.length, 0);
}

static void one_that_hangs_is_left_behind(void **state)
{
	(void)state;
	CLEANUP_BUFFER struct buffer reply = BUFFER_EMPTY;
	struct error error = {0};
	uint64_t start_ns = clock_monotonic_ns();
	assert_int_equal(worker_call(&trusted, hang, NULL, 200, &reply, &error), -ETIMEDOUT);
	assert_true(clock_monotonic_ns() - start_ns < UINT64_C(5000000000));
}

static int report_until_cancelled(struct worker_channel *channel, void *argument, struct error *error)
{
	(void)argument;
	(void)error;
	struct progress progress = {.pass = 7};
	worker_send_progress(channel, &progress);
	worker_send_mark(channel, "mark", 4);
	while (!worker_is_cancelled(channel))
		(void)usleep(1000);
	worker_send_result(channel, "stopped", 7);
	return 0;
}

static void progress_marks_and_cancel_go_both_ways(void **state)
{
	(void)state;
	struct worker worker = WORKER_NONE;
	struct error error = {0};
	int seen[5] = {0};
	assert_int_equal(worker_start(&worker, &trusted, report_until_cancelled, NULL, &error), 0);
	for (;;) {
		struct worker_message message;
		struct pollfd wait = {.fd = worker.descriptor, .events = POLLIN};
		(void)poll(&wait, 1, 1000);
		worker_receive(&worker, &message);
		seen[message.kind]++;
		if (message.kind == WORKER_PROGRESS)
			assert_int_equal(message.progress.pass, 7);
		if (message.kind == WORKER_MARK) {
			assert_memory_equal(message.bytes, "mark", 4);
			worker_cancel(&worker);
		}
		if (message.kind == WORKER_RESULT)
			assert_memory_equal(message.bytes, "stopped", 7);
		if (message.kind == WORKER_ENDED)
			break;
	}
	assert_int_equal(worker.failure.code, 0);
	assert_int_equal(seen[WORKER_PROGRESS], 1);
	assert_int_equal(seen[WORKER_MARK], 1);
	assert_int_equal(seen[WORKER_RESULT], 1);
	worker_release(&worker);
}

static int mark_thrice(struct worker_channel *channel, void *argument, struct error *error)
{
	(void)argument;
	(void)error;
	for (int i = 0; i < 3; i++)
		worker_send_mark(channel, "mark", 4);
	return 0;
}

/* Everything the worker has to say within a quarter of a second. */
static int count_marks(struct worker *worker, bool acknowledge)
{
	int marks = 0;
	for (int i = 0; i < 25; i++) {
		struct worker_message message;
		worker_receive(worker, &message);
		if (message.kind == WORKER_MARK) {
			marks++;
			if (acknowledge)
				worker_acknowledge(worker);
		}
		(void)usleep(10000);
	}
	return marks;
}

static void a_job_is_never_ahead_of_its_record(void **state)
{
	(void)state;
	struct worker worker = WORKER_NONE;
	struct error error = {0};
	assert_int_equal(worker_start(&worker, &trusted, mark_thrice, NULL, &error), 0);
	assert_int_equal(count_marks(&worker, false), 1);
	worker_acknowledge(&worker);
	assert_int_equal(count_marks(&worker, true), 2);
	assert_int_equal(worker.process, -1);
	assert_int_equal(worker.failure.code, 0);
	worker_release(&worker);
	/* One that is asked to stop does not wait for it. */
	assert_int_equal(worker_start(&worker, &trusted, mark_thrice, NULL, &error), 0);
	assert_int_equal(count_marks(&worker, false), 1);
	worker_cancel(&worker);
	assert_int_equal(count_marks(&worker, false), 2);
	assert_int_equal(worker.process, -1);
	worker_release(&worker);
}

static int count_descriptors(struct worker_channel *channel, void *argument, struct error *error)
{
	(void)argument;
	(void)error;
	char list[256] = "";
	for (int i = 3; i < 200; i++)
		if (fcntl(i, F_GETFD) >= 0 && i != *(const int *)channel)
			(void)snprintf(list + strlen(list), sizeof list - strlen(list), "%d ", i);
	worker_send_result(channel, list, strlen(list) + 1);
	return 0;
}

static void a_worker_keeps_only_what_it_was_given(void **state)
{
	(void)state;
	CLEANUP_BUFFER struct buffer reply = BUFFER_EMPTY;
	struct error error = {0};
	char wanted[32];
	CLEANUP_CLOSE int given = open("/dev/null", O_RDONLY);
	CLEANUP_CLOSE int secret = open("/dev/null", O_RDONLY);
	const struct worker_options options = {.descriptors = &given, .descriptor_count = 1};
	assert_true(secret >= 0);
	(void)snprintf(wanted, sizeof wanted, "%d ", given);
	assert_int_equal(worker_call(&options, count_descriptors, NULL, 10000, &reply, &error), 0);
	assert_string_equal(reply.data, wanted);
}

/* ── The sandbox ── */

static const char readable[] = "/etc/hostname";

/* Tries everything that a parser of foreign bytes has no business with; answers with what succeeded. */
static int try_everything(struct worker_channel *channel, void *argument, struct error *error)
{
	struct buffer reached = BUFFER_EMPTY;
	const char *home = argument;
	(void)error;
	if (open("/etc/passwd", O_RDONLY) >= 0)
		buffer_append_text(&reached, "read ");
	if (open(home, O_RDWR | O_CREAT, 0600) >= 0)
		buffer_append_text(&reached, "write ");
	if (unlink(home) == 0 || mkdir("/tmp/kiyome-sandbox", 0700) == 0)
		buffer_append_text(&reached, "change ");
	if (socket(AF_INET, SOCK_STREAM, 0) >= 0 || socket(AF_UNIX, SOCK_STREAM, 0) >= 0)
		buffer_append_text(&reached, "network ");
	if (fork() >= 0)
		buffer_append_text(&reached, "fork ");
	if (kill(getppid(), 0) == 0)
		buffer_append_text(&reached, "signal ");
	if (execl("/bin/true", "true", (char *)NULL) == 0)
		buffer_append_text(&reached, "execute ");
	if (getuid() == 0 || geteuid() == 0)
		buffer_append_text(&reached, "root ");
	if (setuid(0) == 0)
		buffer_append_text(&reached, "setuid ");
	worker_send_result(channel, buffer_text(&reached), reached.length + 1);
	buffer_release(&reached);
	return 0;
}

static void a_parser_can_do_nothing_else(void **state)
{
	(void)state;
	struct error error = {0};
	char path[] = "/tmp/kiyome-test-XXXXXX";
	CLEANUP_CLOSE int file = mkstemp(path);
	static const char *const none[] = {NULL};
	static const char *const one[] = {readable, NULL};
	const struct worker_options closed = {.rights = WORKER_SANDBOXED, .readable_files = none};
	const struct worker_options open_one = {.rights = WORKER_SANDBOXED, .readable_files = one};
	CLEANUP_BUFFER struct buffer reply = BUFFER_EMPTY;
	assert_true(file >= 0);
	assert_int_equal(worker_call(&closed, try_everything, path, 10000, &reply, &error), 0);
	assert_string_equal(buffer_text(&reply), "");
	/* With one file to read, Landlock (where the kernel has it) still keeps all others shut. */
	buffer_clear(&reply);
	assert_int_equal(worker_call(&open_one, try_everything, path, 10000, &reply, &error), 0);
	if (strcmp(buffer_text(&reply), "read ") != 0)
		assert_string_equal(buffer_text(&reply), "");
	assert_int_equal(unlink(path), 0);
}

static int look_at_secret(struct worker_channel *channel, void *argument, struct error *error)
{
	(void)error;
	const struct secret *secret = argument;
	worker_send_result(channel, secret->bytes, 8);
	return 0;
}

static void a_secret_does_not_reach_a_child(void **state)
{
	(void)state;
	struct error error = {0};
	CLEANUP_SECRET struct secret secret = SECRET_EMPTY;
	CLEANUP_BUFFER struct buffer reply = BUFFER_EMPTY;
	assert_int_equal(secret_allocate(&secret, &error), 0);
	(void)strcpy(secret.bytes, "himitsu");
	assert_int_equal(worker_call(&trusted, look_at_secret, &secret, 10000, &reply, &error), 0);
	assert_memory_equal(reply.data, "\0\0\0\0\0\0\0\0", 8);
	assert_string_equal(secret.bytes, "himitsu");
}

static int look_at_key(struct worker_channel *channel, void *argument, struct error *error)
{
	(void)error;
	worker_send_result(channel, argument, 32);
	return 0;
}

static void a_private_key_does_not_reach_a_child(void **state)
{
	(void)state;
	struct error error = {0};
	static const unsigned char nothing[32];
	CLEANUP_BUFFER struct buffer reply = BUFFER_EMPTY;
	secret_harden_process();
	unsigned char *key = OPENSSL_secure_malloc(32);
	assert_int_equal(CRYPTO_secure_allocated(key), 1);
	memset(key, 0x5a, 32);
	assert_int_equal(worker_call(&trusted, look_at_key, key, 10000, &reply, &error), 0);
	assert_memory_equal(reply.data, nothing, 32);
	assert_int_equal(key[31], 0x5a);
	OPENSSL_secure_free(key);
}

static void a_worker_dies_with_its_parent(void **state)
{
	(void)state;
	int ends[2];
	assert_int_equal(pipe(ends), 0);
	pid_t middle = fork();
	if (middle == 0) {
		struct worker worker = WORKER_NONE;
		struct error error = {0};
		if (worker_start(&worker, &trusted, hang, NULL, &error) < 0)
			_exit(1);
		if (write(ends[1], &worker.process, sizeof worker.process) < 0)
			_exit(1);
		(void)raise(SIGKILL);
	}
	pid_t orphan = 0;
	assert_int_equal(read(ends[0], &orphan, sizeof orphan), sizeof orphan);
	int gone = 0;
	for (int i = 0; i < 500 && !gone; i++) {
		char path[64];
		char text[512] = "";
		(void)snprintf(path, sizeof path, "/proc/%d/stat", (int)orphan);
		CLEANUP_FILE FILE *stat = fopen(path, "r");
		gone = !stat || !fgets(text, sizeof text, stat) || strstr(text, ") Z ") != NULL;
		(void)usleep(10000);
	}
	assert_true(gone);
	close(ends[0]);
	close(ends[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_worker_answers),
	    cmocka_unit_test(its_error_arrives_whole),
	    cmocka_unit_test(a_crash_or_nonsense_is_an_error_not_an_answer),
	    cmocka_unit_test(one_that_hangs_is_left_behind),
	    cmocka_unit_test(progress_marks_and_cancel_go_both_ways),
	    cmocka_unit_test(a_job_is_never_ahead_of_its_record),
	    cmocka_unit_test(a_worker_keeps_only_what_it_was_given),
	    cmocka_unit_test(a_parser_can_do_nothing_else),
	    cmocka_unit_test(a_secret_does_not_reach_a_child),
	    cmocka_unit_test(a_private_key_does_not_reach_a_child),
	    cmocka_unit_test(a_worker_dies_with_its_parent),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
