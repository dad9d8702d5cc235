/* Inside the wipe workflow only. */
#pragma once

#include "src/base/actor.h"
#include "src/base/policy.h"
#include "src/base/worker.h"
#include "src/media/guard.h"
#include "src/register/register.h"
#include "src/workflow/issue.h"
#include "src/workflow/wipe.h"
#include "wipe/run.h"

struct wipe_job {
	struct wipe_batch *batch;
	bool is_running;
	char *target;
	struct guard_request guard; /* points into the job */
	char *asset;
	char *confidentiality;
	char *place;
	struct guarded_medium
	    guarded; /* its medium is described from the start, its descriptor open from the run on */
	struct wipe_plan plan;
	struct wipe_state state; /* as of the last durable mark, then the final one */
	bool has_result;         /* state is the job's own last word */
	uint32_t resumed;        /* how often */
	bool resumes;
	uint64_t intent; /* seq */
	char started[CLOCK_TEXT_SIZE];
	struct worker worker;
	json_t *body;
	struct wipe_outcome outcome;
	struct issued issued;
	struct wipe_job *next;
};

struct wipe_batch {
	char *home;
	struct policy *policy;
	struct wipe_job *jobs;
	struct reg *reg;
	struct actor actor;
	char operator_name[256];
	char operator_title[256];
	const struct secret *passphrase; /* borrowed during the run */
};

/* The part of the work that happens in the job's own process. */
worker_function wipe_job_work;

/* The bodies of the entries; NULL without memory. */
json_t *wipe_record_planned(const struct wipe_job *job);
json_t *wipe_record_finished(const struct wipe_job *job, const struct verdict *verdict);

/* Finds the interrupted run of the job's medium in the register: its plan and last mark become the job's.
 * -ENOENT (refused) when there is none. */
int wipe_resume_find(struct wipe_job *job, struct reg *reg, struct error *error);
