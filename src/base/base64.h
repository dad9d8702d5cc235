/* Base 64 (RFC 4648 §4) with nothing tolerated: no white space, the padding and its zero bits as they must
 * be, so that bytes have one text and a text has one reading. */
#pragma once

#include "src/base/buffer.h"

#include <stddef.h>

/* Appends the text of length bytes. */
void base64_append(struct buffer *out, const void *bytes, size_t length);

/* Reads length characters as exactly size bytes. Returns 0 or -EINVAL. */
int base64_read(const char *text, size_t length, void *bytes, size_t size);

/* The number of bytes that length characters are; 0 when they are no base 64 of at least one byte. */
size_t base64_size(const char *text, size_t length);
