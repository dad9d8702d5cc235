#include "certs/evidence.h"

#include "certs/words.h"
#include "src/base/json.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

static const struct {
	const char *name;
	json_type type;
} members[] = {
    {"format", JSON_STRING},
    {"result", JSON_STRING},
    {"level", JSON_STRING},
    {"reasons", JSON_ARRAY},
    {"station", JSON_STRING},
    {"organisation", JSON_OBJECT},
    {"operator", JSON_OBJECT},
    {"medium", JSON_OBJECT},
    {"method", JSON_OBJECT},
    {"passes", JSON_ARRAY},
    {"verification", JSON_OBJECT},
    {"capacity_check", JSON_OBJECT},
    {"exceptions", JSON_ARRAY},
    {"limits", JSON_ARRAY},
    {"started", JSON_STRING},
    {"finished", JSON_STRING},
};

/* Why passes do not add up to a whole overwrite, or NULL. */
static const char *doubt_passes(const json_t *passes, uint64_t size_bytes)
{
	if (json_array_size(passes) == 0)
		return N_("it says erased but names no pass");
	for (size_t i = 0; i < json_array_size(passes); i++) {
		const json_t *pass = json_array_get(passes, i);
		if (json_count(pass, "errors", 1) != 0)
			return N_("it says erased but a pass had errors");
		if (json_count(pass, "bytes_written", 0) < size_bytes)
			return N_("it says erased but a pass did not write every byte");
	}
	return NULL;
}

/* What the mode promises to read; the whole part of it for a sample. */
static uint64_t expected_reads(
    const json_t *body, const json_t *verification, const char *mode, uint64_t size_bytes)
{
	uint64_t expected = size_bytes;
	if (strcmp(mode, "sample") == 0)
		return size_bytes / 100 * json_count(verification, "percent", 100);
	if (strcmp(mode, "all") == 0 &&
	    __builtin_mul_overflow(size_bytes, json_array_size(json_object_get(body, "passes")), &expected))
		return UINT64_MAX;
	return expected;
}

static const char *doubt_verification(const json_t *body, uint64_t size_bytes)
{
	const json_t *verification = json_object_get(body, "verification");
	const char *mode = json_text(verification, "mode", "none");
	uint64_t read = json_count(verification, "bytes_read", 0);
	if (strcmp(mode, "last") != 0 && strcmp(mode, "all") != 0 && strcmp(mode, "sample") != 0)
		return N_("it says erased but nothing was read back");
	if (json_count(verification, "mismatches", 1) != 0)
		return N_("it says erased but the read-back did not match");
	if (read == 0 || read < expected_reads(body, verification, mode, size_bytes))
		return N_("it says erased but the read-back did not reach every byte");
	if (json_count(json_object_get(body, "capacity_check"), "aliased_blocks", 0) != 0)
		return N_("it says erased but the medium's capacity is false");
	return NULL;
}

/* A medium that holds something else than was written to it is not erased, with exceptions or without. */
static const char *doubt_exceptions(const json_t *body)
{
	const char *result = json_text(body, "result", "");
	if (strcmp(result, "erased-with-exceptions") != 0)
		return NULL;
	if (json_count(json_object_get(body, "verification"), "mismatches", 1) != 0)
		return N_("it says erased but the read-back did not match");
	if (json_count(json_object_get(body, "capacity_check"), "aliased_blocks", 0) != 0)
		return N_("it says erased but the medium's capacity is false");
	return NULL;
}

static const char *doubt(const json_t *body)
{
	const char *level = json_text(body, "level", "");
	uint64_t size_bytes = json_count(json_object_get(body, "medium"), "size_bytes", UINT64_MAX);
	bool erased = strcmp(json_text(body, "result", ""), "erased") == 0;
	bool exceptions = json_array_size(json_object_get(body, "exceptions")) != 0 ||
			  json_count(body, "exceptions_omitted", 0) != 0;
	if (strcmp(level, "clear") != 0 && strcmp(level, "purge") != 0 && strcmp(level, "none") != 0)
		return N_("its level is no known word");
	/* An overwrite reaches Clear, and no more (NIST SP 800-88 Rev. 1 §2.5). */
	if (strcmp(level, "purge") == 0 &&
	    strcmp(json_text(json_object_get(body, "method"), "technique", ""), "overwrite") == 0)
		return N_("it claims Purge for an overwrite");
	if (!erased && strcmp(level, "none") != 0)
		return N_("it claims a level without an erasure");
	if (!erased)
		return doubt_exceptions(body);
	if (strcmp(level, "none") == 0)
		return N_("it says erased but claims no level");
	if (exceptions)
		return N_("it says erased but lists exceptions");
	const char *reason = doubt_passes(json_object_get(body, "passes"), size_bytes);
	return reason ? reason : doubt_verification(body, size_bytes);
}

int evidence_check(const json_t *body, struct error *error)
{
	for (size_t i = 0; i < LENGTH_OF(members); i++) {
		const json_t *member = json_object_get(body, members[i].name);
		if (!member || json_typeof(member) != members[i].type)
			return error_finding(
			    error, EBADMSG, _("the entry has no sound member %s"), members[i].name);
	}
	if (strcmp(json_text(body, "format", ""), "kiyome-wipe-1") != 0 ||
	    !words_paper(json_text(body, "result", "")))
		return error_finding(
		    error, EBADMSG, _("the entry is of a format that this program does not know"));
	const char *reason = doubt(body);
	return reason ? error_finding(error, EBADMSG, _("the entry contradicts itself: %s"), _(reason)) : 0;
}
