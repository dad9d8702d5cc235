/* Reading and writing a medium at an exact place, synchronously: what the fast path falls back to around a
 * bad sector, for the odd tail of an image, and for single blocks. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { BLOCK_IO_ALIGNMENT = 4096 }; /* of memory given to these functions */

/* A medium as the engine sees it. */
struct block_device {
	int descriptor;
	uint64_t size_bytes;
	uint32_t block_bytes; /* logical block: the smallest unit of a transfer */
	bool direct;          /* the descriptor is O_DIRECT */
};

/* Where whole blocks end; behind it lies the odd tail of an image. */
uint64_t block_device_aligned_bytes(const struct block_device *device);

/* Writes or reads all of length bytes. A range that reaches into the odd tail goes through the page cache,
 * flushed and dropped so that it is written to and read from the medium all the same. Returns 0 or a negative
 * errno; a short transfer is -EIO. */
int block_write(const struct block_device *device, const void *bytes, size_t length, uint64_t offset_bytes);
int block_read(const struct block_device *device, void *bytes, size_t length, uint64_t offset_bytes);

/* The same, tried again up to so many times more; a medium that is gone is not asked again. */
int block_write_retrying(const struct block_device *device, const void *bytes, size_t length,
    uint64_t offset_bytes, uint32_t retries);
int block_read_retrying(
    const struct block_device *device, void *bytes, size_t length, uint64_t offset_bytes, uint32_t retries);

/* Everything written so far is on the medium: fdatasync. */
int block_flush(const struct block_device *device);

/* Makes later reads come from the medium, where the descriptor is not O_DIRECT. */
void block_drop_cache(const struct block_device *device);

/* Whether errnum says that the medium is no longer there. */
bool block_error_is_gone(int errnum);
