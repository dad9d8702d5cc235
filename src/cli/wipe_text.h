/* What `kiyome wipe` says: plans, methods and outcomes, for people and as JSON. */
#pragma once

#include "src/base/buffer.h"
#include "src/cli/command.h"
#include "src/workflow/wipe.h"

#include <stdio.h>

int wipe_text_help(void);
int wipe_text_methods(const struct invocation *invocation);

/* The medium in a few lines: model, capacity, what is on it, its name for the confirmation. */
void wipe_text_describe(FILE *stream, const struct wipe_job *job);
void wipe_text_plan(FILE *stream, const struct wipe_job *job);
json_t *wipe_text_plan_json(const struct wipe_job *job);

/* The result in one phrase. */
const char *wipe_text_result(enum wipe_result result);
/* All that a person must know of it, ending with where the files lie. */
void wipe_text_outcome(struct buffer *out, const struct wipe_job *job, const struct wipe_outcome *outcome);
/* The object of --json: docs/formats.md. */
json_t *wipe_text_json(const struct wipe_job *job, const struct wipe_outcome *outcome);
