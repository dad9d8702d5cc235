/* Reads or writes in flight on one descriptor, several at a time: io_uring, or threads of pread and pwrite
 * where io_uring is switched off. Memory is the buffers' and does not grow. */
#pragma once

#include "src/base/error.h"
#include "wipe/block_io.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One transfer. The caller fills buffer (or points data elsewhere), offset_bytes and length, and submits. */
struct transfer_slot {
	unsigned char *buffer; /* of buffer_bytes, aligned; the slot's own */
	const void *data;      /* what is written: buffer, or shared constant bytes; aligned */
	uint64_t offset_bytes;
	size_t length;
	int result;    /* 0, or a negative errno; a short transfer is -EIO */
	bool finished; /* it comes back from a transfer, and result tells how that went */
};

struct transfer;

/* How I/O is to be done; TRANSFER_AUTOMATIC tries io_uring first. */
enum transfer_engine { TRANSFER_AUTOMATIC, TRANSFER_URING, TRANSFER_THREADS };

int transfer_open(const struct block_device *device, enum transfer_engine engine, unsigned depth,
    size_t buffer_bytes, struct transfer **transfer, struct error *error);

/* Waits for what is in flight and releases all. */
void transfer_close(struct transfer **transfer);

/* Constant bytes from which many transfers will write (NULL: no more): they may be pinned once. They must
 * stay until the next call, or the close. Nothing may be in flight. */
void transfer_share(struct transfer *transfer, const void *bytes, size_t length);

/* An idle slot: one that never ran (finished false), or one whose transfer has ended (finished true), waiting
 * for one if none is idle. With drain, never a slot that has not run: NULL when nothing is in flight any
 * more. */
struct transfer_slot *transfer_take(struct transfer *transfer, bool drain);

/* Gives a slot that was taken and has nothing to do back. */
void transfer_give_back(struct transfer *transfer, struct transfer_slot *slot);

void transfer_submit(struct transfer *transfer, struct transfer_slot *slot, bool writing);

unsigned transfer_in_flight(const struct transfer *transfer);
