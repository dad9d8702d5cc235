/* A pass: every byte of the medium is written, to the last sector. */
#include "wipe/engine.h"

#include "src/base/cleanup.h"
#include "src/base/clock.h"

#include <errno.h>
#include <string.h>

/* The largest chunk in which fixed bytes repeat from its start on; whole blocks at least, where there is
 * none. */
static size_t chunk_for(const struct engine *engine, const struct pattern *pattern)
{
	size_t block = BLOCK_IO_ALIGNMENT;
	if (engine->device->block_bytes > block)
		block = engine->device->block_bytes;
	size_t unit = block * (pattern->random ? 1 : pattern->length);
	if (unit > engine->chunk_bytes_maximum)
		unit = block;
	return engine->chunk_bytes_maximum / unit * unit;
}

/* One pass under way. */
struct overwriting {
	struct engine *engine;
	struct content *content;
	struct pass_record *record;
	uint64_t flushed_to;   /* everything before it was flushed */
	uint64_t position;     /* everything before it was submitted */
	struct ranges around;  /* what could not be written of the chunk that is being worked around */
	bool holes;            /* a stop left something before position neither written nor recorded */
	uint64_t failed_bytes; /* since the last write that succeeded */
	struct ranges bad;     /* all of this pass, since errors_before were counted */
	uint64_t errors_before;
};

/* A medium that has taken nothing over this much (a drive that has turned read-only) is not asked block by
 * block any more: it would take days to say the same. */
static const uint64_t hopeless_bytes = UINT64_C(8) * 1024 * 1024;

static void note_written(struct overwriting *work, uint64_t offset_bytes, size_t length)
{
	struct engine *engine = work->engine;
	engine->has_good_place = true;
	engine->good_offset = offset_bytes;
	work->record->bytes_written += length;
	work->failed_bytes = 0;
}

/* A bad range that reaches over several chunks is one. */
static void count_errors(struct overwriting *work)
{
	work->record->errors = work->errors_before + work->bad.count + work->bad.omitted;
}

static void note_failed(struct overwriting *work, uint64_t offset_bytes, size_t length)
{
	ranges_add(&work->around, offset_bytes, length, RANGE_WRITE_ERROR);
	work->failed_bytes += length;
}

/* Whether, after so much that failed, the first, middle and last block of this range fail too. */
static bool is_hopeless(
    const struct overwriting *work, const unsigned char *bytes, size_t length, uint64_t offset_bytes)
{
	const struct block_device *device = work->engine->device;
	size_t block = device->block_bytes;
	const size_t places[] = {0, length / block / 2 * block, (length - 1) / block * block};
	if (work->failed_bytes < hopeless_bytes)
		return false;
	for (size_t i = 0; i < LENGTH_OF(places); i++) {
		size_t part = length - places[i] < block ? length - places[i] : block;
		if (block_write(device, bytes + places[i], part, offset_bytes + places[i]) == 0)
			return false;
	}
	return true;
}

/* Writes what can be written of a range that failed as a whole: halves it down to single blocks. */
static void write_around(
    struct overwriting *work, const unsigned char *bytes, size_t length, uint64_t offset_bytes)
{
	struct engine *engine = work->engine;
	size_t block = engine->device->block_bytes;
	if (!engine_goes_on(engine))
		return;
	if (length <= block) {
		int cause =
		    block_write_retrying(engine->device, bytes, length, offset_bytes, engine->plan->retries);
		if (cause == 0)
			note_written(work, offset_bytes, length);
		else if (!block_error_is_gone(-cause))
			note_failed(work, offset_bytes, length);
		else
			(void)engine_ends_with(engine, -cause);
		return;
	}
	if (is_hopeless(work, bytes, length, offset_bytes)) {
		note_failed(work, offset_bytes, length);
		return;
	}
	size_t half = (length / block + 1) / 2 * block;
	for (int i = 0; i < 2; i++) {
		const unsigned char *part = i ? bytes + half : bytes;
		size_t part_length = i ? length - half : half;
		uint64_t part_offset = i ? offset_bytes + half : offset_bytes;
		if (part_length > block && block_write(engine->device, part, part_length, part_offset) == 0)
			note_written(work, part_offset, part_length);
		else
			write_around(work, part, part_length, part_offset);
	}
}

/* A transfer failed: was that the medium's end, or a bad place in it? */
static void handle_failure(
    struct overwriting *work, const unsigned char *bytes, size_t length, uint64_t offset_bytes, int errnum)
{
	struct engine *engine = work->engine;
	engine_report(engine, PROGRESS_RETRYING);
	work->holes |= engine_ends_with(engine, errnum);
	if (work->holes)
		return;
	write_around(work, bytes, length, offset_bytes);
	work->holes |= engine->state->stop != STOP_NONE;
	/* A medium that was pulled meanwhile fails everywhere: that is no bad place. */
	if (work->around.count && engine_ends_with(engine, EIO)) {
		work->holes = true;
		ranges_release(&work->around);
	}
	for (size_t i = 0; i < work->around.count; i++) {
		const struct range *bad = &work->around.items[i];
		ranges_add(
		    &engine->state->exceptions, bad->offset_bytes, bad->length_bytes, RANGE_WRITE_ERROR);
		map_add_error(&engine->state->map, bad->offset_bytes);
		ranges_add(&work->bad, bad->offset_bytes, bad->length_bytes, RANGE_WRITE_ERROR);
	}
	count_errors(work);
	engine->state->exceptions.omitted += work->around.omitted;
	ranges_release(&work->around);
}

static void settle(struct overwriting *work, const struct transfer_slot *slot)
{
	struct engine *engine = work->engine;
	if (slot->result < 0)
		handle_failure(work, slot->data, slot->length, slot->offset_bytes, -slot->result);
	else
		note_written(work, slot->offset_bytes, slot->length);
	engine_settle(engine, slot->offset_bytes, slot->length);
}

static void drain(struct overwriting *work)
{
	struct transfer_slot *slot;
	while ((slot = transfer_take(work->engine->transfer, true))) {
		/* Once stopped, what comes back failed is not worked around any more. */
		if (work->engine->state->stop == STOP_NONE || slot->result == 0)
			settle(work, slot);
		else
			work->holes = true;
		transfer_give_back(work->engine->transfer, slot);
	}
}

/* Makes all that was written durable. A flush that fails leaves open which of the writes since the last one
 * are on the medium: all of them are an exception. */
static void flush(struct overwriting *work)
{
	struct engine *engine = work->engine;
	int status = block_flush(engine->device);
	if (status < 0 && !engine_ends_with(engine, -status)) {
		ranges_add(&engine->state->exceptions, work->flushed_to, work->position - work->flushed_to,
		    RANGE_WRITE_ERROR);
		work->errors_before++;
		count_errors(work);
	}
	work->flushed_to = work->position;
}

static void mark(struct overwriting *work)
{
	drain(work);
	flush(work);
	engine_account(work->engine, &work->record->elapsed_ns);
	if (!work->holes)
		engine_mark(work->engine, work->position);
}

static void submit(struct overwriting *work, struct transfer_slot *slot, uint64_t end)
{
	struct engine *engine = work->engine;
	uint64_t left = end - work->position;
	slot->length = left < engine->chunk_bytes ? (size_t)left : engine->chunk_bytes;
	slot->offset_bytes = work->position;
	slot->data = content_constant(work->content, slot->offset_bytes, slot->length);
	if (!slot->data) {
		content_fill(work->content, slot->offset_bytes, slot->buffer, slot->length);
		slot->data = slot->buffer;
	}
	transfer_submit(engine->transfer, slot, true);
	work->position += slot->length;
}

static void write_blocks(struct overwriting *work)
{
	struct engine *engine = work->engine;
	uint64_t end = block_device_aligned_bytes(engine->device);
	while (work->position < end && engine_goes_on(engine)) {
		bool wait = transfer_in_flight(engine->transfer) >= engine_allowed_in_flight(engine);
		struct transfer_slot *slot = transfer_take(engine->transfer, wait);
		if (slot->finished)
			settle(work, slot);
		if (engine_goes_on(engine))
			submit(work, slot, end);
		else
			transfer_give_back(engine->transfer, slot);
		if (engine_mark_is_due(engine))
			mark(work);
	}
	drain(work);
}

/* The odd end of an image, shorter than a block. */
static void write_tail(struct overwriting *work)
{
	struct engine *engine = work->engine;
	size_t length = (size_t)(engine->device->size_bytes - work->position);
	if (length == 0 || !engine_goes_on(engine))
		return;
	content_fill(work->content, work->position, engine->block_buffer, length);
	int status = block_write(engine->device, engine->block_buffer, length, work->position);
	if (status < 0)
		handle_failure(work, engine->block_buffer, length, work->position, -status);
	else
		note_written(work, work->position, length);
	engine_settle(engine, work->position, length);
	work->position += length;
}

int overwrite_pass(struct engine *engine, uint32_t pass, struct error *error)
{
	struct overwriting work = {.engine = engine, .record = &engine->state->passes[pass]};
	engine->chunk_bytes = chunk_for(engine, &engine->plan->passes[pass].pattern);
	int status = content_open(engine->plan, pass, false, engine->chunk_bytes, &work.content, error);
	if (status < 0)
		return status;
	work.position = work.flushed_to = engine->state->offset_bytes;
	work.errors_before = work.record->errors;
	if (!work.record->started[0])
		clock_now(work.record->started);
	engine_begin_step(engine, PROGRESS_WRITING, engine->device->size_bytes);
	engine->progress.done_bytes += work.position;
	engine->progress.run_done_bytes += work.position;
	const void *constant = content_constant(work.content, 0, engine->chunk_bytes);
	transfer_share(engine->transfer, constant, constant ? engine->chunk_bytes : 0);
	write_blocks(&work);
	write_tail(&work);
	engine_report(engine, PROGRESS_SYNCING);
	if (engine->state->stop == STOP_NONE) {
		flush(&work);
		engine_account(engine, &work.record->elapsed_ns);
		clock_now(work.record->finished);
	} else {
		mark(&work);
	}
	transfer_share(engine->transfer, NULL, 0);
	ranges_release(&work.bad);
	content_close(&work.content);
	return 0;
}
