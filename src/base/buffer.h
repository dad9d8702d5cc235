/* A growing run of bytes. An allocation that fails marks the buffer, later appends do nothing, and
 * buffer_check() at the end tells: so that the code between reads as what it writes. */
#pragma once

#include "src/base/cleanup.h"
#include "src/base/error.h"

#include <stdbool.h>
#include <stddef.h>

struct buffer {
	char *data;    /* NUL behind the last byte whenever length > 0; NULL while nothing was appended */
	size_t length; /* bytes, without that NUL */
	size_t capacity;
	bool failed;
};

#define BUFFER_EMPTY ((struct buffer){0})

void buffer_append(struct buffer *buffer, const void *bytes, size_t length);
void buffer_append_text(struct buffer *buffer, const char *text);
void buffer_printf(struct buffer *buffer, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Forgets the bytes, keeps the memory. */
void buffer_clear(struct buffer *buffer);
/* The text so far: "" when nothing was appended. */
const char *buffer_text(const struct buffer *buffer);
/* 0, or -ENOMEM when any append since the start did not find memory. */
int buffer_check(const struct buffer *buffer, struct error *error);
void buffer_release(struct buffer *buffer);

#define CLEANUP_BUFFER CLEANUP(buffer_release)
