/* The overwrite methods: each standard's passes as data, with the source of its sequence. */
#pragma once

#include "src/base/error.h"

#include <stdbool.h>
#include <stddef.h>

enum { PATTERN_MAXIMUM_BYTES = 64, METHOD_MAXIMUM_PASSES = 64 };

/* What one pass writes: the random stream, or these bytes again and again from offset 0 on. */
struct pattern {
	bool random;
	unsigned char bytes[PATTERN_MAXIMUM_BYTES];
	size_t length; /* 1 … PATTERN_MAXIMUM_BYTES; 0 when random */
};

/* A whole method, ready to be planned. */
struct method {
	const char *id;     /* the word of --method */
	const char *name;   /* as the standard calls itself */
	const char *source; /* where the sequence is from */
	bool verifies;      /* the standard itself asks for a read-back */
	const char *remark; /* what this overwrite is not, for people; or NULL */
	struct pattern passes[METHOD_MAXIMUM_PASSES];
	size_t pass_count;
};

size_t method_count(void);

/* The method number index of the table (custom is not in it). */
void method_at(size_t index, struct method *method);

/* Finds a method by its word. "custom" is read from custom_sequence: passes with spaces between, each
 * "random" or 2 to 128 hexadecimal digits. -EINVAL (refused) when there is no such method or the sequence is
 * wrong. */
int method_find(const char *id, const char *custom_sequence, struct method *method, struct error *error);

/* Reads one pass as custom_sequence and records write it: "random" or hexadecimal digits. -EINVAL otherwise.
 */
int pattern_parse(const char *text, struct pattern *pattern, struct error *error);

/* Writes the pass in that form. text has room for 2 * PATTERN_MAXIMUM_BYTES + 1. */
void pattern_format(const struct pattern *pattern, char *text);
