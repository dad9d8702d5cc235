/* What will be done to one medium: a value, printable as JSON, before anything has happened. */
#pragma once

#include "src/base/error.h"
#include "src/base/keystream.h"
#include "wipe/method.h"

#include <jansson.h>
#include <stdint.h>

enum verify_mode { VERIFY_NONE, VERIFY_LAST, VERIFY_ALL, VERIFY_SAMPLE };

struct planned_pass {
	struct pattern pattern;
	unsigned char key[KEYSTREAM_KEY_BYTES]; /* of the random stream, when pattern.random */
};

struct wipe_plan {
	char method_id[32];
	char method_name[96];
	char method_source[224];
	struct planned_pass passes[METHOD_MAXIMUM_PASSES];
	uint32_t pass_count; /* 1 or more */
	enum verify_mode verify;
	uint32_t sample_percent;                 /* 1 … 100, with VERIFY_SAMPLE */
	unsigned char seed[KEYSTREAM_KEY_BYTES]; /* chooses the sampled places; its stream fills the stamps */
	uint32_t retries;
	uint64_t size_bytes;
	uint32_t block_bytes; /* logical block */
};

/* Reads "none", "last", "all" or "sample:N%" (the % may be left out; N 1 … 100). -EINVAL (refused) otherwise.
 */
int plan_parse_verify(
    const char *text, enum verify_mode *mode, uint32_t *sample_percent, struct error *error);

/* Plans a method for a medium of this size: each random pass gets its own key from the kernel. verify is as
 * above. */
int plan_make(const struct method *method, const char *verify, uint32_t retries, uint64_t size_bytes,
    uint32_t block_bytes, struct wipe_plan *plan, struct error *error);

/* One step of the work. */
enum step_kind {
	STEP_WRITE,   /* a pass */
	STEP_STAMP,   /* blocks of the seed's stream, each at its own address, over a pass of fixed bytes */
	STEP_VERIFY,  /* a pass is read back */
	STEP_UNSTAMP, /* the stamps are overwritten by the pass, and read back */
};

struct step {
	enum step_kind kind;
	uint32_t pass; /* index from 0 */
};

enum { STEPS_MAXIMUM = 2 * METHOD_MAXIMUM_PASSES + 2 };

/* The steps of a plan, in order; returns how many. A last pass of fixed bytes is verified under stamps,
 * because equal bytes everywhere cannot show that two addresses are one place of a medium with a false
 * capacity. */
size_t plan_steps(const struct wipe_plan *plan, struct step steps[STEPS_MAXIMUM]);

/* The words of records: "none", "last", "all", "sample"; "write", "stamp", "verify", "unstamp". */
const char *plan_verify_word(enum verify_mode mode);
const char *plan_step_word(enum step_kind kind);

/* The members "method", "passes", "verification", "retries", "size_bytes" and "logical_block_bytes" of a
 * `wipe.planned` entry, and back. */
json_t *plan_to_json(const struct wipe_plan *plan);
int plan_from_json(const json_t *json, struct wipe_plan *plan, struct error *error);
