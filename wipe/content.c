#include "wipe/content.h"

#include "src/base/cleanup.h"
#include "wipe/block_io.h"

#include <errno.h>
#include <string.h>

/* Compared at once: fits the second-level cache beside the data. */
enum { PIECE_BYTES = 65536 };

/* Few enough that a disk which must seek to each is done in half a minute, and no closer than a piece. */
enum { STAMPS_WANTED = 1024, STAMP_SPACING_MINIMUM = 2 * PIECE_BYTES };

struct content {
	const struct wipe_plan *plan;
	const struct pattern *pattern;
	bool stamped;
	struct keystream *stream;       /* of a random pass */
	struct keystream *stamp_stream; /* when stamped */
	unsigned char *repeated; /* chunk_bytes of the fixed bytes, from a multiple of their length on */
	size_t repeated_bytes;
	unsigned char *piece;
};

static uint64_t stamp_spacing(const struct wipe_plan *plan)
{
	uint64_t blocks = plan->size_bytes / plan->block_bytes / STAMPS_WANTED + 1;
	uint64_t spacing = blocks * plan->block_bytes;
	if (spacing >= STAMP_SPACING_MINIMUM)
		return spacing;
	return (STAMP_SPACING_MINIMUM + plan->block_bytes - 1) / plan->block_bytes * plan->block_bytes;
}

static uint64_t last_block(const struct wipe_plan *plan)
{
	return (plan->size_bytes - 1) / plan->block_bytes * plan->block_bytes;
}

uint64_t stamp_count(const struct wipe_plan *plan)
{
	/* One at each multiple of the spacing before the last block, one in the last block. */
	return (last_block(plan) + stamp_spacing(plan) - 1) / stamp_spacing(plan) + 1;
}

uint64_t stamp_offset(const struct wipe_plan *plan, uint64_t index)
{
	return index + 1 == stamp_count(plan) ? last_block(plan) : index * stamp_spacing(plan);
}

size_t stamp_length(const struct wipe_plan *plan, uint64_t index)
{
	uint64_t left = plan->size_bytes - stamp_offset(plan, index);
	return left < plan->block_bytes ? (size_t)left : plan->block_bytes;
}

static int allocate(size_t bytes, unsigned char **memory, struct error *error)
{
	*memory = aligned_alloc(BLOCK_IO_ALIGNMENT, bytes);
	return *memory ? 0 : error_set(error, ENOMEM, _("out of memory"));
}

static int prepare_repeated(struct content *content, size_t chunk_bytes, struct error *error)
{
	const struct pattern *pattern = content->pattern;
	int status = allocate(chunk_bytes, &content->repeated, error);
	if (status < 0)
		return status;
	content->repeated_bytes = chunk_bytes;
	for (size_t i = 0; i < chunk_bytes; i++)
		content->repeated[i] = pattern->bytes[i % pattern->length];
	return 0;
}

int content_open(const struct wipe_plan *plan, uint32_t pass, bool stamped, size_t chunk_bytes,
    struct content **content, struct error *error)
{
	struct content *made = calloc(1, sizeof *made);
	if (!made)
		return error_set(error, ENOMEM, _("out of memory"));
	made->plan = plan;
	made->pattern = &plan->passes[pass].pattern;
	made->stamped = stamped;
	int status = allocate(PIECE_BYTES, &made->piece, error);
	if (status == 0 && made->pattern->random)
		status = keystream_open(plan->passes[pass].key, &made->stream, error);
	else if (status == 0)
		status = prepare_repeated(made, chunk_bytes, error);
	if (status == 0 && stamped)
		status = keystream_open(plan->seed, &made->stamp_stream, error);
	if (status < 0) {
		content_close(&made);
		return status;
	}
	*content = made;
	return 0;
}

void content_close(struct content **content)
{
	if (!*content)
		return;
	keystream_close(&(*content)->stream);
	keystream_close(&(*content)->stamp_stream);
	free((*content)->repeated);
	free((*content)->piece);
	free(*content);
	*content = NULL;
}

/* The first stamp that ends behind offset_bytes. */
static uint64_t first_stamp_from(const struct content *content, uint64_t offset_bytes)
{
	const struct wipe_plan *plan = content->plan;
	uint64_t count = stamp_count(plan);
	uint64_t index = offset_bytes / stamp_spacing(plan);
	if (index >= count)
		index = count - 1;
	if (stamp_offset(plan, index) + stamp_length(plan, index) <= offset_bytes && index + 1 < count)
		index++;
	return index;
}

static bool touches_stamp(const struct content *content, uint64_t offset_bytes, size_t length)
{
	if (!content->stamped)
		return false;
	uint64_t index = first_stamp_from(content, offset_bytes);
	uint64_t start = stamp_offset(content->plan, index);
	return start < offset_bytes + length && start + stamp_length(content->plan, index) > offset_bytes;
}

/* Lays the stamps over content that starts and ends on block boundaries (or at the medium's end). */
static void lay_stamps(struct content *content, uint64_t offset_bytes, unsigned char *out, size_t length)
{
	const struct wipe_plan *plan = content->plan;
	uint64_t count = stamp_count(plan);
	for (uint64_t i = first_stamp_from(content, offset_bytes); i < count; i++) {
		uint64_t start = stamp_offset(plan, i);
		if (start >= offset_bytes + length)
			return;
		if (start >= offset_bytes)
			keystream_generate(content->stamp_stream, start, out + (start - offset_bytes),
			    stamp_length(plan, i));
	}
}

static void repeat_bytes(
    const struct pattern *pattern, uint64_t offset_bytes, unsigned char *out, size_t length)
{
	if (pattern->length == 1) {
		memset(out, pattern->bytes[0], length);
		return;
	}
	for (size_t i = 0; i < length; i++)
		out[i] = pattern->bytes[(offset_bytes + i) % pattern->length];
}

void content_fill(struct content *content, uint64_t offset_bytes, void *out, size_t length)
{
	if (content->pattern->random)
		keystream_generate(content->stream, offset_bytes, out, length);
	else
		repeat_bytes(content->pattern, offset_bytes, out, length);
	if (content->stamped)
		lay_stamps(content, offset_bytes, out, length);
}

const void *content_constant(const struct content *content, uint64_t offset_bytes, size_t length)
{
	bool fits = !content->pattern->random && offset_bytes % content->pattern->length == 0 &&
		    length <= content->repeated_bytes && !touches_stamp(content, offset_bytes, length);
	return fits ? content->repeated : NULL;
}

bool content_equals(struct content *content, uint64_t offset_bytes, const void *bytes, size_t length)
{
	const unsigned char *next = bytes;
	while (length) {
		size_t part = length < PIECE_BYTES ? length : PIECE_BYTES;
		const void *expected = content_constant(content, offset_bytes, part);
		if (!expected) {
			content_fill(content, offset_bytes, content->piece, part);
			expected = content->piece;
		}
		if (memcmp(next, expected, part) != 0)
			return false;
		next += part;
		offset_bytes += part;
		length -= part;
	}
	return true;
}

bool content_locate(struct content *content, const void *block, uint64_t *offset_bytes)
{
	uint64_t size_bytes = content->plan->size_bytes;
	if (content->stream && keystream_locate(content->stream, block, size_bytes, offset_bytes))
		return true;
	return content->stamp_stream &&
	       keystream_locate(content->stamp_stream, block, size_bytes, offset_bytes);
}
