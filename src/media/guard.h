/* May it be written? Opening a medium for erasure, once and exclusively. */
#pragma once

#include "src/base/error.h"
#include "src/media/identity.h"
#include "src/media/medium.h"
#include "src/media/scan.h"

/* Fills medium->obstacles from mounts (/proc/self/mountinfo and that of every process the caller may read:
 * other namespaces too), swaps, holders, the ancestors of / /boot /usr /var, the medium itself. No obstacle
 * is overridable. */
int guard_examine(const struct media_place *place, struct medium *medium, struct error *error);

struct guard_request {
	const char *path;
	bool image;     /* a regular file is meant */
	bool partition; /* a partition is meant */
};

/* A medium open for erasing. */
struct guarded_medium {
	int descriptor; /* O_RDWR, exclusive; the only way this medium is touched from now on; -1 = none */
	bool direct;    /* reads and writes bypass the page cache (O_DIRECT) */
	struct medium medium;
	struct media_identity identity;
};

#define GUARDED_NONE ((struct guarded_medium){.descriptor = -1})

/* Describes the medium without opening it for writing, with its obstacles: for a plan. Refuses (exit 2) what
 * is not what the request says: not a block device, not a whole disk, a regular file without image … */
int guard_describe(const struct guard_request *request, struct medium *medium, struct error *error);

/* May this medium be erased now? 0, or the first obstacle as a refusal. */
int guard_permit(const struct medium *medium, struct error *error);

/* Describes, refuses on the first obstacle (one who has it open, such as a udev worker, is given a second to
 * finish), opens with O_EXCL (an image: locked, no other opener), and makes sure through the descriptor that
 * what was opened is what was described. */
int guard_open(const struct guard_request *request, struct guarded_medium *guarded, struct error *error);

void guard_release(struct guarded_medium *guarded);
