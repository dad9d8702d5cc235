/* Hash and kernel randomness. */
#pragma once

#include "src/base/error.h"

#include <stddef.h>

enum { SHA256_BYTES = 32 };

/* SHA-256 (FIPS 180-4) of length bytes. */
int crypto_sha256(const void *bytes, size_t length, unsigned char digest[SHA256_BYTES], struct error *error);

/* Random bytes from the kernel (getrandom). */
int crypto_random(void *bytes, size_t length, struct error *error);
