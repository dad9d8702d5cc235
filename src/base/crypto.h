/* Hash, kernel randomness, and the random stream that is addressed by the device's offset. */
#pragma once

#include "src/base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SHA256_BYTES = 32, KEYSTREAM_KEY_BYTES = 32, KEYSTREAM_BLOCK_BYTES = 16 };

/* SHA-256 (FIPS 180-4) of length bytes. */
int crypto_sha256(const void *bytes, size_t length, unsigned char digest[SHA256_BYTES], struct error *error);

/* Random bytes from the kernel (getrandom). */
int crypto_random(void *bytes, size_t length, struct error *error);

/* The random stream: AES-256-CTR (NIST SP 800-38A §6.5) over zeros, with the 128-bit big-endian counter
 * starting at 0 for offset 0: the byte at an offset depends on the key and that offset alone. The same bytes:
 *   openssl enc -aes-256-ctr -K KEY -iv 00000000000000000000000000000000 < /dev/zero
 * A keystream belongs to one thread. */
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
