/* How far a wipe has come and what it has measured: the durable mark while it runs, the result when it ended.
 */
#pragma once

#include "src/base/clock.h"
#include "src/base/error.h"
#include "wipe/map.h"
#include "wipe/plan.h"
#include "wipe/ranges.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

enum wipe_stop {
	STOP_NONE, /* it runs, or ran through all steps */
	STOP_SIGNAL,
	STOP_MEDIUM_GONE,
	STOP_NO_SPACE, /* an image that cannot grow into its own holes */
	STOP_IDENTITY_CHANGED,
	STOP_CRASHED, /* its process ended without a result; known to the workflow alone */
};

struct pass_record {
	char started[CLOCK_TEXT_SIZE];  /* "" = not yet */
	char finished[CLOCK_TEXT_SIZE]; /* "" = not yet */
	uint64_t bytes_written;
	uint64_t elapsed_ns;
	uint64_t errors; /* bad ranges met in this pass */
};

struct wipe_state {
	size_t step;           /* index into plan_steps(); equal to their count = ran through */
	uint64_t offset_bytes; /* within the step: all before it is durable (or was read back) */
	enum wipe_stop stop;
	struct pass_record passes[METHOD_MAXIMUM_PASSES];
	uint64_t read_bytes; /* of the verification */
	uint64_t read_ns;
	uint64_t mismatched_blocks;
	uint64_t aliased_blocks; /* of them: those that held another address's content */
	uint64_t
	    alias_distance_bytes; /* smallest distance between an address and the one whose content it held */
	uint64_t stamp_count;
	uint64_t stamp_ns;  /* placing and removing them */
	bool cache_dropped; /* the medium was read through the page cache, dropped before */
	struct ranges exceptions;
	struct speed_map map;
};

void state_start(const struct wipe_plan *plan, struct wipe_state *state);
void state_release(struct wipe_state *state);

const char *state_stop_word(enum wipe_stop stop);

/* The members "passes", "verification", "capacity_check", "exceptions", "exceptions_omitted", "map" of a
 * `wipe.finished` entry, and "position" and "stop" for a mark. */
json_t *state_to_json(const struct wipe_plan *plan, const struct wipe_state *state);

/* Before a run goes on after an interruption, in which the medium may have been anywhere: the last pass is
 * read back anew from its first byte, and one that is only sampled is written anew before. */
void state_step_back(const struct wipe_plan *plan, struct wipe_state *state);

/* Back from that form; plan is the plan it was made under. */
int state_from_json(
    const json_t *json, const struct wipe_plan *plan, struct wipe_state *state, struct error *error);
