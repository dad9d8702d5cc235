#include "wipe/verdict.h"

#include "wipe/engine.h"

#include <string.h>

static const char *const result_words[] = {[RESULT_ERASED] = "erased",
    [RESULT_ERASED_WITH_EXCEPTIONS] = "erased-with-exceptions",
    [RESULT_NOT_ERASED] = "not-erased",
    [RESULT_UNVERIFIED] = "unverified",
    [RESULT_INTERRUPTED] = "interrupted"};

const char *verdict_result_word(enum wipe_result result)
{
	return result_words[result];
}

const char *verdict_level_word(enum wipe_level level)
{
	return level == LEVEL_CLEAR ? "clear" : "none";
}

static void add_reason(struct verdict *verdict, const char *word)
{
	json_array_append_new(verdict->reasons, json_string(word));
}

static bool ran_through(const struct wipe_plan *plan, const struct wipe_state *state)
{
	struct step steps[STEPS_MAXIMUM];
	return state->stop == STOP_NONE && state->step == plan_steps(plan, steps);
}

/* A pass that wrote less than everything, with or without a recorded place. */
static bool has_write_errors(const struct wipe_plan *plan, const struct wipe_state *state)
{
	for (uint32_t i = 0; i < plan->pass_count; i++)
		if (state->passes[i].errors || state->passes[i].bytes_written < plan->size_bytes)
			return true;
	return ranges_count(&state->exceptions, RANGE_WRITE_ERROR) > 0 || state->exceptions.omitted > 0;
}

/* A verification that read less than it set out to, with or without a recorded place. */
static bool has_read_errors(const struct wipe_plan *plan, const struct wipe_state *state)
{
	uint64_t passes = plan->verify == VERIFY_NONE ? 0 : plan->verify == VERIFY_ALL ? plan->pass_count : 1;
	return ranges_count(&state->exceptions, RANGE_READ_ERROR) > 0 ||
	       state->read_bytes < passes * verify_total_bytes(plan);
}

static bool wrote_nothing(const struct wipe_plan *plan, const struct wipe_state *state)
{
	for (uint32_t i = 0; i < plan->pass_count; i++)
		if (state->passes[i].bytes_written == 0)
			return true;
	return false;
}

struct verdict verdict_of(const struct wipe_plan *plan, const struct wipe_state *state)
{
	struct verdict verdict = {.level = LEVEL_NONE, .reasons = json_array()};
	bool write_errors = has_write_errors(plan, state);
	bool complete = ran_through(plan, state);
	bool read_errors = complete && has_read_errors(plan, state);
	if (!complete)
		add_reason(&verdict, state->stop == STOP_NONE ? "crashed" : state_stop_word(state->stop));
	if (complete && write_errors)
		add_reason(&verdict, "write-errors");
	if (read_errors)
		add_reason(&verdict, "read-errors");
	if (state->mismatched_blocks)
		add_reason(&verdict, "mismatches");
	if (state->aliased_blocks)
		add_reason(&verdict, "false-capacity");
	if (plan->verify == VERIFY_NONE)
		add_reason(&verdict, "not-verified");
	if (plan->verify == VERIFY_SAMPLE)
		add_reason(&verdict, "sampled");

	if (!complete) {
		verdict.result = RESULT_INTERRUPTED;
	} else if (state->mismatched_blocks || wrote_nothing(plan, state)) {
		verdict.result = RESULT_NOT_ERASED;
	} else if (plan->verify == VERIFY_NONE) {
		verdict.result = RESULT_UNVERIFIED;
	} else if (write_errors || read_errors) {
		verdict.result = RESULT_ERASED_WITH_EXCEPTIONS;
	} else {
		verdict.result = RESULT_ERASED;
		verdict.level = LEVEL_CLEAR;
	}
	return verdict;
}

void verdict_release(struct verdict *verdict)
{
	json_decref(verdict->reasons);
	verdict->reasons = NULL;
}

json_t *verdict_limits(
    const struct wipe_plan *plan, const struct wipe_state *state, const struct medium *medium)
{
	json_t *limits = json_array();
	bool image = medium->kind == KIND_IMAGE;
	bool loop = medium->bus == BUS_LOOP;
	if (!image && !loop && medium->kind != KIND_HDD)
		json_array_append_new(limits, json_string("flash-hidden-areas"));
	if (!image && !loop)
		json_array_append_new(limits, json_string("hidden-areas-not-examined"));
	if (medium->is_partition)
		json_array_append_new(limits, json_string("partition-only"));
	if (image)
		json_array_append_new(limits, json_string("image-file"));
	if (loop)
		json_array_append_new(limits, json_string("loop-device"));
	if (state->cache_dropped)
		json_array_append_new(limits, json_string("page-cache"));
	if (strcmp(plan->method_id, "bsi-gs") == 0)
		json_array_append_new(limits, json_string("overwrite-step-only"));
	return limits;
}
