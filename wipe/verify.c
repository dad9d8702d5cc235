/* The read-back: what the medium holds is compared with what the pass put there. */
#include "wipe/engine.h"

#include "src/base/json.h"

#include <errno.h>
#include <string.h>

/* NIST SP 800-88 Rev. 1 §4.7.2: pseudo-random places in at least 1,000 equally sized subsections. */
enum { SECTIONS_MINIMUM = 1000, PLACE_WANTED_BYTES = 1024 * 1024 };

/* The sampled places of a medium, or, with whole, all of it. */
struct coverage {
	const struct wipe_plan *plan;
	bool whole;
	uint64_t blocks; /* whole blocks of the medium */
	uint64_t section_count;
};

struct extent {
	uint64_t offset_bytes;
	uint64_t length_bytes;
};

static struct coverage coverage_of(const struct wipe_plan *plan)
{
	struct coverage coverage = {.plan = plan, .blocks = plan->size_bytes / plan->block_bytes};
	uint64_t wanted = plan->size_bytes / 100 * plan->sample_percent / PLACE_WANTED_BYTES;
	coverage.section_count = wanted > SECTIONS_MINIMUM ? wanted : SECTIONS_MINIMUM;
	coverage.whole = plan->verify != VERIFY_SAMPLE || coverage.blocks < 2 * SECTIONS_MINIMUM;
	return coverage;
}

static uint64_t section_start(const struct coverage *coverage, uint64_t index)
{
	return (uint64_t)((unsigned __int128)coverage->blocks * index / coverage->section_count);
}

static uint64_t place_blocks(const struct coverage *coverage, uint64_t index)
{
	uint64_t blocks = section_start(coverage, index + 1) - section_start(coverage, index);
	return (blocks * coverage->plan->sample_percent + 99) / 100;
}

/* The place in section index: block 8-byte number of the seed's stream, modulo the possible starts. */
static struct extent sampled_place(const struct coverage *coverage, struct keystream *choice, uint64_t index)
{
	uint32_t block_bytes = coverage->plan->block_bytes;
	uint64_t start = section_start(coverage, index);
	uint64_t blocks = section_start(coverage, index + 1) - start;
	uint64_t length = place_blocks(coverage, index);
	unsigned char bytes[KEYSTREAM_BLOCK_BYTES];
	uint64_t number = 0;
	keystream_generate(choice, index * KEYSTREAM_BLOCK_BYTES, bytes, sizeof bytes);
	for (int i = 0; i < 8; i++)
		number = number << 8 | bytes[i];
	start += number % (blocks - length + 1);
	return (struct extent){start * block_bytes, length * block_bytes};
}

uint64_t verify_total_bytes(const struct wipe_plan *plan)
{
	struct coverage coverage = coverage_of(plan);
	if (coverage.whole)
		return plan->size_bytes;
	uint64_t blocks = 0;
	for (uint64_t i = 0; i < coverage.section_count; i++)
		blocks += place_blocks(&coverage, i);
	return blocks * plan->block_bytes;
}

static void note_mismatch(
    struct engine *engine, struct content *content, uint64_t offset_bytes, const void *block, size_t length)
{
	struct wipe_state *state = engine->state;
	uint64_t found;
	/* A block that could not be written is an exception already; one is counted once, however often it is
	 * read. */
	if (ranges_contain(&state->exceptions, offset_bytes, length, RANGE_WRITE_ERROR) ||
	    ranges_contain(&state->exceptions, offset_bytes, length, RANGE_MISMATCH))
		return;
	state->mismatched_blocks++;
	ranges_add(&state->exceptions, offset_bytes, length, RANGE_MISMATCH);
	map_add_error(&state->map, offset_bytes);
	if (length >= KEYSTREAM_BLOCK_BYTES && content_locate(content, block, &found) &&
	    found != offset_bytes) {
		uint64_t distance = found > offset_bytes ? found - offset_bytes : offset_bytes - found;
		if (state->aliased_blocks++ == 0 || distance < state->alias_distance_bytes)
			state->alias_distance_bytes = distance;
	}
}

void verify_compare(struct engine *engine, struct content *content, uint64_t offset_bytes,
    const unsigned char *bytes, size_t length)
{
	size_t block = engine->device->block_bytes;
	engine->state->read_bytes += length;
	engine->has_good_place = true;
	engine->good_offset = offset_bytes;
	if (content_equals(content, offset_bytes, bytes, length))
		return;
	for (size_t at = 0; at < length; at += block) {
		size_t part = length - at < block ? length - at : block;
		if (!content_equals(content, offset_bytes + at, bytes + at, part))
			note_mismatch(engine, content, offset_bytes + at, bytes + at, part);
	}
}

/* Reads what can be read of a range that failed as a whole: halves it down to single blocks. */
static void read_around(struct engine *engine, struct content *content, uint64_t offset_bytes, size_t length,
    struct ranges *unreadable)
{
	size_t block = engine->device->block_bytes;
	if (!engine_goes_on(engine))
		return;
	if (length <= block) {
		int cause = block_read_retrying(
		    engine->device, engine->block_buffer, length, offset_bytes, engine->plan->retries);
		if (cause == 0)
			verify_compare(engine, content, offset_bytes, engine->block_buffer, length);
		else if (!block_error_is_gone(-cause))
			ranges_add(unreadable, offset_bytes, length, RANGE_READ_ERROR);
		else
			(void)engine_ends_with(engine, -cause);
		return;
	}
	size_t half = (length / block + 1) / 2 * block;
	for (int i = 0; i < 2; i++) {
		uint64_t part_offset = i ? offset_bytes + half : offset_bytes;
		size_t part = i ? length - half : half;
		if (part > block && block_read(engine->device, engine->block_buffer, part, part_offset) == 0)
			verify_compare(engine, content, part_offset, engine->block_buffer, part);
		else
			read_around(engine, content, part_offset, part, unreadable);
	}
}

static void handle_failure(
    struct engine *engine, struct content *content, uint64_t offset_bytes, size_t length, int errnum)
{
	struct ranges unreadable = {0};
	engine_report(engine, PROGRESS_RETRYING);
	if (engine_ends_with(engine, errnum))
		return;
	read_around(engine, content, offset_bytes, length, &unreadable);
	if (unreadable.count && engine_ends_with(engine, EIO))
		ranges_release(&unreadable);
	for (size_t i = 0; i < unreadable.count; i++) {
		const struct range *bad = &unreadable.items[i];
		ranges_add(
		    &engine->state->exceptions, bad->offset_bytes, bad->length_bytes, RANGE_READ_ERROR);
		map_add_error(&engine->state->map, bad->offset_bytes);
	}
	engine->state->exceptions.omitted += unreadable.omitted;
	ranges_release(&unreadable);
}

static void settle(struct engine *engine, struct content *content, const struct transfer_slot *slot)
{
	if (slot->result < 0)
		handle_failure(engine, content, slot->offset_bytes, slot->length, -slot->result);
	else
		verify_compare(engine, content, slot->offset_bytes, slot->buffer, slot->length);
	engine_settle(engine, slot->offset_bytes, slot->length);
}

static void drain(struct engine *engine, struct content *content)
{
	struct transfer_slot *slot;
	while ((slot = transfer_take(engine->transfer, true))) {
		if (engine->state->stop == STOP_NONE)
			settle(engine, content, slot);
		transfer_give_back(engine->transfer, slot);
	}
}

static void read_extent(struct engine *engine, struct content *content, struct extent extent)
{
	while (extent.length_bytes && engine_goes_on(engine)) {
		bool wait = transfer_in_flight(engine->transfer) >= engine_allowed_in_flight(engine);
		struct transfer_slot *slot = transfer_take(engine->transfer, wait);
		if (slot->finished)
			settle(engine, content, slot);
		if (!engine_goes_on(engine)) {
			transfer_give_back(engine->transfer, slot);
			return;
		}
		slot->offset_bytes = extent.offset_bytes;
		slot->length = extent.length_bytes < engine->chunk_bytes ? (size_t)extent.length_bytes
									 : engine->chunk_bytes;
		transfer_submit(engine->transfer, slot, false);
		extent.offset_bytes += slot->length;
		extent.length_bytes -= slot->length;
	}
}

static void mark(struct engine *engine, struct content *content, uint64_t offset_bytes)
{
	drain(engine, content);
	engine_account(engine, &engine->state->read_ns);
	if (engine->state->stop == STOP_NONE)
		engine_mark(engine, offset_bytes);
}

/* A short synchronous read of a piece that may be the odd tail. */
static void read_piece(struct engine *engine, struct content *content, uint64_t offset_bytes, size_t length)
{
	if (length == 0 || !engine_goes_on(engine))
		return;
	int status = block_read(engine->device, engine->block_buffer, length, offset_bytes);
	if (status < 0)
		handle_failure(engine, content, offset_bytes, length, -status);
	else
		verify_compare(engine, content, offset_bytes, engine->block_buffer, length);
	engine_settle(engine, offset_bytes, length);
}

static void read_whole(struct engine *engine, struct content *content)
{
	uint64_t end = block_device_aligned_bytes(engine->device);
	uint64_t position = engine->state->offset_bytes;
	while (position < end && engine_goes_on(engine)) {
		uint64_t left = end - position;
		struct extent extent = {position, left < engine->chunk_bytes ? left : engine->chunk_bytes};
		read_extent(engine, content, extent);
		position += extent.length_bytes;
		if (engine_mark_is_due(engine))
			mark(engine, content, position);
	}
	drain(engine, content);
	if (position <= end)
		read_piece(engine, content, end, (size_t)(engine->device->size_bytes - end));
}

/* The first and the last block, unless they are among the sampled places: no byte is counted twice. */
static void read_ends(
    struct engine *engine, struct content *content, const struct coverage *coverage, struct keystream *choice)
{
	uint32_t block = engine->plan->block_bytes;
	uint64_t last = (engine->plan->size_bytes - 1) / block * block;
	struct extent first_place = sampled_place(coverage, choice, 0);
	struct extent last_place = sampled_place(coverage, choice, coverage->section_count - 1);
	if (first_place.offset_bytes != 0)
		read_piece(engine, content, 0, block);
	if (last_place.offset_bytes + last_place.length_bytes <= last)
		read_piece(engine, content, last, (size_t)(engine->plan->size_bytes - last));
}

static void read_samples(
    struct engine *engine, struct content *content, const struct coverage *coverage, struct keystream *choice)
{
	uint32_t block = engine->plan->block_bytes;
	if (engine->state->offset_bytes == 0)
		read_ends(engine, content, coverage, choice);
	for (uint64_t i = 0; i < coverage->section_count && engine_goes_on(engine); i++) {
		uint64_t start = section_start(coverage, i) * block;
		if (start < engine->state->offset_bytes)
			continue;
		read_extent(engine, content, sampled_place(coverage, choice, i));
		if (engine_mark_is_due(engine))
			mark(engine, content, section_start(coverage, i + 1) * block);
	}
	drain(engine, content);
}

int verify_pass(struct engine *engine, uint32_t pass, struct error *error)
{
	const struct wipe_plan *plan = engine->plan;
	bool stamped = engine->state->step > 0 && engine->steps[engine->state->step - 1].kind == STEP_STAMP;
	struct coverage coverage = coverage_of(plan);
	struct content *content = NULL;
	struct keystream *choice = NULL;
	engine->chunk_bytes = engine->chunk_bytes_maximum;
	int status = keystream_open(plan->seed, &choice, error);
	if (status == 0) /* the repeated bytes are compared in pieces: any chunk will do */
		status = content_open(
		    plan, pass, stamped, BLOCK_IO_ALIGNMENT * PATTERN_MAXIMUM_BYTES, &content, error);
	if (status == 0) {
		if (!engine->device->direct)
			block_drop_cache(engine->device);
		engine_begin_step(engine, PROGRESS_READING_BACK, verify_total_bytes(plan));
		engine->progress.done_bytes += coverage.whole ? engine->state->offset_bytes : 0;
		engine->progress.run_done_bytes += coverage.whole ? engine->state->offset_bytes : 0;
		if (coverage.whole)
			read_whole(engine, content);
		else
			read_samples(engine, content, &coverage, choice);
		engine_account(engine, &engine->state->read_ns);
	}
	content_close(&content);
	keystream_close(&choice);
	return status;
}
