/* Progress for people and machines: a live line for each medium on a terminal, plain lines in a log, JSON
 * lines. */
#pragma once

#include "src/base/progress.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum bars_style {
	BARS_NONE,
	BARS_TERMINAL, /* one line each, drawn over */
	BARS_PLAIN,    /* a line when a step begins, and each tenth of it */
	BARS_JSON,     /* one object a line, some five a second */
};

enum { BARS_MAXIMUM = 64 };

struct bar {
	const char *target;
	struct progress progress;
	bool started;
	bool ended;
	char ending[160]; /* shown when ended */
	uint32_t told_pass;
	int told_activity;
	int told_tenth;
};

struct bars {
	enum bars_style style;
	struct bar items[BARS_MAXIMUM];
	size_t count;
	size_t drawn_lines;
	uint64_t drawn_ns;
};

/* Reads the word of --progress: "auto", "none", "plain", "json". False for any other. */
bool bars_parse_style(const char *word, enum bars_style *style);

void bars_start(struct bars *bars, enum bars_style style, const char *const *targets, size_t count);
void bars_update(struct bars *bars, size_t index, const struct progress *progress);
/* The medium is done; ending is one short phrase. */
void bars_end(struct bars *bars, size_t index, const char *ending);
/* Draws the last state and leaves the lines standing. */
void bars_stop(struct bars *bars);
