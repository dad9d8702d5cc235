#include "wipe/state.h"

#include "src/base/cleanup.h"
#include "src/base/json.h"

#include <errno.h>
#include <string.h>

enum { MILLISECOND_NS = 1000000 };

static const char *const stop_words[] = {[STOP_NONE] = "none",
    [STOP_SIGNAL] = "signal",
    [STOP_MEDIUM_GONE] = "medium-gone",
    [STOP_NO_SPACE] = "no-space",
    [STOP_IDENTITY_CHANGED] = "identity-changed",
    [STOP_CRASHED] = "crashed"};

const char *state_stop_word(enum wipe_stop stop)
{
	return stop_words[stop];
}

void state_start(const struct wipe_plan *plan, struct wipe_state *state)
{
	*state = (struct wipe_state){0};
	map_start(&state->map, plan->size_bytes, plan->block_bytes);
}

void state_release(struct wipe_state *state)
{
	ranges_release(&state->exceptions);
}

static json_t *passes_to_json(
    const json_t *planned, const struct wipe_plan *plan, const struct wipe_state *state)
{
	json_t *list = json_array();
	for (uint32_t i = 0; i < plan->pass_count; i++) {
		const struct pass_record *record = &state->passes[i];
		json_t *item = json_copy(json_array_get(planned, i));
		json_object_set_new(item, "number", json_integer(i + 1));
		json_object_set_new(item, "started", json_string(record->started));
		json_object_set_new(item, "finished", json_string(record->finished));
		json_object_set_new(item, "bytes_written", json_from_count(record->bytes_written));
		json_object_set_new(
		    item, "milliseconds", json_from_count(record->elapsed_ns / MILLISECOND_NS));
		json_object_set_new(item, "errors", json_from_count(record->errors));
		json_array_append_new(list, item);
	}
	return list;
}

static json_t *verification_to_json(json_t *planned, const struct wipe_state *state)
{
	json_t *verification = json_copy(planned);
	json_object_set_new(verification, "bytes_read", json_from_count(state->read_bytes));
	json_object_set_new(verification, "milliseconds", json_from_count(state->read_ns / MILLISECOND_NS));
	json_object_set_new(verification, "mismatches", json_from_count(state->mismatched_blocks));
	json_object_set_new(
	    verification, "through", json_string(state->cache_dropped ? "cache-dropped" : "medium"));
	return verification;
}

static json_t *capacity_to_json(const struct wipe_plan *plan, const struct wipe_state *state)
{
	bool random = plan->passes[plan->pass_count - 1].pattern.random;
	const char *how = plan->verify == VERIFY_NONE ? "none" : random ? "stream" : "stamps";
	json_t *check =
	    json_pack("{s:o, s:s}", "aliased_blocks", json_from_count(state->aliased_blocks), "how", how);
	if (state->stamp_count) {
		json_object_set_new(check, "stamps", json_from_count(state->stamp_count));
		json_object_set_new(check, "milliseconds", json_from_count(state->stamp_ns / MILLISECOND_NS));
	}
	if (state->aliased_blocks)
		json_object_set_new(check, "real_bytes", json_from_count(state->alias_distance_bytes));
	return check;
}

static json_t *position_to_json(const struct wipe_plan *plan, const struct wipe_state *state)
{
	struct step steps[STEPS_MAXIMUM];
	size_t count = plan_steps(plan, steps);
	bool ran_through = state->step >= count;
	return json_pack("{s:o, s:s, s:i, s:o}", "step", json_from_count(state->step), "phase",
	    ran_through ? "done" : plan_step_word(steps[state->step].kind), "pass",
	    (int)(ran_through ? plan->pass_count : steps[state->step].pass + 1), "offset_bytes",
	    json_from_count(state->offset_bytes));
}

json_t *state_to_json(const struct wipe_plan *plan, const struct wipe_state *state)
{
	json_t *planned = plan_to_json(plan);
	json_t *json = json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:s}", "passes",
	    passes_to_json(json_object_get(planned, "passes"), plan, state), "verification",
	    verification_to_json(json_object_get(planned, "verification"), state), "capacity_check",
	    capacity_to_json(plan, state), "exceptions", ranges_to_json(&state->exceptions), "map",
	    map_to_json(&state->map), "position", position_to_json(plan, state), "stop",
	    stop_words[state->stop]);
	if (json && state->exceptions.omitted)
		json_object_set_new(json, "exceptions_omitted", json_from_count(state->exceptions.omitted));
	json_decref(planned);
	return json;
}

static int damaged(struct error *error, const char *member)
{
	return error_set(error, EBADMSG, _("the recorded state has no usable '%s'"), member);
}

static int read_passes(
    const json_t *list, const struct wipe_plan *plan, struct wipe_state *state, struct error *error)
{
	if (json_array_size(list) != plan->pass_count)
		return damaged(error, "passes");
	for (uint32_t i = 0; i < plan->pass_count; i++) {
		const json_t *item = json_array_get(list, i);
		struct pass_record *record = &state->passes[i];
		(void)snprintf(record->started, sizeof record->started, "%s", json_text(item, "started", ""));
		(void)snprintf(
		    record->finished, sizeof record->finished, "%s", json_text(item, "finished", ""));
		record->bytes_written = json_count(item, "bytes_written", 0);
		record->elapsed_ns = json_count(item, "milliseconds", 0) * MILLISECOND_NS;
		record->errors = json_count(item, "errors", 0);
	}
	return 0;
}

static int read_position(
    const json_t *position, const struct wipe_plan *plan, struct wipe_state *state, struct error *error)
{
	struct step steps[STEPS_MAXIMUM];
	state->step = json_count(position, "step", SIZE_MAX);
	state->offset_bytes = json_count(position, "offset_bytes", UINT64_MAX);
	bool between_blocks =
	    state->offset_bytes % plan->block_bytes && state->offset_bytes != plan->size_bytes;
	if (state->step > plan_steps(plan, steps) || state->offset_bytes > plan->size_bytes || between_blocks)
		return damaged(error, "position");
	return 0;
}

int state_from_json(
    const json_t *json, const struct wipe_plan *plan, struct wipe_state *state, struct error *error)
{
	const json_t *verification = json_object_get(json, "verification");
	const json_t *capacity = json_object_get(json, "capacity_check");
	const char *stop = json_text(json, "stop", "none");
	state_start(plan, state);
	state->read_bytes = json_count(verification, "bytes_read", 0);
	state->read_ns = json_count(verification, "milliseconds", 0) * MILLISECOND_NS;
	state->mismatched_blocks = json_count(verification, "mismatches", 0);
	state->cache_dropped = strcmp(json_text(verification, "through", ""), "cache-dropped") == 0;
	state->aliased_blocks = json_count(capacity, "aliased_blocks", 0);
	state->alias_distance_bytes = json_count(capacity, "real_bytes", 0);
	state->stamp_count = json_count(capacity, "stamps", 0);
	state->stamp_ns = json_count(capacity, "milliseconds", 0) * MILLISECOND_NS;
	for (size_t i = 0; i < LENGTH_OF(stop_words); i++)
		if (strcmp(stop, stop_words[i]) == 0)
			state->stop = (enum wipe_stop)i;
	map_from_json(json_object_get(json, "map"), &state->map);
	int status = read_passes(json_object_get(json, "passes"), plan, state, error);
	if (status == 0)
		status = read_position(json_object_get(json, "position"), plan, state, error);
	if (status == 0)
		status = ranges_from_json(json_object_get(json, "exceptions"), &state->exceptions, error);
	state->exceptions.omitted += json_count(json, "exceptions_omitted", 0);
	return status;
}

/* ── After an interruption ── */

/* What was read back of all passes but the last. An unreadable place may have been one of each of them. */
static uint64_t count_earlier_reads(const struct wipe_plan *plan, const struct wipe_state *state)
{
	uint64_t earlier = plan->verify == VERIFY_ALL ? plan->pass_count - 1 : 0;
	uint64_t readable = plan->size_bytes;
	for (size_t i = 0; i < state->exceptions.count; i++)
		if (state->exceptions.items[i].what == RANGE_READ_ERROR)
			readable -= state->exceptions.items[i].length_bytes;
	return earlier * readable < state->read_bytes ? earlier * readable : state->read_bytes;
}

void state_step_back(const struct wipe_plan *plan, struct wipe_state *state)
{
	struct step steps[STEPS_MAXIMUM];
	size_t last_write = plan_steps(plan, steps) - 1;
	while (steps[last_write].kind != STEP_WRITE)
		last_write--;
	bool sampled = plan->verify == VERIFY_SAMPLE;
	if (plan->verify == VERIFY_NONE || state->step < last_write ||
	    (state->step == last_write && !sampled))
		return;
	state->step = sampled ? last_write : last_write + 1;
	state->offset_bytes = 0;
	if (sampled)
		state->passes[plan->pass_count - 1] = (struct pass_record){0};
	uint64_t earlier = count_earlier_reads(plan, state);
	if (earlier == 0)
		state->read_ns = 0; /* else the time of the first attempt stays in it */
	state->read_bytes = earlier;
}
