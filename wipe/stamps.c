/* Stamps: blocks that only their own address can hold, laid over a pass of fixed bytes while it is read back.
 */
#include "wipe/engine.h"

#include <errno.h>

static void write_block(struct engine *engine, struct content *content, uint32_t pass, uint64_t index)
{
	uint64_t offset_bytes = stamp_offset(engine->plan, index);
	size_t length = stamp_length(engine->plan, index);
	content_fill(content, offset_bytes, engine->block_buffer, length);
	int status = block_write_retrying(
	    engine->device, engine->block_buffer, length, offset_bytes, engine->plan->retries);
	if (status == 0 || engine_ends_with(engine, -status))
		return;
	if (!ranges_contain(&engine->state->exceptions, offset_bytes, length, RANGE_WRITE_ERROR)) {
		ranges_add(&engine->state->exceptions, offset_bytes, length, RANGE_WRITE_ERROR);
		map_add_error(&engine->state->map, offset_bytes);
		engine->state->passes[pass].errors++;
	}
}

static void write_all(struct engine *engine, struct content *content, uint32_t pass)
{
	uint64_t count = stamp_count(engine->plan);
	for (uint64_t i = 0; i < count && engine_goes_on(engine); i++)
		write_block(engine, content, pass, i);
	int status = block_flush(engine->device);
	if (status < 0 && !engine_ends_with(engine, -status))
		engine->state->passes[pass].errors++;
}

static void read_all_back(struct engine *engine, struct content *content)
{
	uint64_t count = stamp_count(engine->plan);
	/* The read-back counted these bytes already, when they were stamps. */
	uint64_t read_bytes = engine->state->read_bytes;
	if (!engine->device->direct)
		block_drop_cache(engine->device);
	for (uint64_t i = 0; i < count && engine_goes_on(engine); i++) {
		uint64_t offset_bytes = stamp_offset(engine->plan, i);
		size_t length = stamp_length(engine->plan, i);
		int status = block_read(engine->device, engine->block_buffer, length, offset_bytes);
		if (status == 0)
			verify_compare(engine, content, offset_bytes, engine->block_buffer, length);
		else if (!engine_ends_with(engine, -status))
			ranges_add(&engine->state->exceptions, offset_bytes, length, RANGE_READ_ERROR);
	}
	engine->state->read_bytes = read_bytes;
}

static int lay(struct engine *engine, uint32_t pass, bool stamped, bool read_back, struct error *error)
{
	struct content *content = NULL;
	int status = content_open(
	    engine->plan, pass, stamped, BLOCK_IO_ALIGNMENT * PATTERN_MAXIMUM_BYTES, &content, error);
	if (status < 0)
		return status;
	engine_begin_step(engine, PROGRESS_CHECKING_ADDRESSES, 0);
	write_all(engine, content, pass);
	if (read_back)
		read_all_back(engine, content);
	engine_account(engine, &engine->state->stamp_ns);
	content_close(&content);
	return 0;
}

int stamps_place(struct engine *engine, uint32_t pass, struct error *error)
{
	engine->state->stamp_count = stamp_count(engine->plan);
	return lay(engine, pass, true, false, error);
}

int stamps_remove(struct engine *engine, uint32_t pass, struct error *error)
{
	return lay(engine, pass, false, true, error);
}
