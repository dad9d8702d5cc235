/* What superblocks and partition tables say: read by libblkid in the sandboxed child. */
#pragma once

#include "src/base/error.h"
#include "src/media/medium.h"

#include <stddef.h>

/* A device to be probed. */
struct probe_source {
	const char *device; /* for medium_content.device */
	int descriptor;     /* open for reading */
};

/* Adds everything recognised on the sources to medium->contents. -ETIMEDOUT, -EPROTO … when the child did not
 * answer: then nothing was added. */
int probe_read_contents(
    const struct probe_source *sources, size_t count, struct medium *medium, struct error *error);

/* The parent's side: adds contents from the child's answer, which is foreign. -EBADMSG when it is no answer.
 */
int probe_take_answer(const char *text, size_t length, const struct probe_source *sources, size_t count,
    struct medium *medium, struct error *error);
