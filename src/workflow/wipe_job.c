/* The job's own process: the wipe between a descriptor and a pipe. */
#include "src/workflow/wipe_internal.h"

#include "src/base/json.h"

#include <errno.h>

struct working {
	struct worker_channel *channel;
	const struct wipe_job *job;
};

static void send_progress(void *context, const struct progress *progress)
{
	struct working *working = context;
	worker_send_progress(working->channel, progress);
}

typedef void sender(struct worker_channel *channel, const void *bytes, size_t length);

static int send_state(
    struct working *working, const struct wipe_state *state, sender *send, struct error *error)
{
	CLEANUP_BUFFER struct buffer text = BUFFER_EMPTY;
	json_t *json = state_to_json(&working->job->plan, state);
	int status =
	    json ? json_write_canonical(json, &text, error) : error_set(error, ENOMEM, _("out of memory"));
	json_decref(json);
	if (status == 0)
		send(working->channel, text.data, text.length);
	return status;
}

static void send_mark(void *context, const struct wipe_state *state)
{
	struct error ignored; /* a mark that cannot be told is one that a resumed run does over */
	(void)send_state(context, state, worker_send_mark, &ignored);
}

static bool is_cancelled(void *context)
{
	const struct working *working = context;
	return worker_is_cancelled(working->channel);
}

static int check_identity(void *context, struct error *error)
{
	const struct working *working = context;
	const struct guarded_medium *guarded = &working->job->guarded;
	struct media_identity now;
	int status = media_identity_read(guarded->descriptor, &now, error);
	return status < 0 ? status : media_identity_compare(&guarded->identity, &now, error);
}

int wipe_job_work(struct worker_channel *channel, void *argument, struct error *error)
{
	struct wipe_job *job = argument;
	struct working working = {.channel = channel, .job = job};
	const struct wipe_observer observer = {.context = &working,
	    .progress = send_progress,
	    .mark = send_mark,
	    .is_cancelled = is_cancelled,
	    .check_identity = check_identity};
	const struct block_device device = {.descriptor = job->guarded.descriptor,
	    .size_bytes = job->plan.size_bytes,
	    .block_bytes = job->plan.block_bytes,
	    .direct = job->guarded.direct};
	const struct wipe_tuning tuning = {0};
	int status = wipe_run(&job->plan, &device, &observer, &tuning, &job->state, error);
	return status < 0 ? status : send_state(&working, &job->state, worker_send_result, error);
}
