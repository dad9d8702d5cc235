/* The job on files: every byte of every size by every method, told from the keys alone; and going on from any
 * mark. */
#include "src/base/cleanup.h"
#include "src/base/json.h"
#include "wipe/run.h"
#include "wipe/verdict.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

static const uint64_t sizes[] = {
    1, 511, 512, 513, 4095, 4096, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, (3 << 20) + 7};
static char directory[] = "/dev/shm/kiyome-run-XXXXXX";

/* ── A run ── */

struct run {
	struct wipe_plan plan;
	struct wipe_state state;
	struct block_device device;
	char path[128];
	struct wipe_tuning tuning;

	json_t *marks;         /* the state at each */
	unsigned cancel_after; /* questions; 0 = never */
	unsigned questions;
	size_t stop_at_mark;    /* stop once there are so many marks; 0 = never */
	int identity_status;    /* what check_identity says … */
	unsigned identity_good; /* … after so many times 0 */
	uint64_t last_run_done;
};

static void on_progress(void *context, const struct progress *progress)
{
	struct run *run = context;
	assert_in_range(progress->pass, 1, progress->passes);
	assert_true(progress->done_bytes <= progress->total_bytes || progress->total_bytes == 0);
	run->last_run_done = progress->run_done_bytes;
}

static void on_mark(void *context, const struct wipe_state *state)
{
	struct run *run = context;
	json_t *json = state_to_json(&run->plan, state);
	assert_non_null(json);
	json_array_append_new(run->marks, json);
}

static bool asked_to_stop(void *context)
{
	struct run *run = context;
	if (run->stop_at_mark && json_array_size(run->marks) >= run->stop_at_mark)
		return true;
	return run->cancel_after && ++run->questions >= run->cancel_after;
}

static int check_identity(void *context, struct error *error)
{
	struct run *run = context;
	if (run->identity_good == 0)
		return run->identity_status ? error_set(error, -run->identity_status, "another") : 0;
	run->identity_good--;
	return 0;
}

static const unsigned char old_bytes[] = "SECRET0123456789secret";

static void fill_file(const struct run *run)
{
	CLEANUP_FILE FILE *file = fopen(run->path, "w");
	assert_non_null(file);
	for (uint64_t at = 0; at < run->device.size_bytes; at++)
		putc_unlocked(old_bytes[at % sizeof old_bytes], file);
}

static void plan_run(struct run *run, const char *method_id, const char *verify, uint64_t size_bytes,
    enum transfer_engine engine)
{
	struct method method;
	struct error error = {0};
	*run = (struct run){.device = {.descriptor = -1, .size_bytes = size_bytes, .block_bytes = 512},
	    .tuning = {.engine = engine},
	    .marks = json_array()};
	(void)snprintf(run->path, sizeof run->path, "%s/medium", directory);
	assert_int_equal(method_find(method_id, "a5a5a5 010203", &method, &error), 0);
	assert_int_equal(plan_make(&method, verify, 1, size_bytes, 512, &run->plan, &error), 0);
	state_start(&run->plan, &run->state);
	fill_file(run);
}

static void open_medium(struct run *run, int flags)
{
	run->device.descriptor = open(run->path, O_RDWR | flags);
	assert_true(run->device.descriptor >= 0);
	run->device.direct = flags & O_DIRECT;
}

static int carry_out(struct run *run)
{
	const struct wipe_observer observer = {.context = run,
	    .progress = on_progress,
	    .mark = on_mark,
	    .is_cancelled = asked_to_stop,
	    .check_identity = check_identity};
	struct error error = {0};
	return wipe_run(&run->plan, &run->device, &observer, &run->tuning, &run->state, &error);
}

static void end_run(struct run *run)
{
	state_release(&run->state);
	json_decref(run->marks);
	if (run->device.descriptor >= 0)
		close(run->device.descriptor);
	(void)unlink(run->path);
}

/* ── What must be on the medium, from the plan's record and openssl alone ── */

static void make_expected(const struct run *run, unsigned char *out)
{
	uint64_t size = run->device.size_bytes;
	json_t *record = plan_to_json(&run->plan);
	const json_t *passes = json_object_get(record, "passes");
	const json_t *last = json_array_get(passes, json_array_size(passes) - 1);
	const char *pattern = json_string_value(json_object_get(last, "pattern"));
	if (strcmp(pattern, "random") == 0) {
		char command[256];
		(void)snprintf(command, sizeof command,
		    "head -c %llu /dev/zero | openssl enc -aes-256-ctr -K %s -iv "
		    "00000000000000000000000000000000",
		    (unsigned long long)size, json_string_value(json_object_get(last, "key")));
		FILE *stream = popen(command, "r");
		assert_non_null(stream);
		assert_int_equal(fread(out, 1, size, stream), size);
		assert_int_equal(pclose(stream), 0);
	} else {
		unsigned bytes[PATTERN_MAXIMUM_BYTES];
		size_t length = strlen(pattern) / 2;
		for (size_t i = 0; i < length; i++)
			sscanf(pattern + 2 * i, "%2x", &bytes[i]);
		for (uint64_t at = 0; at < size; at++)
			out[at] = (unsigned char)bytes[at % length];
	}
	json_decref(record);
}

static void assert_last_pass_on_medium(const struct run *run)
{
	uint64_t size = run->device.size_bytes;
	CLEANUP_FREE unsigned char *expected = malloc(size);
	CLEANUP_FREE unsigned char *found = malloc(size + 1);
	CLEANUP_FILE FILE *file = fopen(run->path, "r");
	make_expected(run, expected);
	assert_non_null(file);
	assert_int_equal(fread(found, 1, size + 1, file), size); /* and it did not grow */
	for (uint64_t at = 0; at < size; at++)
		if (found[at] != expected[at])
			fail_msg("%s, %llu bytes: byte %llu is %02x, not %02x", run->plan.method_id,
			    (unsigned long long)size, (unsigned long long)at, found[at], expected[at]);
}

static void assert_erased(const struct run *run)
{
	struct step steps[STEPS_MAXIMUM];
	assert_int_equal(run->state.stop, STOP_NONE);
	assert_int_equal(run->state.step, plan_steps(&run->plan, steps));
	assert_int_equal(run->state.exceptions.count, 0);
	for (uint32_t i = 0; i < run->plan.pass_count; i++) {
		assert_int_equal(run->state.passes[i].bytes_written, run->device.size_bytes);
		assert_int_equal(run->state.passes[i].errors, 0);
		assert_true(run->state.passes[i].started[0] && run->state.passes[i].finished[0]);
	}
	struct verdict verdict = verdict_of(&run->plan, &run->state);
	assert_int_equal(verdict.result, RESULT_ERASED);
	assert_int_equal(verdict.level, LEVEL_CLEAR);
	verdict_release(&verdict);
	assert_last_pass_on_medium(run);
}

static void erase(
    const char *method, const char *verify, uint64_t size, enum transfer_engine engine, int flags)
{
	struct run run;
	plan_run(&run, method, verify, size, engine);
	open_medium(&run, flags);
	assert_int_equal(carry_out(&run), 0);
	assert_erased(&run);
	end_run(&run);
}

/* ── Every byte ── */

static void every_method_leaves_its_last_pass_on_every_byte(void **state)
{
	(void)state;
	for (size_t i = 0; i <= method_count(); i++) {
		struct method method = {.id = "custom"};
		if (i < method_count())
			method_at(i, &method);
		erase(method.id, "all", (3 << 20) + 7, TRANSFER_URING, 0);
		erase(method.id, "last", 4 << 20, TRANSFER_THREADS, O_DIRECT);
	}
}

static void every_size_is_erased_to_its_last_byte(void **state)
{
	static const char *const methods[] = {"zero", "nist-clear", "dod-3", "custom", "ncsc-tg-025"};
	(void)state;
	for (size_t i = 0; i < LENGTH_OF(sizes) * LENGTH_OF(methods); i++) {
		uint64_t size = sizes[i / LENGTH_OF(methods)];
		const char *method = methods[i % LENGTH_OF(methods)];
		for (int engine = TRANSFER_URING; engine <= TRANSFER_THREADS; engine++) {
			erase(method, "all", size, (enum transfer_engine)engine, 0);
			erase(method, "all", size, (enum transfer_engine)engine, O_DIRECT);
			erase(method, "sample:10%", size, (enum transfer_engine)engine, O_DIRECT);
		}
	}
}

static void a_larger_medium_is_erased_by_both_engines(void **state)
{
	(void)state;
	for (int engine = TRANSFER_AUTOMATIC; engine <= TRANSFER_THREADS; engine++) {
		erase("dod-3", "last", 24 << 20, (enum transfer_engine)engine, O_DIRECT);
		erase("vsitr", "sample:5%", 24 << 20, (enum transfer_engine)engine, 0);
		erase("navso-rll", "all", (24 << 20) + 513, (enum transfer_engine)engine, 0);
	}
}

static void small_chunks_and_a_shallow_queue_change_nothing(void **state)
{
	(void)state;
	for (unsigned depth = 1; depth <= 3; depth++) {
		for (int engine = TRANSFER_URING; engine <= TRANSFER_THREADS; engine++) {
			struct run run;
			plan_run(&run, "custom", "all", (3 << 20) + 7, (enum transfer_engine)engine);
			run.tuning.depth = depth;
			run.tuning.chunk_bytes = (size_t)BLOCK_IO_ALIGNMENT * PATTERN_MAXIMUM_BYTES;
			open_medium(&run, O_DIRECT);
			assert_int_equal(carry_out(&run), 0);
			assert_erased(&run);
			end_run(&run);
		}
	}
}

/* The longest pattern in the largest blocks: no chunk holds a whole number of both. */
static void a_pattern_that_fits_no_chunk_is_written_all_the_same(void **state)
{
	struct run run;
	struct method method;
	struct error error = {0};
	char digits[2 * 63 + 1];
	(void)state;
	for (int i = 0; i < 63; i++)
		(void)sprintf(digits + 2 * i, "%02x", i * 3 + 1);
	plan_run(&run, "zero", "all", 4 << 20, TRANSFER_URING);
	assert_int_equal(method_find("custom", digits, &method, &error), 0);
	assert_int_equal(plan_make(&method, "all", 1, 4 << 20, 65536, &run.plan, &error), 0);
	run.device.block_bytes = 65536;
	state_start(&run.plan, &run.state);
	open_medium(&run, O_DIRECT);
	run.cancel_after = 100000; /* if it never comes to an end, it fails instead */
	assert_int_equal(carry_out(&run), 0);
	assert_erased(&run);
	end_run(&run);
}

static void without_verification_it_is_written_and_not_called_erased(void **state)
{
	struct run run;
	(void)state;
	plan_run(&run, "zero", "none", 3 << 20, TRANSFER_AUTOMATIC);
	open_medium(&run, 0);
	assert_int_equal(carry_out(&run), 0);
	assert_last_pass_on_medium(&run);
	assert_int_equal(run.state.read_bytes, 0);
	struct verdict verdict = verdict_of(&run.plan, &run.state);
	assert_int_equal(verdict.result, RESULT_UNVERIFIED);
	assert_int_equal(verdict.level, LEVEL_NONE);
	verdict_release(&verdict);
	end_run(&run);
}

/* ── A change behind the job's back is seen ── */

static bool damage_then_stop(void *context)
{
	struct run *run = context;
	/* The first question of the read-back: everything is written. */
	if (run->state.step == 1 && !run->questions++) {
		unsigned char byte;
		int other = open(run->path, O_RDWR);
		assert_int_equal(pread(other, &byte, 1, run->cancel_after), 1);
		byte ^= 0x10;
		assert_int_equal(pwrite(other, &byte, 1, run->cancel_after), 1);
		close(other);
	}
	return false;
}

static void one_changed_bit_anywhere_is_a_mismatch_of_that_block(void **state)
{
	const unsigned places[] = {0, 511, 512, 1 << 20, (2 << 20) - 1, (3 << 20) + 6};
	(void)state;
	for (size_t i = 0; i < LENGTH_OF(places); i++) {
		struct run run;
		plan_run(&run, "nist-clear", "last", (3 << 20) + 7, TRANSFER_URING);
		open_medium(&run, 0);
		run.cancel_after = places[i];
		const struct wipe_observer observer = {.context = &run,
		    .progress = on_progress,
		    .mark = on_mark,
		    .is_cancelled = damage_then_stop,
		    .check_identity = check_identity};
		struct error error = {0};
		assert_int_equal(
		    wipe_run(&run.plan, &run.device, &observer, &run.tuning, &run.state, &error), 0);
		assert_int_equal(run.state.mismatched_blocks, 1);
		assert_int_equal(run.state.aliased_blocks, 0);
		assert_int_equal(run.state.exceptions.count, 1);
		assert_int_equal(run.state.exceptions.items[0].what, RANGE_MISMATCH);
		assert_int_equal(run.state.exceptions.items[0].offset_bytes, places[i] / 512 * 512);
		struct verdict verdict = verdict_of(&run.plan, &run.state);
		assert_int_equal(verdict.result, RESULT_NOT_ERASED);
		verdict_release(&verdict);
		end_run(&run);
	}
}

/* ── Going on ── */

/* A new process with nothing but the record of a mark, on the medium as it is or one that lost all behind the
 * mark. */
static void resume_from(struct run *run, const json_t *mark)
{
	struct error error = {0};
	CLEANUP_BUFFER struct buffer text = BUFFER_EMPTY;
	json_t *json = NULL;
	assert_int_equal(json_write_canonical(mark, &text, &error), 0);
	assert_int_equal(json_parse_strict(text.data, text.length, "the mark", &json, &error), 0);
	state_release(&run->state);
	assert_int_equal(state_from_json(json, &run->plan, &run->state, &error), 0);
	json_decref(json);
	run->cancel_after = run->questions = 0;
	run->stop_at_mark = 0;
	assert_int_equal(carry_out(run), 0);
	assert_erased(run);
}

/* Puts back what the medium held before everything that a mark does not promise: the worst power loss. */
static void lose_all_behind(const struct run *run, const json_t *mark)
{
	const json_t *position = json_object_get(mark, "position");
	const char *phase = json_string_value(json_object_get(position, "phase"));
	uint64_t kept = strcmp(phase, "write") == 0 ? json_count(position, "offset_bytes", 0) : UINT64_MAX;
	CLEANUP_FILE FILE *file = fopen(run->path, "r+");
	assert_non_null(file);
	for (uint64_t at = kept; at < run->device.size_bytes; at++) {
		if (at == kept)
			(void)fseeko(file, (off_t)at, SEEK_SET);
		putc_unlocked(old_bytes[at % sizeof old_bytes], file);
	}
}

/* Whether the run came so far as to be stopped at its mark number stop_at_mark. */
static bool stop_at_mark_and_go_on(const char *method, const char *verify, size_t stop_at_mark)
{
	struct run run;
	plan_run(&run, method, verify, (3 << 20) + 7, TRANSFER_URING);
	open_medium(&run, 0);
	run.stop_at_mark = stop_at_mark;
	assert_int_equal(carry_out(&run), 0);
	bool stopped = run.state.stop == STOP_SIGNAL;
	json_t *mark = json_incref(json_array_get(run.marks, stop_at_mark - 1));
	if (stopped) {
		lose_all_behind(&run, mark);
		resume_from(&run, mark);
	}
	json_decref(mark);
	end_run(&run);
	return stopped;
}

static void a_run_goes_on_from_every_mark(void **state)
{
	static const char *const methods[] = {"dod-3", "zero", "ncsc-tg-025", "custom"};
	static const char *const ways[] = {"last", "all", "sample:20%"};
	(void)state;
	for (size_t i = 0; i < LENGTH_OF(methods) * LENGTH_OF(ways); i++) {
		size_t mark = 1;
		while (stop_at_mark_and_go_on(methods[i / LENGTH_OF(ways)], ways[i % LENGTH_OF(ways)], mark))
			mark++;
		assert_true(mark > 2);
	}
}

static void a_run_stops_at_any_transfer_and_goes_on(void **state)
{
	static const char *const methods[] = {"dod-3", "zero"};
	(void)state;
	for (size_t i = 0; i < 2 * LENGTH_OF(methods); i++) {
		bool stopped = true;
		for (unsigned after = 1; stopped; after++) {
			struct run run;
			plan_run(&run, methods[i / 2], "all", (5 << 20) + 7,
			    i % 2 ? TRANSFER_THREADS : TRANSFER_URING);
			run.tuning.chunk_bytes = 512 * 1024;
			run.cancel_after = after;
			open_medium(&run, i % 2 ? O_DIRECT : 0);
			assert_int_equal(carry_out(&run), 0);
			stopped = run.state.stop != STOP_NONE;
			if (stopped) {
				struct verdict verdict = verdict_of(&run.plan, &run.state);
				assert_int_equal(run.state.stop, STOP_SIGNAL);
				assert_int_equal(verdict.result, RESULT_INTERRUPTED);
				verdict_release(&verdict);
				size_t marks = json_array_size(run.marks);
				json_t *mark = json_incref(json_array_get(run.marks, marks ? marks - 1 : 0));
				if (mark) {
					lose_all_behind(&run, mark);
					resume_from(&run, mark);
				}
				json_decref(mark);
			} else {
				assert_erased(&run);
				assert_true(after > 20);
			}
			end_run(&run);
		}
	}
}

/* ── Another medium under the same descriptor ── */

static void a_medium_that_is_another_one_is_not_written_on(void **state)
{
	static const struct {
		int status;
		enum wipe_stop stop;
	} cases[] = {{-ESTALE, STOP_IDENTITY_CHANGED}, {-EIO, STOP_MEDIUM_GONE}};
	(void)state;
	for (size_t i = 0; i < LENGTH_OF(cases); i++) {
		struct run run;
		unsigned char found[sizeof old_bytes];
		plan_run(&run, "dod-3", "last", 1 << 20, TRANSFER_URING);
		open_medium(&run, 0);
		run.identity_status = cases[i].status;
		assert_int_equal(carry_out(&run), 0);
		assert_int_equal(run.state.stop, cases[i].stop);
		assert_int_equal(run.state.passes[0].bytes_written, 0);
		assert_int_equal(pread(run.device.descriptor, found, sizeof found, 0), sizeof found);
		assert_memory_equal(found, old_bytes, sizeof found);
		end_run(&run);
		/* It became another one before the second pass. */
		plan_run(&run, "dod-3", "last", 1 << 20, TRANSFER_URING);
		open_medium(&run, 0);
		run.identity_status = cases[i].status;
		run.identity_good = 1;
		assert_int_equal(carry_out(&run), 0);
		assert_int_equal(run.state.stop, cases[i].stop);
		assert_int_equal(run.state.passes[0].bytes_written, 1 << 20);
		assert_int_equal(run.state.passes[1].bytes_written, 0);
		end_run(&run);
	}
}

static int make_directory(void **state)
{
	(void)state;
	return mkdtemp(directory) ? 0 : -1;
}

static int remove_directory(void **state)
{
	char path[128];
	(void)state;
	(void)snprintf(path, sizeof path, "%s/medium", directory);
	(void)unlink(path);
	return rmdir(directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_method_leaves_its_last_pass_on_every_byte),
	    cmocka_unit_test(every_size_is_erased_to_its_last_byte),
	    cmocka_unit_test(a_larger_medium_is_erased_by_both_engines),
	    cmocka_unit_test(small_chunks_and_a_shallow_queue_change_nothing),
	    cmocka_unit_test(a_pattern_that_fits_no_chunk_is_written_all_the_same),
	    cmocka_unit_test(without_verification_it_is_written_and_not_called_erased),
	    cmocka_unit_test(one_changed_bit_anywhere_is_a_mismatch_of_that_block),
	    cmocka_unit_test(a_run_goes_on_from_every_mark),
	    cmocka_unit_test(a_run_stops_at_any_transfer_and_goes_on),
	    cmocka_unit_test(a_medium_that_is_another_one_is_not_written_on),
	};
	return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
