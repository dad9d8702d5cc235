#include "src/workflow/issue.h"

#include "certs/identity.h"
#include "src/base/crypto.h"
#include "src/base/json.h"
#include "src/base/text.h"

#include <errno.h>
#include <string.h>

void issued_release(struct issued *issued)
{
	certificate_paths_release(&issued->paths);
}

static json_t *digest_json(const struct buffer *bytes)
{
	unsigned char digest[SHA256_BYTES];
	struct error ignored;
	CLEANUP_BUFFER struct buffer text = BUFFER_EMPTY;
	if (crypto_sha256(bytes->data, bytes->length, digest, &ignored) < 0)
		return NULL;
	text_append_hex(&text, digest, sizeof digest);
	return json_string(buffer_text(&text));
}

static int record(struct reg *reg, const struct actor *actor, const struct register_entry *entry,
    const struct certificate *certificate, struct error *error)
{
	json_t *body = json_pack("{s:s, s:o, s:s, s:o, s:o, s:o}", "number", certificate->number, "entry",
	    json_from_count(entry->seq), "kind", certificate->is_report ? "report" : "certificate",
	    "pdf_sha256", digest_json(&certificate->pdf), "json_sha256", digest_json(&certificate->json),
	    "signature_sha256", digest_json(&certificate->signature));
	if (!body)
		return error_set(error, ENOMEM, _("out of memory"));
	int status = register_append(
	    reg, "certificate.issued", actor, json_text(entry->json, "subject", ""), body, NULL, error);
	json_decref(body);
	return status;
}

static int make(struct reg *reg, const char *home, const struct secret *passphrase,
    const struct register_entry *entry, struct certificate *certificate, struct error *error)
{
	CLEANUP_BUFFER struct buffer proof = BUFFER_EMPTY;
	CLEANUP(identity_close) struct identity *identity = NULL;
	int status = register_proof(reg, entry->seq, &proof, error);
	if (status == 0)
		status = identity_open(home, passphrase, &identity, error);
	if (status == 0)
		status = certificate_make(entry->canonical.data, entry->canonical.length, proof.data,
		    proof.length, identity, certificate, error);
	return status;
}

int issue_document(struct reg *reg, const char *home, const struct actor *actor,
    const struct secret *passphrase, const struct register_entry *entry, struct issued *issued,
    struct error *error)
{
	CLEANUP(certificate_release) struct certificate certificate = {0};
	*issued = (struct issued){.seq = entry->seq};
	int status = make(reg, home, passphrase, entry, &certificate, error);
	if (status == 0)
		status = certificate_store(home, &certificate, &issued->paths, error);
	if (status == 0)
		status = record(reg, actor, entry, &certificate, error);
	if (status < 0)
		return status;
	memcpy(issued->number, certificate.number, sizeof issued->number);
	issued->is_report = certificate.is_report;
	return 0;
}

/* ── What is missing ── */

struct missing {
	uint64_t *outcomes; /* seq of outcomes without a document so far */
	size_t count;
	size_t capacity;
};

static void release_missing(struct missing *missing)
{
	free(missing->outcomes);
}

static int note_outcome(struct missing *missing, uint64_t seq, struct error *error)
{
	if (missing->count == missing->capacity) {
		size_t capacity = missing->capacity ? 2 * missing->capacity : 16;
		uint64_t *outcomes = reallocarray(missing->outcomes, capacity, sizeof *outcomes);
		if (!outcomes)
			return error_set(error, ENOMEM, _("out of memory"));
		missing->outcomes = outcomes;
		missing->capacity = capacity;
	}
	missing->outcomes[missing->count++] = seq;
	return 0;
}

static int visit(void *context, const struct register_entry *entry, struct error *error)
{
	struct missing *missing = context;
	const char *kind = json_text(entry->json, "kind", "");
	if (strcmp(kind, "wipe.finished") == 0)
		return note_outcome(missing, entry->seq, error);
	if (strcmp(kind, "certificate.issued") != 0)
		return 0;
	uint64_t issued = json_count(json_object_get(entry->json, "body"), "entry", UINT64_MAX);
	for (size_t i = 0; i < missing->count; i++)
		if (missing->outcomes[i] == issued)
			missing->outcomes[i] = missing->outcomes[--missing->count];
	return 0;
}

static int compare_numbers(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left;
	uint64_t b = *(const uint64_t *)right;
	return (a > b) - (a < b);
}

static int issue_one(struct reg *reg, const char *home, const struct secret *passphrase, uint64_t seq,
    issue_told *told, void *context, struct error *error)
{
	CLEANUP(register_entry_release) struct register_entry entry = {0};
	CLEANUP(issued_release) struct issued issued = {0};
	struct actor actor;
	actor_find(&actor);
	int status = register_read(reg, seq, &entry, error);
	if (status == 0)
		status = issue_document(reg, home, &actor, passphrase, &entry, &issued, error);
	if (status == 0)
		told(context, &issued);
	return status;
}

int issue_missing(
    const char *home, const struct secret *passphrase, issue_told *told, void *context, struct error *error)
{
	CLEANUP(register_close) struct reg *reg = NULL;
	CLEANUP(release_missing) struct missing missing = {0};
	int status = register_open(home, REGISTER_APPEND, &reg, error);
	if (status == 0)
		status = register_each(reg, 0, NULL, visit, &missing, error);
	if (missing.count)
		qsort(missing.outcomes, missing.count, sizeof *missing.outcomes, compare_numbers);
	for (size_t i = 0; status == 0 && i < missing.count; i++)
		status = issue_one(reg, home, passphrase, missing.outcomes[i], told, context, error);
	return status;
}
