/* The random stream of a pass: every byte depends on the key and its address alone, so that a run can be
 * resumed, verified in any order, sampled, and checked by anybody who has the key.
 *
 * AES-256-CTR (NIST SP 800-38A §6.5) over zeros, with the 128-bit big-endian counter starting at 0 for offset
 * 0. The same bytes: openssl enc -aes-256-ctr -K KEY -iv 00000000000000000000000000000000 < /dev/zero */
#pragma once

#include "src/base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { KEYSTREAM_KEY_BYTES = 32, KEYSTREAM_BLOCK_BYTES = 16 };

/* Belongs to one thread. */
struct keystream;

int keystream_open(
    const unsigned char key[KEYSTREAM_KEY_BYTES], struct keystream **stream, struct error *error);
void keystream_close(struct keystream **stream);

/* Fills length bytes with the stream from offset_bytes on, which is a multiple of KEYSTREAM_BLOCK_BYTES. */
void keystream_generate(struct keystream *stream, uint64_t offset_bytes, void *out, size_t length);

/* The offset whose stream these bytes are: deciphering a block of the stream gives its counter back. False
 * when they are no block of this stream below limit_bytes. So a medium that answers with another address's
 * content says which. */
bool keystream_locate(struct keystream *stream, const unsigned char block[KEYSTREAM_BLOCK_BYTES],
    uint64_t limit_bytes, uint64_t *offset_bytes);
