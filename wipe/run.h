/* The job: carries out a plan on an open medium. It prints nothing, asks nothing and knows no register: what
 * it has to tell goes to the observer. */
#pragma once

#include "src/base/error.h"
#include "src/base/progress.h"
#include "wipe/block_io.h"
#include "wipe/plan.h"
#include "wipe/state.h"
#include "wipe/transfer.h"

#include <stdbool.h>

struct wipe_observer {
	void *context;
	/* Some five times a second. */
	void (*progress)(void *context, const struct progress *progress);
	/* All that the state tells is durable on the medium: after each step, twice a minute within one, and
	 * when the run was stopped. */
	void (*mark)(void *context, const struct wipe_state *state);
	/* Whether to stop. Asked between any two transfers. */
	bool (*is_cancelled)(void *context);
	/* Before each pass: 0 when the descriptor still is the medium that was planned for; -ESTALE when it
	 * is another one; any other error when it cannot be told. */
	int (*check_identity)(void *context, struct error *error);
};

struct wipe_tuning {
	enum transfer_engine engine;
	size_t chunk_bytes; /* of one transfer; 0 = default */
	unsigned depth;     /* transfers in flight; 0 = default */
};

/* Goes on from *state (state_start() or state_from_json()) to the end of the plan, or until it is stopped:
 * state->stop tells. device->size_bytes and block_bytes are the plan's. Negative only when the job could not
 * work at all (no memory, no thread); errors of the medium are in the state. */
int wipe_run(const struct wipe_plan *plan, const struct block_device *device,
    const struct wipe_observer *observer, const struct wipe_tuning *tuning, struct wipe_state *state,
    struct error *error);
