/* Inside the job only: what its steps (overwrite, verify, stamps) share. */
#pragma once

#include "wipe/content.h"
#include "wipe/run.h"

struct engine {
	const struct wipe_plan *plan;
	const struct block_device *device;
	const struct wipe_observer *observer;
	struct wipe_state *state;
	struct step steps[STEPS_MAXIMUM];
	size_t step_count;

	struct transfer *transfer;
	unsigned depth;
	size_t chunk_bytes; /* of this step */
	size_t chunk_bytes_maximum;
	unsigned char *block_buffer; /* chunk_bytes_maximum, aligned: for work around errors */
	unsigned char
	    *probe_buffer; /* a block: what a look at the medium reads, apart from what is written */

	bool has_good_place; /* a transfer has succeeded at good_offset in this run */
	uint64_t good_offset;

	struct progress progress;
	uint64_t accounted_ns; /* up to here the time is in a pass's or the verification's account */
	uint64_t reported_ns;
	uint64_t marked_ns;
	uint64_t settled_ns; /* when the last transfer ended */
	double bytes_per_ns; /* lately */
	bool metered;        /* this step is drawn on the map */
	struct map_meter meter;
};

/* Whether the run goes on; asks the observer for a cancel. */
bool engine_goes_on(struct engine *engine);

/* How many transfers may be in flight now, so that a stop is noticed within a second on a slow medium too. */
unsigned engine_allowed_in_flight(const struct engine *engine);

/* Counts a transfer of this step that has ended: rate, progress, map. */
void engine_settle(struct engine *engine, uint64_t offset_bytes, uint64_t length_bytes);

/* Sends the progress now. */
void engine_report(struct engine *engine, enum progress_activity activity);

/* A step begins: what it will do. */
void engine_begin_step(struct engine *engine, enum progress_activity activity, uint64_t total_bytes);

/* Puts the time since the last call into *account_ns, and what was measured onto the map. */
void engine_account(struct engine *engine, uint64_t *account_ns);

/* Whether it is time for a mark within a step. */
bool engine_mark_is_due(const struct engine *engine);

/* A mark: everything before offset_bytes of this step is durable. */
void engine_mark(struct engine *engine, uint64_t offset_bytes);

/* After a transfer failed: whether that ends the run, because the medium no longer answers at all, or an
 * image finds no room. errnum is positive. */
bool engine_ends_with(struct engine *engine, int errnum);

/* The steps. offset_bytes of the state says where to begin. Negative only without memory. */
int overwrite_pass(struct engine *engine, uint32_t pass, struct error *error);
int verify_pass(struct engine *engine, uint32_t pass, struct error *error);
int stamps_place(struct engine *engine, uint32_t pass, struct error *error);
int stamps_remove(struct engine *engine, uint32_t pass, struct error *error);

/* How many bytes a read-back of one pass reads. */
uint64_t verify_total_bytes(const struct wipe_plan *plan);

/* Compares what was read with the content, block by block where it differs, and counts. */
void verify_compare(struct engine *engine, struct content *content, uint64_t offset_bytes,
    const unsigned char *bytes, size_t length);
