/* The register when the disk fails, the disk is full, several processes append, or the process is killed: it
 * opens again, verifies, and has everything that an append said was recorded. */
#include "tests/unit/register_fixture.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

/* ── A file system for SQLite, of which one call fails ── */

enum fault {
	FAULT_NONE,
	FAULT_OPEN,
	FAULT_WRITE,
	FAULT_SYNC,
	FAULT_READ,
	FAULT_TRUNCATE,
	FAULT_DELETE,
	FAULT_SHARE
};

static struct {
	enum fault kind;
	unsigned countdown;
	unsigned fired;
	bool stays; /* all later calls of the kind fail too: a disk that is gone */
	int result;
} fault;

struct faulty_file {
	sqlite3_file base;
	sqlite3_file *real; /* behind this struct */
};

static sqlite3_vfs *real_vfs;

static bool fails(enum fault kind)
{
	if (fault.kind != kind)
		return false;
	if (fault.countdown > 0 && --fault.countdown > 0)
		return false;
	if (fault.fired > 0 && !fault.stays)
		return false;
	fault.fired++;
	return true;
}

static void arm(enum fault kind, unsigned nth, bool stays, int result)
{
	fault.kind = kind;
	fault.countdown = nth;
	fault.fired = 0;
	fault.stays = stays;
	fault.result = result;
}

static bool disarm(void)
{
	fault.kind = FAULT_NONE;
	return fault.fired > 0;
}

static sqlite3_file *real_of(sqlite3_file *file)
{
	return ((struct faulty_file *)(void *)file)->real;
}

#define REAL(file, method, ...) real_of(file)->pMethods->method(real_of(file), ##__VA_ARGS__)

static int file_close(sqlite3_file *file)
{
	return REAL(file, xClose);
}

static int file_get(sqlite3_file *file, void *bytes, int amount, sqlite3_int64 offset)
{
	return fails(FAULT_READ) ? SQLITE_IOERR_READ : REAL(file, xRead, bytes, amount, offset);
}

/* The first half of what should be written arrives. */
static int file_put(sqlite3_file *file, const void *bytes, int amount, sqlite3_int64 offset)
{
	if (!fails(FAULT_WRITE))
		return REAL(file, xWrite, bytes, amount, offset);
	(void)REAL(file, xWrite, bytes, amount / 2, offset);
	return fault.result;
}

static int file_truncate(sqlite3_file *file, sqlite3_int64 size)
{
	return fails(FAULT_TRUNCATE) ? SQLITE_IOERR_TRUNCATE : REAL(file, xTruncate, size);
}

static int file_sync(sqlite3_file *file, int flags)
{
	return fails(FAULT_SYNC) ? SQLITE_IOERR_FSYNC : REAL(file, xSync, flags);
}

static int file_size(sqlite3_file *file, sqlite3_int64 *size)
{
	return REAL(file, xFileSize, size);
}

static int file_lock(sqlite3_file *file, int level)
{
	return REAL(file, xLock, level);
}

static int file_unlock(sqlite3_file *file, int level)
{
	return REAL(file, xUnlock, level);
}

static int file_reserved(sqlite3_file *file, int *reserved)
{
	return REAL(file, xCheckReservedLock, reserved);
}

static int file_control(sqlite3_file *file, int operation, void *argument)
{
	return REAL(file, xFileControl, operation, argument);
}

static int file_sector(sqlite3_file *file)
{
	return REAL(file, xSectorSize);
}

static int file_traits(sqlite3_file *file)
{
	return REAL(file, xDeviceCharacteristics);
}

static int file_share(sqlite3_file *file, int page, int size, int extend, void volatile **memory)
{
	return fails(FAULT_SHARE) ? SQLITE_IOERR_SHMMAP : REAL(file, xShmMap, page, size, extend, memory);
}

static int file_share_lock(sqlite3_file *file, int offset, int count, int flags)
{
	return REAL(file, xShmLock, offset, count, flags);
}

static void file_barrier(sqlite3_file *file)
{
	REAL(file, xShmBarrier);
}

static int file_unshare(sqlite3_file *file, int remove)
{
	return REAL(file, xShmUnmap, remove);
}

static const sqlite3_io_methods faulty_methods = {2, file_close, file_get, file_put, file_truncate, file_sync,
    file_size, file_lock, file_unlock, file_reserved, file_control, file_sector, file_traits, file_share,
    file_share_lock, file_barrier, file_unshare, NULL, NULL};

static int faulty_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *flags_out)
{
	struct faulty_file *faulty = (void *)file;
	(void)vfs;
	faulty->base.pMethods = NULL;
	faulty->real = (sqlite3_file *)(void *)(faulty + 1);
	if (fails(FAULT_OPEN))
		return SQLITE_CANTOPEN;
	int result = real_vfs->xOpen(real_vfs, name, faulty->real, flags, flags_out);
	if (result == SQLITE_OK)
		faulty->base.pMethods = &faulty_methods;
	return result;
}

static int faulty_delete(sqlite3_vfs *vfs, const char *name, int sync_directory)
{
	(void)vfs;
	return fails(FAULT_DELETE) ? SQLITE_IOERR_DELETE : real_vfs->xDelete(real_vfs, name, sync_directory);
}

static int install_faulty_vfs(void **state)
{
	static sqlite3_vfs vfs;
	(void)state;
	real_vfs = sqlite3_vfs_find(NULL);
	vfs = *real_vfs;
	vfs.zName = "faulty";
	vfs.szOsFile = (int)sizeof(struct faulty_file) + real_vfs->szOsFile;
	vfs.xOpen = faulty_open;
	vfs.xDelete = faulty_delete;
	return sqlite3_vfs_register(&vfs, 1);
}

/* ── Disk faults ── */

static const struct {
	const char *name;
	enum fault kind;
	bool stays;
	int result;
} faults[] = {
    {"open", FAULT_OPEN, false, 0},
    {"open, from then on", FAULT_OPEN, true, 0},
    {"write", FAULT_WRITE, false, SQLITE_IOERR_WRITE},
    {"write, full", FAULT_WRITE, true, SQLITE_FULL},
    {"sync", FAULT_SYNC, false, 0},
    {"sync, from then on", FAULT_SYNC, true, 0},
    {"read", FAULT_READ, false, 0},
    {"truncate", FAULT_TRUNCATE, false, 0},
    {"delete", FAULT_DELETE, false, 0},
    {"share", FAULT_SHARE, false, 0},
};

/* Opens, appends, appends again after a failure, closes, with the nth call failing. Returns how many appends
 * said that they were recorded. */
static unsigned append_with_fault(const char *home, size_t which, unsigned nth, bool *fired)
{
	CLEANUP(register_close) struct reg *reg = NULL;
	struct error why = {0};
	unsigned recorded = 0;
	arm(faults[which].kind, nth, faults[which].stays, faults[which].result);
	if (register_open(home, REGISTER_APPEND, &reg, &why) == 0) {
		for (unsigned i = 0; i < 2; i++) {
			json_t *body = json_pack("{s:i}", "nth", nth);
			int status = register_append(reg, "wipe.planned", &person, "x", body, NULL, &why);
			json_decref(body);
			recorded += status == 0;
			assert_true(status == 0 || why.sentence[0]);
		}
	}
	register_close(&reg);
	*fired = disarm();
	return recorded;
}

static uint64_t count_sound(const char *home)
{
	struct register_report report = verify_home(home);
	uint64_t entries = report.entries;
	assert_int_equal(json_array_size(report.findings), 0);
	register_report_release(&report);
	return entries;
}

static void any_one_fault_loses_nothing(void **state)
{
	(void)state;
	CLEANUP(cleanup_home) char *filled = make_filled_home();
	for (size_t which = 0; which < LENGTH_OF(faults); which++) {
		bool fired = true;
		unsigned nth = 0;
		while (fired) {
			CLEANUP(cleanup_home) char *home = copy_home(filled);
			nth++;
			unsigned recorded = append_with_fault(home, which, nth, &fired);
			assert_true(fired || recorded == 2);
			uint64_t entries = count_sound(home);
			/* What a failed sync leaves is the kernel's affair: the entry is whole or not there.
			 */
			assert_in_range(
			    entries, 5 + recorded, 5 + (faults[which].kind == FAULT_SYNC ? 2 : recorded));
			/* And it goes on from there. */
			struct reg *reg = open_home(home, REGISTER_APPEND);
			assert_int_equal(append_body(reg, "wipe.planned", "y", json_object()), 0);
			register_close(&reg);
			assert_sound(home, entries + 1);
		}
		if (faults[which].kind != FAULT_TRUNCATE && nth < 2)
			fail_msg("no call was made to fail: %s", faults[which].name);
	}
}

/* Killed in the very state that the fault left: what is on the disk is all there is. */
static void a_fault_and_then_death_loses_nothing(void **state)
{
	(void)state;
	CLEANUP(cleanup_home) char *filled = make_filled_home();
	for (unsigned nth = 1; nth < 60; nth++)
		for (size_t which = 2; which < 6; which++) {
			CLEANUP(cleanup_home) char *home = copy_home(filled);
			pid_t child = fork();
			if (child == 0) {
				struct reg *reg = NULL;
				struct error why = {0};
				unsigned recorded = 0;
				arm(faults[which].kind, nth, faults[which].stays, faults[which].result);
				if (register_open(home, REGISTER_APPEND, &reg, &why) == 0)
					for (unsigned i = 0; i < 4; i++)
						recorded +=
						    append_body(reg, "wipe.planned", "x", json_object()) == 0;
				_exit((int)recorded);
			}
			int status = 0;
			assert_int_equal(waitpid(child, &status, 0), child);
			assert_true(WIFEXITED(status));
			struct register_report report = verify_home(home);
			assert_int_equal(json_array_size(report.findings), 0);
			/* An append whose last sync failed may be there although it was said to have failed.
			 */
			assert_in_range(report.entries, 5 + WEXITSTATUS(status), 9);
			register_report_release(&report);
		}
}

static void a_register_that_could_not_be_made_can_be_made_again(void **state)
{
	(void)state;
	for (size_t which = 0; which < LENGTH_OF(faults); which++) {
		bool fired = true;
		for (unsigned nth = 1; fired; nth++) {
			CLEANUP(cleanup_home) char *home = make_home();
			struct error why = {0};
			arm(faults[which].kind, nth, faults[which].stays, faults[which].result);
			int status = register_create(home, ORIGIN, &why);
			fired = disarm();
			assert_true(status == 0 || why.sentence[0]);
			assert_int_equal(register_create(home, ORIGIN, &why), status == 0 ? -EEXIST : 0);
			assert_sound(home, 1);
		}
	}
}

/* Between the key and the last rename. */
static void a_register_that_was_never_published_is_made_again(void **state)
{
	(void)state;
	CLEANUP(cleanup_home) char *home = make_filled_home();
	CLEANUP_FREE char *path = file_join(home, "register.db");
	CLEANUP_FREE char *beside = file_join(home, "register.db.new");
	assert_int_equal(rename(path, beside), 0);
	arm(FAULT_OPEN, 1, true, 0);
	assert_int_not_equal(register_create(home, ORIGIN, &error), 0);
	assert_true(disarm());
	assert_int_equal(register_create(home, "other.example", &error), 0);
	assert_false(file_exists(beside));
	assert_sound(home, 1);
}

/* ── Limits ── */

static void a_full_disk_leaves_what_was_there(void **state)
{
	(void)state;
	CLEANUP(cleanup_home) char *home = make_filled_home();
	int report[2];
	assert_int_equal(pipe(report), 0);
	pid_t child = fork();
	if (child == 0) {
		const struct rlimit limit = {100000, 100000};
		struct reg *reg = NULL;
		uint64_t recorded = 0;
		(void)signal(SIGXFSZ, SIG_IGN);
		if (setrlimit(RLIMIT_FSIZE, &limit) < 0 ||
		    register_open(home, REGISTER_APPEND, &reg, &error) < 0)
			_exit(1);
		for (unsigned failed = 0; failed < 3; recorded++)
			if (append_body(reg, "wipe.planned", "x", json_object()) < 0) {
				recorded--;
				failed++;
			}
		_exit(write(report[1], &recorded, sizeof recorded) == sizeof recorded ? 0 : 1);
	}
	int status = 0;
	uint64_t recorded = 0;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_int_equal(read(report[0], &recorded, sizeof recorded), sizeof recorded);
	(void)close(report[0]);
	(void)close(report[1]);
	assert_in_range(recorded, 1, 10000);
	assert_sound(home, 5 + recorded);
}

/* ── Several processes ── */

static void two_processes_append_in_turn(void **state)
{
	(void)state;
	enum { EACH = 150 };
	CLEANUP(cleanup_home) char *home = make_filled_home();
	pid_t children[2];
	for (size_t i = 0; i < LENGTH_OF(children); i++) {
		children[i] = fork();
		if (children[i] != 0)
			continue;
		struct reg *reg = NULL;
		int status = register_open(home, REGISTER_APPEND, &reg, &error);
		for (unsigned k = 0; status == 0 && k < EACH; k++)
			status = append_body(reg, "wipe.planned", i ? "one" : "other", json_object());
		register_close(&reg);
		_exit(status == 0 ? 0 : 1);
	}
	for (size_t i = 0; i < LENGTH_OF(children); i++) {
		int status = 0;
		assert_int_equal(waitpid(children[i], &status, 0), children[i]);
		assert_int_equal(status, 0);
	}
	assert_sound(home, 5 + 2 * EACH);
}

static void a_reader_sees_a_whole_register_while_another_appends(void **state)
{
	(void)state;
	CLEANUP(cleanup_home) char *home = make_filled_home();
	pid_t child = fork();
	if (child == 0) {
		struct reg *reg = NULL;
		int status = register_open(home, REGISTER_APPEND, &reg, &error);
		for (unsigned k = 0; status == 0 && k < 400; k++)
			status = append_body(reg, "wipe.planned", "x", json_object());
		register_close(&reg);
		_exit(status == 0 ? 0 : 1);
	}
	int status = 0;
	uint64_t last = 0;
	while (waitpid(child, &status, WNOHANG) == 0) {
		uint64_t entries = count_sound(home);
		assert_true(entries >= last);
		last = entries;
	}
	assert_int_equal(status, 0);
	assert_sound(home, 405);
}

/* ── Death ── */

static void wait_random(unsigned most_microseconds)
{
	struct timespec time = {0, rand() % (int)most_microseconds * 1000L};
	(void)nanosleep(&time, NULL);
}

/* Appends until it is killed; each recorded seq goes down the pipe. */
static void append_for_ever(const char *home, int pipe_end)
{
	struct reg *reg = NULL;
	if (register_open(home, REGISTER_APPEND, &reg, &error) < 0)
		_exit(1);
	for (;;) {
		CLEANUP(register_entry_release) struct register_entry entry = {0};
		json_t *body =
		    json_pack("{s:s}", "text", "some length, so that pages fill and the log wraps");
		if (register_append(reg, "wipe.planned", &person, "x", body, &entry, &error) < 0 ||
		    write(pipe_end, &entry.seq, sizeof entry.seq) != sizeof entry.seq)
			_exit(1);
		json_decref(body);
	}
}

static void killed_at_any_moment_it_loses_nothing(void **state)
{
	(void)state;
	CLEANUP(cleanup_home) char *home = make_filled_home();
	uint64_t entries = 5;
	srand((unsigned)time(NULL));
	for (unsigned round = 0; round < 60; round++) {
		int ends[2];
		uint64_t seq;
		uint64_t last = entries - 1;
		assert_int_equal(pipe(ends), 0);
		pid_t child = fork();
		if (child == 0)
			append_for_ever(home, ends[1]);
		(void)close(ends[1]);
		if (round % 4) /* else it may die while it opens */
			assert_int_equal(read(ends[0], &last, sizeof last), sizeof last);
		wait_random(8000);
		int status = 0;
		assert_int_equal(kill(child, SIGKILL), 0);
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFSIGNALED(status));
		while (read(ends[0], &seq, sizeof seq) == sizeof seq) {
			assert_int_equal(seq, last + 1);
			last = seq;
		}
		(void)close(ends[0]);
		entries = count_sound(home);
		/* One more than was told may have been recorded. */
		assert_in_range(entries, last + 1, last + 2);
	}
	assert_true(entries > 60);
}

static void killed_while_it_is_made_it_is_whole_or_not_there(void **state)
{
	(void)state;
	unsigned made = 0;
	for (unsigned round = 0; round < 60; round++) {
		CLEANUP(cleanup_home) char *home = make_home();
		CLEANUP_FREE char *path = file_join(home, "register.db");
		pid_t child = fork();
		if (child == 0) {
			(void)register_create(home, ORIGIN, &error);
			(void)pause();
			_exit(0);
		}
		wait_random(5000);
		assert_int_equal(kill(child, SIGKILL), 0);
		assert_int_equal(waitpid(child, NULL, 0), child);
		bool whole = file_exists(path);
		made += whole;
		assert_int_equal(register_create(home, ORIGIN, &error), whole ? -EEXIST : 0);
		assert_sound(home, 1);
	}
	assert_true(made < 60);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(any_one_fault_loses_nothing),
	    cmocka_unit_test(a_fault_and_then_death_loses_nothing),
	    cmocka_unit_test(a_register_that_could_not_be_made_can_be_made_again),
	    cmocka_unit_test(a_register_that_was_never_published_is_made_again),
	    cmocka_unit_test(a_full_disk_leaves_what_was_there),
	    cmocka_unit_test(two_processes_append_in_turn),
	    cmocka_unit_test(a_reader_sees_a_whole_register_while_another_appends),
	    cmocka_unit_test(killed_at_any_moment_it_loses_nothing),
	    cmocka_unit_test(killed_while_it_is_made_it_is_whole_or_not_there),
	};
	return cmocka_run_group_tests(tests, install_faulty_vfs, NULL);
}
