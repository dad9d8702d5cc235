/* The exact places where something went wrong: an ordered list of byte ranges, adjacent ones merged. */
#pragma once

#include "src/base/error.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum range_what { RANGE_WRITE_ERROR, RANGE_READ_ERROR, RANGE_MISMATCH };

enum { RANGES_MAXIMUM = 10000 }; /* what a record lists; the rest is counted */

struct range {
	uint64_t offset_bytes;
	uint64_t length_bytes;
	enum range_what what;
};

struct ranges {
	struct range *items; /* ordered by offset_bytes, then what; no two of one kind touch */
	size_t count;
	size_t capacity;
	uint64_t omitted; /* ranges that were not taken because the list was full */
};

/* Adds a range, merged with those of its kind that it touches. Without memory, or beyond RANGES_MAXIMUM, it
 * is counted as omitted: never lost silently. */
void ranges_add(struct ranges *ranges, uint64_t offset_bytes, uint64_t length_bytes, enum range_what what);

/* Whether every byte of it lies in one range of that kind. */
bool ranges_contain(
    const struct ranges *ranges, uint64_t offset_bytes, uint64_t length_bytes, enum range_what what);

/* How many ranges of a kind there are, the omitted ones not counted. */
size_t ranges_count(const struct ranges *ranges, enum range_what what);

/* [{"offset_bytes", "length_bytes", "what"}, …] */
json_t *ranges_to_json(const struct ranges *ranges);
int ranges_from_json(const json_t *json, struct ranges *ranges, struct error *error);

void ranges_release(struct ranges *ranges);
