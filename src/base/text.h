/* Text for people: what a medium calls itself may hold anything, and must not reach a terminal as it is. */
#pragma once

#include "src/base/buffer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Length in bytes of the valid UTF-8 sequence at text (shortest form, no surrogate, up to U+10FFFF) with its
 * code point in *point; 0 when there is none. */
size_t text_decode(const char *text, size_t length, uint32_t *point);

/* Appends length bytes as valid UTF-8: what is not becomes U+FFFD. */
void text_append_valid(struct buffer *out, const char *text, size_t length);

/* Appends text so that a terminal shows it and does nothing else: control characters (C0, C1, DEL), line
 * and paragraph separators, bidirectional controls and invisible format characters as \u{XXXX}, bytes that
 * are not UTF-8 as \xNN, the backslash doubled. */
void text_append_for_terminal(struct buffer *out, const char *text);

/* Appends text cut to so many columns of a terminal (a Japanese letter takes two), and with padded spaces up
 * to them. */
void text_append_columns(struct buffer *out, const char *text, size_t columns, bool padded);

/* Appends a size for people: 1.50 TB (decimal, as printed on media), three digits; bytes below 1000. */
void text_append_size(struct buffer *out, uint64_t bytes);

/* Appends bytes with separators of thousands: 1,500,301,910,016. */
void text_append_grouped(struct buffer *out, uint64_t number);

/* Appends a duration: "45 s", "3 min 20 s", "2 h 05 min", "3 d 04 h". */
void text_append_duration(struct buffer *out, uint64_t seconds);

/* Appends a measured time: "0.12 s", "34.5 s", then as text_append_duration(). */
void text_append_elapsed(struct buffer *out, uint64_t milliseconds);

/* Appends length bytes as lower-case hexadecimal digits. */
void text_append_hex(struct buffer *out, const void *bytes, size_t length);

/* Reads 2 * length hexadecimal digits. Returns 0, or -EINVAL when text is anything else. */
int text_read_hex(const char *text, void *bytes, size_t length);

/* A copy without white space at both ends, of at most length bytes of text up to its first NUL. NULL when
 * nothing is left or there is no memory. The caller frees it. */
char *text_trimmed(const char *text, size_t length);
