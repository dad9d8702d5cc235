/* What may be said of a run: computed from what it measured, and from nothing else. No option raises it. */
#pragma once

#include "src/media/medium.h"
#include "wipe/plan.h"
#include "wipe/state.h"

#include <jansson.h>

enum wipe_result {
	RESULT_ERASED, /* every byte written by every pass, and the verification found it so */
	RESULT_ERASED_WITH_EXCEPTIONS, /* some ranges could not be written or read */
	RESULT_NOT_ERASED,             /* the medium does not hold what was written, or took nothing */
	RESULT_UNVERIFIED,             /* written, and nobody looked */
	RESULT_INTERRUPTED,            /* stopped before its end */
};

enum wipe_level {
	LEVEL_NONE,
	LEVEL_CLEAR, /* NIST SP 800-88: what an overwrite through the interface can reach. Never more (IEEE
			2883-2022) */
};

struct verdict {
	enum wipe_result result;
	enum wipe_level level;
	json_t *reasons; /* fixed words (docs/formats.md): why it is not higher */
};

struct verdict verdict_of(const struct wipe_plan *plan, const struct wipe_state *state);
void verdict_release(struct verdict *verdict);

const char *verdict_result_word(enum wipe_result result);
const char *verdict_level_word(enum wipe_level level);

/* What an overwrite of this medium cannot reach or was not looked at: fixed words (docs/formats.md). */
json_t *verdict_limits(
    const struct wipe_plan *plan, const struct wipe_state *state, const struct medium *medium);
