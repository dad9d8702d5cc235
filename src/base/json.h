/* JSON over jansson: one strict reader and one canonical writer.
 *
 * Canonical form (RFC 8785): keys sorted, no white space, UTF-8, integers and strings only. Kiyome's own
 * documents hold no floating-point number, no key outside ASCII and no integer beyond ±(2^53 − 1), so that
 * every implementation of RFC 8785 writes the very same bytes. */
#pragma once

#include "src/base/buffer.h"
#include "src/base/error.h"

#include <jansson.h>
#include <stdint.h>

#define JSON_INTEGER_MAX INT64_C(9007199254740991)

/* Parses length bytes as one JSON value; what names the text in the error's sentence. Refuses duplicate
 * keys, real numbers, integers beyond ±(2^53 − 1), keys outside printable ASCII, NUL in strings, and
 * anything behind the value. Returns 0 with a new reference in *value, or -EBADMSG. */
int json_parse_strict(const char *text, size_t length, const char *what, json_t **value, struct error *error);

/* Appends the canonical form. Returns 0, -EINVAL for a value that has none (a real number, a key outside
 * ASCII, an integer too large), -ENOMEM. */
int json_write_canonical(const json_t *value, struct buffer *out, struct error *error);

/* Appends the value for people: two spaces of indentation, the keys in the order they were set. */
int json_write_pretty(const json_t *value, struct buffer *out, struct error *error);

/* The member's text, or fallback when it is absent or no string. */
const char *json_text(const json_t *object, const char *key, const char *fallback);
/* The member's value, or fallback when it is absent, no integer, or negative. */
uint64_t json_count(const json_t *object, const char *key, uint64_t fallback);
/* A JSON integer from a count; JSON null beyond 2^53 − 1. */
json_t *json_from_count(uint64_t count);
/* Any bytes as a JSON string: valid UTF-8 as it is, other bytes and NUL as U+FFFD. NULL gives JSON null. */
json_t *json_from_bytes(const char *text);
