/* Erasing media: plan → intent → job → outcome → certificate, for one medium or many at once, each in a
 * process of its own. Knows no terminal: a command, a desk or a service drives it through these calls. */
#pragma once

#include "src/base/error.h"
#include "src/base/progress.h"
#include "src/base/secret.h"
#include "src/media/medium.h"
#include "wipe/plan.h"
#include "wipe/verdict.h"

#include <jansson.h>
#include <signal.h>
#include <stdbool.h>

struct wipe_batch;
struct wipe_job; /* one medium of a batch */

/* What is asked for one medium. Texts that are NULL come from the settings, or are empty. */
struct wipe_request {
	const char *target; /* path of the device, or of an image file */
	bool image;
	bool partition;
	bool resume; /* go on with the interrupted run of this medium: method and verification are that run's
		      */
	const char *method;
	const char *verify;
	const char *asset; /* number in the ledger of assets (policy §4-5.1.3) */
	const char
	    *confidentiality; /* of what it held: "極秘", "社外秘", "公開" or the organisation's own word */
	const char *place;
};

/* Reads the settings below home. A plan can be seen before setup. */
int wipe_batch_open(const char *home, struct wipe_batch **batch, struct error *error);
void wipe_batch_close(struct wipe_batch **batch);
/* Opens the register, so that what is missing is known before a person is asked anything. -ENOENT (refused)
 * before setup. Part of wipe_batch_run() when it was not called. */
int wipe_batch_open_register(struct wipe_batch *batch, struct error *error);

/* Describes the medium and plans its erasure. Nothing is written and nothing locked. Refused when the medium
 * must not be erased, whatever the reason. The job belongs to the batch. */
int wipe_batch_add(
    struct wipe_batch *batch, const struct wipe_request *request, struct wipe_job **job, struct error *error);

const struct medium *wipe_job_medium(const struct wipe_job *job);
const struct wipe_plan *wipe_job_plan(const struct wipe_job *job);
const char *wipe_job_target(const struct wipe_job *job);
bool wipe_job_is_resumed(const struct wipe_job *job);

/* How a job ended. */
struct wipe_outcome {
	bool finished; /* the register has the outcome; else failure tells why not even that was possible */
	struct error
	    failure; /* code 0, or what went wrong (also with finished: the certificate could not be made) */
	enum wipe_result result;
	enum wipe_level level;
	const json_t *body; /* of the `wipe.finished` entry; NULL unless finished */
	uint64_t seq;       /* of that entry */
	bool certified;     /* the files below are a certificate; else they are a report */
	const char *number; /* NULL when no files were made */
	const char *pdf;    /* paths */
	const char *json;
	const char *signature;
};

struct wipe_watcher {
	void *context;
	void (*progress)(void *context, const struct wipe_job *job, const struct progress *progress);
	void (*finished)(void *context, const struct wipe_job *job, const struct wipe_outcome *outcome);
};

/* Opens every medium exclusively (refused as a whole when one cannot be had), then runs all jobs at once and
 * records them. passphrase unlocks the operator's key and is checked before anything is touched. A *stop that
 * becomes non-zero ends all jobs within a second. Returns 0 when every job came to its outcome, whatever that
 * is. */
int wipe_batch_run(struct wipe_batch *batch, const struct secret *passphrase,
    const volatile sig_atomic_t *stop, const struct wipe_watcher *watcher, struct error *error);
