#include "wipe/run.h"

#include "src/base/clock.h"
#include "wipe/engine.h"

#include <errno.h>
#include <stdlib.h>

#define SECOND_NS UINT64_C(1000000000)

/* 1 MiB stays in the caches between the generator and the kernel's copy; eight of them keep a device busy. */
enum { DEFAULT_CHUNK_BYTES = 1024 * 1024, DEFAULT_DEPTH = 8 };

enum { PROBE_BYTES = 65536 }; /* the largest logical block */

static const uint64_t report_every_ns = SECOND_NS / 5;
static const uint64_t mark_every_ns = 30 * SECOND_NS;

bool engine_goes_on(struct engine *engine)
{
	if (engine->state->stop == STOP_NONE && engine->observer->is_cancelled(engine->observer->context))
		engine->state->stop = STOP_SIGNAL;
	return engine->state->stop == STOP_NONE;
}

unsigned engine_allowed_in_flight(const struct engine *engine)
{
	/* What is in flight must land within a third of a second. */
	double chunks = engine->bytes_per_ns * (double)SECOND_NS / 3 / (double)engine->chunk_bytes;
	if (chunks < 2)
		return 2;
	return chunks < engine->depth ? (unsigned)chunks : engine->depth;
}

void engine_settle(struct engine *engine, uint64_t offset_bytes, uint64_t length_bytes)
{
	uint64_t now_ns = clock_monotonic_ns();
	uint64_t elapsed_ns = now_ns - engine->settled_ns;
	struct progress *progress = &engine->progress;
	/* An average over about two seconds. */
	double weight = (double)elapsed_ns / (2.0 * (double)SECOND_NS);
	double rate = (double)length_bytes / (double)(elapsed_ns ? elapsed_ns : 1);
	if (engine->bytes_per_ns == 0)
		weight = 1;
	engine->bytes_per_ns += (weight < 1 ? weight : 1) * (rate - engine->bytes_per_ns);
	engine->settled_ns = now_ns;
	progress->done_bytes += length_bytes;
	progress->run_done_bytes += length_bytes;
	if (now_ns - engine->reported_ns >= report_every_ns)
		engine_report(engine, progress->activity);
	if (engine->metered)
		map_meter_add(&engine->meter, &engine->state->map, offset_bytes, length_bytes, elapsed_ns);
}

void engine_report(struct engine *engine, enum progress_activity activity)
{
	struct progress shown = engine->progress;
	double per_second = engine->bytes_per_ns * (double)SECOND_NS;
	uint64_t left_bytes =
	    shown.run_total_bytes > shown.run_done_bytes ? shown.run_total_bytes - shown.run_done_bytes : 0;
	shown.activity = activity;
	shown.bytes_per_second = (uint64_t)per_second;
	shown.seconds_left = per_second >= 1 ? (uint64_t)((double)left_bytes / per_second + 0.5) : 0;
	shown.errors = engine->state->exceptions.count + engine->state->exceptions.omitted;
	engine->reported_ns = clock_monotonic_ns();
	engine->observer->progress(engine->observer->context, &shown);
}

void engine_begin_step(struct engine *engine, enum progress_activity activity, uint64_t total_bytes)
{
	const struct step *step = &engine->steps[engine->state->step];
	engine->progress.activity = activity;
	engine->progress.pass = step->pass + 1;
	engine->progress.passes = engine->plan->pass_count;
	engine->progress.done_bytes = 0;
	engine->progress.total_bytes = total_bytes;
	engine->metered = step->pass + 1 == engine->plan->pass_count &&
			  (step->kind == STEP_WRITE || step->kind == STEP_VERIFY);
	engine->meter = (struct map_meter){.reading = step->kind == STEP_VERIFY};
	engine->settled_ns = engine->accounted_ns = clock_monotonic_ns();
	engine_report(engine, activity);
}

void engine_account(struct engine *engine, uint64_t *account_ns)
{
	uint64_t now_ns = clock_monotonic_ns();
	*account_ns += now_ns - engine->accounted_ns;
	engine->accounted_ns = now_ns;
	map_meter_flush(&engine->meter, &engine->state->map);
}

bool engine_mark_is_due(const struct engine *engine)
{
	return clock_monotonic_ns() - engine->marked_ns >= mark_every_ns;
}

void engine_mark(struct engine *engine, uint64_t offset_bytes)
{
	engine->state->offset_bytes = offset_bytes;
	engine->observer->mark(engine->observer->context, engine->state);
	engine->marked_ns = clock_monotonic_ns();
}

/* Whether a single block there can still be read. */
static bool answers_at(struct engine *engine, uint64_t offset_bytes)
{
	return block_read(engine->device, engine->probe_buffer, engine->device->block_bytes, offset_bytes) ==
	       0;
}

static void stop(struct engine *engine, enum wipe_stop reason)
{
	if (engine->state->stop == STOP_NONE)
		engine->state->stop = reason;
}

bool engine_ends_with(struct engine *engine, int errnum)
{
	if (errnum == ENOSPC || errnum == EDQUOT) {
		stop(engine, STOP_NO_SPACE);
		return true;
	}
	const struct block_device *device = engine->device;
	uint64_t aligned = block_device_aligned_bytes(device);
	bool gone = block_error_is_gone(errnum);
	if (!gone && aligned) {
		/* A medium with bad places answers where it did before, or at one of these. */
		uint64_t blocks = aligned / device->block_bytes;
		gone = !(engine->has_good_place && answers_at(engine, engine->good_offset)) &&
		       !answers_at(engine, 0) && !answers_at(engine, blocks / 2 * device->block_bytes) &&
		       !answers_at(engine, (blocks - 1) * device->block_bytes);
	}
	if (gone)
		stop(engine, STOP_MEDIUM_GONE);
	return gone;
}

static bool identity_holds(struct engine *engine)
{
	struct error reason = {0};
	int status = engine->observer->check_identity(engine->observer->context, &reason);
	if (status == 0)
		return true;
	engine->state->stop = status == -ESTALE ? STOP_IDENTITY_CHANGED : STOP_MEDIUM_GONE;
	return false;
}

static int run_step(struct engine *engine, struct error *error)
{
	const struct step *step = &engine->steps[engine->state->step];
	switch (step->kind) {
	case STEP_WRITE:
		return identity_holds(engine) ? overwrite_pass(engine, step->pass, error) : 0;
	case STEP_STAMP:
		return stamps_place(engine, step->pass, error);
	case STEP_VERIFY:
		return verify_pass(engine, step->pass, error);
	case STEP_UNSTAMP:
		return stamps_remove(engine, step->pass, error);
	}
	return 0;
}

static void count_run_bytes(struct engine *engine)
{
	const struct wipe_state *state = engine->state;
	for (size_t i = 0; i < engine->step_count; i++) {
		uint64_t bytes = engine->steps[i].kind == STEP_WRITE    ? engine->plan->size_bytes
				 : engine->steps[i].kind == STEP_VERIFY ? verify_total_bytes(engine->plan)
									: 0;
		engine->progress.run_total_bytes += bytes;
		if (i < state->step)
			engine->progress.run_done_bytes += bytes;
	}
}

static int prepare(struct engine *engine, const struct wipe_tuning *tuning, struct error *error)
{
	engine->chunk_bytes_maximum = tuning->chunk_bytes ? tuning->chunk_bytes : DEFAULT_CHUNK_BYTES;
	engine->depth = tuning->depth ? tuning->depth : DEFAULT_DEPTH;
	engine->block_buffer = aligned_alloc(BLOCK_IO_ALIGNMENT, engine->chunk_bytes_maximum);
	engine->probe_buffer = aligned_alloc(BLOCK_IO_ALIGNMENT, PROBE_BYTES);
	if (!engine->block_buffer || !engine->probe_buffer)
		return error_set(error, ENOMEM, _("out of memory"));
	engine->state->stop = STOP_NONE;
	engine->state->cache_dropped |= !engine->device->direct;
	engine->step_count = plan_steps(engine->plan, engine->steps);
	engine->marked_ns = clock_monotonic_ns();
	count_run_bytes(engine);
	return transfer_open(engine->device, tuning->engine, engine->depth, engine->chunk_bytes_maximum,
	    &engine->transfer, error);
}

int wipe_run(const struct wipe_plan *plan, const struct block_device *device,
    const struct wipe_observer *observer, const struct wipe_tuning *tuning, struct wipe_state *state,
    struct error *error)
{
	struct engine engine = {.plan = plan, .device = device, .observer = observer, .state = state};
	int status = prepare(&engine, tuning, error);
	while (status == 0 && state->step < engine.step_count && engine_goes_on(&engine)) {
		status = run_step(&engine, error);
		if (status < 0 || state->stop != STOP_NONE)
			break;
		state->step++;
		engine_mark(&engine, 0);
	}
	transfer_close(&engine.transfer);
	free(engine.block_buffer);
	free(engine.probe_buffer);
	return status;
}
