/* What a pass puts at each address: the random stream or repeated bytes, and stamps over them. */
#pragma once

#include "src/base/error.h"
#include "wipe/plan.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct content;

/* The content of a pass; with stamped also the stamps. What is generated at once is up to chunk_bytes, a
 * multiple of BLOCK_IO_ALIGNMENT and, for fixed bytes, of their length. */
int content_open(const struct wipe_plan *plan, uint32_t pass, bool stamped, size_t chunk_bytes,
    struct content **content, struct error *error);
void content_close(struct content **content);

/* Fills out with the content from offset_bytes on (a multiple of KEYSTREAM_BLOCK_BYTES). */
void content_fill(struct content *content, uint64_t offset_bytes, void *out, size_t length);

/* Aligned constant bytes that are the content there, without copying; NULL when there are none. */
const void *content_constant(const struct content *content, uint64_t offset_bytes, size_t length);

/* Whether bytes are the content there. */
bool content_equals(struct content *content, uint64_t offset_bytes, const void *bytes, size_t length);

/* Whether the block holds the content of another address, and which. */
bool content_locate(struct content *content, const void *block, uint64_t *offset_bytes);

/* Stamps lie one block each at equal distances, the last one in the medium's last block. */
uint64_t stamp_count(const struct wipe_plan *plan);
/* Where stamp number index lies, and how long it is (the last block may be shorter). */
uint64_t stamp_offset(const struct wipe_plan *plan, uint64_t index);
size_t stamp_length(const struct wipe_plan *plan, uint64_t index);
