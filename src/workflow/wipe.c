#include "src/workflow/wipe_internal.h"

#include "certs/identity.h"
#include "src/base/file.h"
#include "src/base/json.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

enum { POLL_MS = 100 };
static const uint64_t stop_within_ns = 900000000; /* a stop takes less than a second, whatever hangs */

int wipe_batch_open(const char *home, struct wipe_batch **batch, struct error *error)
{
	CLEANUP(wipe_batch_close) struct wipe_batch *made = calloc(1, sizeof *made);
	if (!made || !(made->home = strdup(home)))
		return error_set(error, ENOMEM, _("out of memory"));
	int status = policy_load(home, &made->policy, error);
	if (status < 0)
		return status;
	actor_find(&made->actor);
	*batch = made;
	made = NULL;
	return 0;
}

static void release_job(struct wipe_job *job)
{
	worker_release(&job->worker);
	guard_release(&job->guarded);
	state_release(&job->state);
	json_decref(job->body);
	free(job->target);
	free(job->asset);
	free(job->confidentiality);
	free(job->place);
	issued_release(&job->issued);
	free(job);
}

void wipe_batch_close(struct wipe_batch **batch)
{
	if (!*batch)
		return;
	for (struct wipe_job *job = (*batch)->jobs; job;) {
		struct wipe_job *next = job->next;
		release_job(job);
		job = next;
	}
	register_close(&(*batch)->reg);
	policy_release(&(*batch)->policy);
	free((*batch)->home);
	free(*batch);
	*batch = NULL;
}

int wipe_batch_open_register(struct wipe_batch *batch, struct error *error)
{
	return batch->reg ? 0 : register_open(batch->home, REGISTER_APPEND, &batch->reg, error);
}

const struct medium *wipe_job_medium(const struct wipe_job *job)
{
	return &job->guarded.medium;
}

const struct wipe_plan *wipe_job_plan(const struct wipe_job *job)
{
	return &job->plan;
}

const char *wipe_job_target(const struct wipe_job *job)
{
	return job->target;
}

bool wipe_job_is_resumed(const struct wipe_job *job)
{
	return job->resumes;
}

/* ── Planning ── */

static int read_retries(const struct policy *policy, uint32_t *retries, struct error *error)
{
	const char *text = policy_text(policy, "wipe", "retries");
	char *end;
	unsigned long value = strtoul(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || value > 10)
		return error_refuse(
		    error, EINVAL, _("the setting [wipe] retries is '%s', not a number from 0 to 10"), text);
	*retries = (uint32_t)value;
	return 0;
}

static int plan_job(struct wipe_job *job, const struct wipe_request *request, struct error *error)
{
	const struct policy *policy = job->batch->policy;
	const struct medium *medium = &job->guarded.medium;
	struct method method;
	uint32_t retries = 0;
	int status = read_retries(policy, &retries, error);
	if (status == 0)
		status =
		    method_find(request->method ? request->method : policy_text(policy, "wipe", "method"),
			policy_text(policy, "wipe", "custom"), &method, error);
	if (status == 0)
		status = plan_make(&method,
		    request->verify ? request->verify : policy_text(policy, "wipe", "verify"), retries,
		    medium->size_bytes, medium->logical_block_bytes, &job->plan, error);
	if (status == 0)
		state_start(&job->plan, &job->state);
	return status;
}

/* Policy §4-5.1.3: the ledger knows every medium by its asset number. */
static int check_asset(const struct wipe_job *job, struct error *error)
{
	const char *wanted = policy_text(job->batch->policy, "wipe", "asset-required");
	if (strcmp(wanted, "yes") != 0 && strcmp(wanted, "no") != 0)
		return error_refuse(error, EINVAL,
		    _("the setting [wipe] asset-required is '%s', neither yes nor no"), wanted);
	if (strcmp(wanted, "yes") == 0 && !job->asset[0]) {
		error_refuse(error, EINVAL, _("no asset number was given for %s"), job->target);
		error_advise(
		    error, _("name it with --asset; the settings demand it ([wipe] asset-required)"));
		return error->code;
	}
	return 0;
}

/* The zones of such a drive take only writes in order, and only after a reset. */
static int check_zones(const struct wipe_job *job, struct error *error)
{
	const char *zoned = job->guarded.medium.zoned;
	if (!zoned || strcmp(zoned, "host-managed") != 0)
		return 0;
	error_refuse(error, EOPNOTSUPP,
	    _("%s is a host-managed zoned drive, which this program cannot overwrite"), job->target);
	error_advise(error, _("have it destroyed, or use its own sanitize command"));
	return error->code;
}

static char *copy_text(const char *text)
{
	return strdup(text ? text : "");
}

static int describe_job(struct wipe_job *job, const struct wipe_request *request, struct error *error)
{
	const struct policy *policy = job->batch->policy;
	job->target = strdup(request->target);
	job->asset = copy_text(request->asset);
	job->confidentiality = copy_text(request->confidentiality);
	job->place =
	    copy_text(request->place ? request->place : policy_text(policy, "organisation", "place"));
	if (!job->target || !job->asset || !job->confidentiality || !job->place)
		return error_set(error, ENOMEM, _("out of memory"));
	job->guard = (struct guard_request){
	    .path = job->target, .image = request->image, .partition = request->partition};
	job->resumes = request->resume;
	int status = check_asset(job, error);
	if (status == 0)
		status = guard_describe(&job->guard, &job->guarded.medium, error);
	if (status == 0)
		status = check_zones(job, error);
	if (status == 0 && job->guarded.medium.obstacle_count) {
		medium_explain_obstacle(&job->guarded.medium, &job->guarded.medium.obstacles[0], error);
		status = error->code;
	}
	return status;
}

static bool is_equal(const char *one, const char *other)
{
	return one && other && strcmp(one, other) == 0;
}

static bool is_listed(const struct wipe_batch *batch, const struct medium *medium)
{
	for (const struct wipe_job *job = batch->jobs; job; job = job->next)
		if (is_equal(job->guarded.medium.path, medium->path) ||
		    (medium->number && job->guarded.medium.number == medium->number && !job->guard.image))
			return true;
	return false;
}

int wipe_batch_add(
    struct wipe_batch *batch, const struct wipe_request *request, struct wipe_job **job, struct error *error)
{
	struct wipe_job *made = calloc(1, sizeof *made);
	if (!made)
		return error_set(error, ENOMEM, _("out of memory"));
	made->batch = batch;
	made->worker = WORKER_NONE;
	made->guarded = GUARDED_NONE;
	int status = describe_job(made, request, error);
	if (status == 0 && is_listed(batch, &made->guarded.medium))
		status = error_refuse(error, EINVAL, _("%s is named twice"), request->target);
	if (status == 0 && !request->resume)
		status = plan_job(made, request, error);
	if (status < 0) {
		release_job(made);
		return status;
	}
	struct wipe_job **last = &batch->jobs;
	while (*last)
		last = &(*last)->next;
	*last = made;
	*job = made;
	return 0;
}

/* ── Opening: everything that can refuse does so before anything is written ── */

/* Between the description that the person confirmed and now it must not have become another one: two media
 * without a serial number may have one name and one size. */
static int check_confirmed(
    const struct wipe_job *job, const struct guarded_medium *opened, struct error *error)
{
	struct media_identity confirmed;
	const char *was = medium_confirmation(&job->guarded.medium);
	const char *now = medium_confirmation(&opened->medium);
	if (strcmp(was, now) != 0)
		return error_refuse(error, ESTALE,
		    _("%s is another medium than the one confirmed: '%s', now '%s'"), job->target, was, now);
	media_identity_of_medium(&job->guarded.medium, &confirmed);
	int status = media_identity_compare(&confirmed, &opened->identity, error);
	if (status < 0) {
		error->blame = ERROR_REFUSED;
		return error_prefix(error, "%s", job->target);
	}
	return 0;
}

static int open_medium(struct wipe_job *job, struct error *error)
{
	struct guarded_medium opened = GUARDED_NONE;
	int status = guard_open(&job->guard, &opened, error);
	if (status == 0)
		status = check_confirmed(job, &opened, error);
	if (status < 0) {
		guard_release(&opened);
		return status;
	}
	guard_release(&job->guarded);
	job->guarded = opened;
	return 0;
}

static int check_operator(struct wipe_batch *batch, struct error *error)
{
	CLEANUP(identity_close) struct identity *identity = NULL;
	int status = identity_open(batch->home, batch->passphrase, &identity, error);
	if (status < 0)
		return status;
	(void)snprintf(batch->operator_name, sizeof batch->operator_name, "%s", identity_name(identity));
	(void)snprintf(batch->operator_title, sizeof batch->operator_title, "%s", identity_title(identity));
	return 0;
}

static int open_all(struct wipe_batch *batch, struct error *error)
{
	int status = wipe_batch_open_register(batch, error);
	if (status == 0)
		status = check_operator(batch, error);
	for (struct wipe_job *job = batch->jobs; status == 0 && job; job = job->next) {
		status = open_medium(job, error);
		if (status == 0 && job->resumes)
			status = wipe_resume_find(job, batch->reg, error);
	}
	return status;
}

/* ── Running ── */

static int append(
    struct wipe_job *job, const char *kind, json_t *body, struct register_entry *entry, struct error *error)
{
	struct wipe_batch *batch = job->batch;
	if (!body)
		return error_set(error, ENOMEM, _("out of memory"));
	int status = register_append(
	    batch->reg, kind, &batch->actor, medium_confirmation(&job->guarded.medium), body, entry, error);
	json_decref(body);
	return status;
}

static int record_intent(struct wipe_job *job, struct error *error)
{
	CLEANUP(register_entry_release) struct register_entry entry = {0};
	if (job->resumes)
		return append(
		    job, "wipe.resumed", json_pack("{s:I}", "intent", (json_int_t)job->intent), NULL, error);
	int status = append(job, "wipe.planned", wipe_record_planned(job), &entry, error);
	job->intent = entry.seq;
	clock_now(job->started);
	return status;
}

/* Takes a state that the job's process sent. */
static int take_state(struct wipe_job *job, const struct worker_message *message, struct error *error)
{
	struct wipe_state state;
	json_t *json = NULL;
	int status = json_parse_strict(message->bytes, message->length, _("the job's state"), &json, error);
	if (status < 0)
		return status;
	status = state_from_json(json, &job->plan, &state, error);
	if (status == 0 && message->kind == WORKER_MARK)
		status = append(job, "wipe.marked",
		    json_pack("{s:I, s:O}", "intent", (json_int_t)job->intent, "state", json), NULL, error);
	json_decref(json);
	if (status < 0) {
		state_release(&state);
		return status;
	}
	state_release(&job->state);
	job->state = state;
	job->has_result = message->kind == WORKER_RESULT;
	return 0;
}

/* The medium may be unplugged; what it is stays known. */
static void let_go(struct wipe_job *job)
{
	if (job->guarded.descriptor >= 0)
		close(job->guarded.descriptor);
	job->guarded.descriptor = -1;
}

static int issue(struct wipe_job *job, const struct register_entry *entry, struct error *error)
{
	const struct wipe_batch *batch = job->batch;
	struct wipe_outcome *outcome = &job->outcome;
	int status = issue_document(
	    batch->reg, batch->home, &batch->actor, batch->passphrase, entry, &job->issued, error);
	if (status < 0)
		return status;
	outcome->certified = !job->issued.is_report;
	outcome->number = job->issued.number;
	outcome->pdf = job->issued.paths.pdf;
	outcome->json = job->issued.paths.json;
	outcome->signature = job->issued.paths.signature;
	return 0;
}

/* The job is over, however: outcome, then certificate. */
static void conclude(struct wipe_job *job, enum wipe_stop stop, const struct wipe_watcher *watcher)
{
	CLEANUP(register_entry_release) struct register_entry entry = {0};
	struct wipe_outcome *outcome = &job->outcome;
	struct error error = {0};
	job->is_running = false;
	worker_release(&job->worker);
	if (!job->has_result)
		job->state.stop = stop;
	struct verdict verdict = verdict_of(&job->plan, &job->state);
	outcome->result = verdict.result;
	outcome->level = verdict.level;
	job->body = wipe_record_finished(job, &verdict);
	int status = append(job, "wipe.finished", json_incref(job->body), &entry, &error);
	if (status == 0) {
		outcome->finished = true;
		outcome->body = job->body;
		outcome->seq = entry.seq;
		status = issue(job, &entry, &error);
	}
	if (status < 0)
		outcome->failure = error;
	verdict_release(&verdict);
	let_go(job);
	watcher->finished(watcher->context, job, outcome);
}

static void start_job(struct wipe_job *job, const struct wipe_watcher *watcher)
{
	const struct worker_options options = {
	    .rights = WORKER_TRUSTED, .descriptors = &job->guarded.descriptor, .descriptor_count = 1};
	struct error *failure = &job->outcome.failure;
	if (record_intent(job, failure) < 0) {
		let_go(job);
		watcher->finished(watcher->context, job, &job->outcome);
	} else if (worker_start(&job->worker, &options, wipe_job_work, job, failure) < 0) {
		conclude(job, STOP_CRASHED, watcher);
	} else {
		job->is_running = true;
	}
}

/* Everything the job's process has to say now. */
static void listen(struct wipe_job *job, const struct wipe_watcher *watcher)
{
	struct worker_message message;
	struct error error = {0};
	for (;;) {
		worker_receive(&job->worker, &message);
		switch (message.kind) {
		case WORKER_NOTHING:
			return;
		case WORKER_PROGRESS:
			watcher->progress(watcher->context, job, &message.progress);
			break;
		case WORKER_MARK:
		case WORKER_RESULT:
			/* What cannot be recorded must not go on. */
			if (take_state(job, &message, &error) < 0) {
				job->outcome.failure = error;
				worker_cancel(&job->worker);
			} else if (message.kind == WORKER_MARK) {
				worker_acknowledge(&job->worker);
			}
			break;
		case WORKER_ENDED:
			if (job->worker.failure.code < 0)
				job->outcome.failure = job->worker.failure;
			conclude(job, STOP_CRASHED, watcher);
			return;
		}
	}
}

static size_t wait_for_jobs(struct wipe_batch *batch)
{
	struct pollfd waits[256];
	size_t running = 0;
	for (struct wipe_job *job = batch->jobs; job; job = job->next)
		if (job->is_running && running < LENGTH_OF(waits))
			waits[running++] = (struct pollfd){.fd = job->worker.descriptor, .events = POLLIN};
	if (running)
		(void)poll(waits, running, POLL_MS);
	return running;
}

static void run_jobs(
    struct wipe_batch *batch, const volatile sig_atomic_t *stop, const struct wipe_watcher *watcher)
{
	uint64_t deadline_ns = 0;
	while (wait_for_jobs(batch)) {
		uint64_t now_ns = clock_monotonic_ns();
		bool stop_now = *stop && !deadline_ns;
		if (stop_now)
			deadline_ns = now_ns + stop_within_ns;
		for (struct wipe_job *job = batch->jobs; job; job = job->next) {
			if (!job->is_running)
				continue;
			if (stop_now)
				worker_cancel(&job->worker);
			listen(job, watcher);
			if (job->is_running && deadline_ns && now_ns >= deadline_ns)
				conclude(job, STOP_SIGNAL, watcher);
		}
	}
}

int wipe_batch_run(struct wipe_batch *batch, const struct secret *passphrase,
    const volatile sig_atomic_t *stop, const struct wipe_watcher *watcher, struct error *error)
{
	batch->passphrase = passphrase;
	int status = open_all(batch, error);
	if (status < 0)
		return status;
	for (struct wipe_job *job = batch->jobs; job; job = job->next)
		start_job(job, watcher);
	run_jobs(batch, stop, watcher);
	for (const struct wipe_job *job = batch->jobs; job; job = job->next)
		if (!job->outcome.finished)
			return error_set(error, EIO, "%s", job->outcome.failure.sentence);
	return 0;
}
