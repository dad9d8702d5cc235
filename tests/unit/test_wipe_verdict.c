/* No combination of what a run measured is called erased but the one where all was written and all was read
 * equal. */
#include "src/base/cleanup.h"
#include "wipe/verdict.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { SIZE = 24 << 20, PASSES = 3 };

/* Everything that may have gone wrong, one bit each. */
enum flaw {
	STOPPED = 1 << 0,
	NOT_ALL_STEPS = 1 << 1,
	PASS_ERRORS = 1 << 2,
	WROTE_LESS = 1 << 3,
	WROTE_NOTHING = 1 << 4,
	WRITE_ERROR = 1 << 5,
	READ_ERROR = 1 << 6,
	READ_LESS = 1 << 7,
	MISMATCHED = 1 << 8,
	ALIASED = 1 << 9,
	OMITTED = 1 << 10,
	FLAWS = 1 << 11,
};

static const char *const ways[] = {"none", "last", "all", "sample:10%"};
static const enum wipe_stop stops[] = {STOP_SIGNAL, STOP_MEDIUM_GONE, STOP_IDENTITY_CHANGED, STOP_CRASHED};

static struct wipe_plan plan_of(const char *method_id, const char *verify)
{
	struct wipe_plan plan;
	struct method method;
	struct error error = {0};
	assert_int_equal(method_find(method_id, NULL, &method, &error), 0);
	assert_int_equal(plan_make(&method, verify, 1, SIZE, 512, &plan, &error), 0);
	return plan;
}

/* What a run without a flaw has measured. */
static void measure_all(const struct wipe_plan *plan, struct wipe_state *state)
{
	struct step steps[STEPS_MAXIMUM];
	state_start(plan, state);
	state->step = plan_steps(plan, steps);
	for (uint32_t i = 0; i < plan->pass_count; i++)
		state->passes[i].bytes_written = plan->size_bytes;
	state->read_bytes = plan->verify == VERIFY_NONE  ? 0
			    : plan->verify == VERIFY_ALL ? plan->pass_count * plan->size_bytes
							 : plan->size_bytes;
}

/* An aliased block is a mismatched one. */
static void apply(unsigned flaws, enum wipe_stop stop, uint32_t pass, struct wipe_state *state)
{
	if (flaws & STOPPED)
		state->stop = stop;
	if (flaws & NOT_ALL_STEPS)
		state->step--;
	if (flaws & PASS_ERRORS)
		state->passes[pass].errors = 1;
	if (flaws & WROTE_LESS)
		state->passes[pass].bytes_written -= 512;
	if (flaws & WROTE_NOTHING)
		state->passes[pass].bytes_written = 0;
	if (flaws & WRITE_ERROR)
		ranges_add(&state->exceptions, 4096, 512, RANGE_WRITE_ERROR);
	if (flaws & READ_ERROR)
		ranges_add(&state->exceptions, 8192, 512, RANGE_READ_ERROR);
	if (flaws & READ_LESS)
		state->read_bytes = 0;
	if (flaws & (MISMATCHED | ALIASED)) {
		state->mismatched_blocks = 1;
		ranges_add(&state->exceptions, 16384, 512, RANGE_MISMATCH);
	}
	if (flaws & ALIASED)
		state->aliased_blocks = 1;
	if (flaws & OMITTED)
		state->exceptions.omitted = 1;
}

static bool has_reason(const struct verdict *verdict, const char *word)
{
	size_t index;
	const json_t *reason;
	json_array_foreach(
	    verdict->reasons, index, reason) if (strcmp(json_string_value(reason), word) == 0) return true;
	return false;
}

/* What may be said, worked out anew from the flaws. */
static enum wipe_result allowed(unsigned flaws, enum verify_mode verify)
{
	unsigned unread = verify == VERIFY_NONE ? 0 : READ_LESS;
	if (flaws & (STOPPED | NOT_ALL_STEPS))
		return RESULT_INTERRUPTED;
	if (flaws & (MISMATCHED | ALIASED | WROTE_NOTHING))
		return RESULT_NOT_ERASED;
	if (verify == VERIFY_NONE)
		return RESULT_UNVERIFIED;
	if (flaws & (PASS_ERRORS | WROTE_LESS | WRITE_ERROR | READ_ERROR | OMITTED | unread))
		return RESULT_ERASED_WITH_EXCEPTIONS;
	return RESULT_ERASED;
}

static void check(const struct wipe_plan *plan, unsigned flaws, enum wipe_stop stop, uint32_t pass)
{
	struct wipe_state state;
	measure_all(plan, &state);
	apply(flaws, stop, pass, &state);
	struct verdict verdict = verdict_of(plan, &state);
	if (verdict.result != allowed(flaws, plan->verify))
		fail_msg("flaws %#x, verify %s: %s", flaws, plan_verify_word(plan->verify),
		    verdict_result_word(verdict.result));
	assert_int_equal(verdict.level, verdict.result == RESULT_ERASED ? LEVEL_CLEAR : LEVEL_NONE);
	/* What kept it from being erased is named. */
	bool sampled = plan->verify == VERIFY_SAMPLE;
	assert_int_equal(has_reason(&verdict, "sampled"), sampled);
	assert_int_equal(has_reason(&verdict, "not-verified"), plan->verify == VERIFY_NONE);
	assert_int_equal(has_reason(&verdict, "false-capacity"), (flaws & ALIASED) != 0);
	assert_int_equal(has_reason(&verdict, "mismatches"), (flaws & (ALIASED | MISMATCHED)) != 0);
	if (flaws & STOPPED)
		assert_true(has_reason(&verdict, state_stop_word(stop)));
	if (verdict.result == RESULT_ERASED)
		assert_int_equal(json_array_size(verdict.reasons), sampled);
	else
		assert_true(json_array_size(verdict.reasons) > (sampled ? 1 : 0));
	verdict_release(&verdict);
	state_release(&state);
}

static void no_flaw_and_no_combination_of_them_is_called_erased(void **state)
{
	(void)state;
	for (size_t way = 0; way < LENGTH_OF(ways); way++) {
		struct wipe_plan plan = plan_of("dod-3", ways[way]);
		for (unsigned flaws = 0; flaws < FLAWS; flaws++)
			for (uint32_t pass = 0; pass < PASSES; pass++)
				check(&plan, flaws, stops[(flaws + pass) % LENGTH_OF(stops)], pass);
	}
}

static void every_step_that_was_not_reached_is_an_interruption(void **state)
{
	(void)state;
	for (size_t i = 0; i < method_count(); i++) {
		struct method method;
		method_at(i, &method);
		struct wipe_plan plan = plan_of(method.id, "all");
		struct step steps[STEPS_MAXIMUM];
		size_t count = plan_steps(&plan, steps);
		for (size_t step = 0; step <= count; step++) {
			struct wipe_state measured;
			measure_all(&plan, &measured);
			measured.step = step;
			struct verdict verdict = verdict_of(&plan, &measured);
			assert_int_equal(verdict.result, step == count ? RESULT_ERASED : RESULT_INTERRUPTED);
			assert_int_equal(has_reason(&verdict, "crashed"), step < count);
			verdict_release(&verdict);
			state_release(&measured);
		}
	}
}

static void an_overwrite_is_never_more_than_clear(void **state)
{
	(void)state;
	assert_string_equal(verdict_level_word(LEVEL_NONE), "none");
	assert_string_equal(verdict_level_word(LEVEL_CLEAR), "clear");
	assert_int_equal(LEVEL_CLEAR, 1); /* the highest there is */
}

static bool limits_have(const json_t *limits, const char *word)
{
	size_t index;
	const json_t *limit;
	json_array_foreach(limits, index, limit) if (strcmp(json_string_value(limit), word) == 0) return true;
	return false;
}

static void what_an_overwrite_cannot_reach_is_said(void **state)
{
	static const struct {
		enum medium_kind kind;
		enum medium_bus bus;
		bool flash, hidden, image, loop;
	} cases[] = {{KIND_HDD, BUS_ATA, false, true, false, false},
	    {KIND_SSD, BUS_NVME, true, true, false, false},
	    {KIND_USB_FLASH, BUS_USB, true, true, false, false}, {KIND_SD, BUS_MMC, true, true, false, false},
	    {KIND_UNKNOWN, BUS_USB, true, true, false, false},
	    {KIND_IMAGE, BUS_FILE, false, false, true, false},
	    {KIND_LOOP, BUS_LOOP, false, false, false, true}};
	(void)state;
	for (size_t i = 0; i < LENGTH_OF(cases) * 4; i++) {
		const struct medium medium = {
		    .kind = cases[i / 4].kind, .bus = cases[i / 4].bus, .is_partition = i % 2};
		struct wipe_plan plan = plan_of(i % 4 / 2 ? "bsi-gs" : "zero", "last");
		struct wipe_state measured;
		measure_all(&plan, &measured);
		measured.cache_dropped = i % 4 / 2;
		json_t *limits = verdict_limits(&plan, &measured, &medium);
		assert_int_equal(limits_have(limits, "flash-hidden-areas"), cases[i / 4].flash);
		assert_int_equal(limits_have(limits, "hidden-areas-not-examined"), cases[i / 4].hidden);
		assert_int_equal(limits_have(limits, "image-file"), cases[i / 4].image);
		assert_int_equal(limits_have(limits, "loop-device"), cases[i / 4].loop);
		assert_int_equal(limits_have(limits, "partition-only"), i % 2);
		assert_int_equal(limits_have(limits, "page-cache"), i % 4 / 2);
		assert_int_equal(limits_have(limits, "overwrite-step-only"), i % 4 / 2);
		json_decref(limits);
		state_release(&measured);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(no_flaw_and_no_combination_of_them_is_called_erased),
	    cmocka_unit_test(every_step_that_was_not_reached_is_an_interruption),
	    cmocka_unit_test(an_overwrite_is_never_more_than_clear),
	    cmocka_unit_test(what_an_overwrite_cannot_reach_is_said),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
