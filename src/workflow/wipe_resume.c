/* Where an interrupted wipe stood: found again in the register. */
#include "src/workflow/wipe_internal.h"

#include "src/base/clock.h"
#include "src/base/json.h"

#include <errno.h>
#include <string.h>

struct search {
	const struct wipe_job *job;
	bool found;
	uint64_t intent;
	uint32_t resumed;
	json_t *planned; /* body of the intent */
	json_t *state;   /* of its last mark, or NULL */
	char started[CLOCK_TEXT_SIZE];
};

/* Whether the device has been the same since the entry was made: in this boot, without having been plugged
 * anew. */
static bool is_same_attachment(
    const struct media_identity *was, const struct media_identity *now, const char *entry_time)
{
	struct timespec up;
	time_t then;
	if (clock_parse(entry_time, &then) < 0 || clock_gettime(CLOCK_BOOTTIME, &up) < 0)
		return false;
	return then > time(NULL) - up.tv_sec && was->number == now->number && was->disk_sequence &&
	       was->disk_sequence == now->disk_sequence;
}

/* A loop device is known again by the file behind it. */
static bool has_same_backing(const struct wipe_job *job, const json_t *body, const struct media_identity *was)
{
	const char *before = json_text(json_object_get(body, "medium"), "backing_file", NULL);
	const char *now = job->guarded.medium.backing_file;
	return before && now && strcmp(before, now) == 0 && was->inode &&
	       was->inode == job->guarded.identity.inode;
}

/* Device numbers and the disk sequence change with every boot and every plug: a medium is known again by
 * serial number, WWN and size; an image by its file. One that has neither cannot be told from another of its
 * kind, whose passes would be claimed for it: it is the same only while it stays where it is. */
static bool is_same_medium(const struct wipe_job *job, const struct register_entry *entry)
{
	const json_t *body = json_object_get(entry->json, "body");
	struct media_identity was;
	struct error ignored;
	const struct media_identity *now = &job->guarded.identity;
	if (media_identity_from_json(json_object_get(body, "identity"), &was, &ignored) < 0 ||
	    was.size_bytes != now->size_bytes)
		return false;
	if (json_is_true(json_object_get(body, "image")) != job->guard.image ||
	    json_is_true(json_object_get(body, "partition")) != job->guard.partition)
		return false;
	if (job->guard.image)
		return was.inode == now->inode && was.number == now->number;
	if (strcmp(was.serial, now->serial) != 0 || strcmp(was.wwn, now->wwn) != 0)
		return false;
	if (!was.serial[0] && !was.wwn[0])
		return has_same_backing(job, body, &was) ||
		       is_same_attachment(&was, now, json_text(entry->json, "time", ""));
	return !job->guard.partition ||
	       strcmp(json_text(entry->json, "subject", ""), medium_confirmation(&job->guarded.medium)) == 0;
}

static void take_intent(struct search *search, const struct register_entry *entry)
{
	json_decref(search->planned);
	json_decref(search->state);
	search->found = true;
	search->intent = entry->seq;
	search->resumed = 0;
	search->planned = json_incref(json_object_get(entry->json, "body"));
	search->state = NULL;
	(void)snprintf(search->started, sizeof search->started, "%s", json_text(entry->json, "time", ""));
}

static int visit(void *context, const struct register_entry *entry, struct error *error)
{
	struct search *search = context;
	const char *kind = json_text(entry->json, "kind", "");
	const json_t *body = json_object_get(entry->json, "body");
	bool ours = search->found && json_count(body, "intent", UINT64_MAX) == search->intent;
	(void)error;
	if (strcmp(kind, "wipe.planned") == 0) {
		if (is_same_medium(search->job, entry))
			take_intent(search, entry);
	} else if (ours && strcmp(kind, "wipe.marked") == 0) {
		json_decref(search->state);
		search->state = json_incref(json_object_get(body, "state"));
	} else if (ours && strcmp(kind, "wipe.resumed") == 0) {
		search->resumed++;
	} else if (ours && strcmp(kind, "wipe.finished") == 0 &&
		   strcmp(json_text(body, "result", ""), "interrupted") != 0) {
		search->found = false;
	}
	return 0;
}

static int take_over(struct wipe_job *job, const struct search *search, struct error *error)
{
	int status = plan_from_json(search->planned, &job->plan, error);
	if (status == 0 && job->plan.block_bytes != job->guarded.medium.logical_block_bytes)
		status = error_refuse(error, ESTALE,
		    _("%s now has blocks of %u bytes; it had %u when it was interrupted"), job->target,
		    job->guarded.medium.logical_block_bytes, job->plan.block_bytes);
	if (status == 0 && search->state)
		status = state_from_json(search->state, &job->plan, &job->state, error);
	else if (status == 0)
		state_start(&job->plan, &job->state);
	if (status == 0)
		state_step_back(&job->plan, &job->state);
	job->intent = search->intent;
	job->resumed = search->resumed + 1;
	memcpy(job->started, search->started, sizeof job->started);
	return status;
}

int wipe_resume_find(struct wipe_job *job, struct reg *reg, struct error *error)
{
	struct search search = {.job = job};
	int status = register_each(reg, 0, NULL, visit, &search, error);
	if (status == 0 && search.found) {
		status = take_over(job, &search, error);
	} else if (status == 0) {
		status = error_refuse(
		    error, ENOENT, _("no interrupted wipe of %s is in the register"), job->target);
		error_advise(error, _("start a new one without --resume"));
	}
	json_decref(search.planned);
	json_decref(search.state);
	return status;
}
