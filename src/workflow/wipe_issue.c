/* From the outcome in the register to the certificate in a person's hand. */
#include "src/workflow/wipe_internal.h"

#include "certs/certificate.h"
#include "certs/identity.h"

#include <errno.h>
#include <string.h>

static json_t *digest_json(const struct buffer *bytes)
{
	unsigned char digest[SHA256_BYTES];
	struct error ignored;
	CLEANUP_BUFFER struct buffer text = BUFFER_EMPTY;
	if (crypto_sha256(bytes->data, bytes->length, digest, &ignored) < 0)
		return NULL;
	for (size_t i = 0; i < sizeof digest; i++)
		buffer_printf(&text, "%02x", digest[i]);
	return json_string(buffer_text(&text));
}

static int record_issue(const struct wipe_batch *batch, const struct register_entry *entry,
    const struct certificate *certificate, struct error *error)
{
	json_t *body = json_pack("{s:s, s:o, s:s, s:o, s:o, s:o}", "number", certificate->number, "entry",
	    json_integer((json_int_t)entry->seq), "kind", certificate->is_report ? "report" : "certificate", "pdf_sha256",
	    digest_json(&certificate->pdf), "json_sha256", digest_json(&certificate->json), "signature_sha256",
	    digest_json(&certificate->signature));
	if (!body)
		return error_set(error, ENOMEM, _("out of memory"));
	int status = register_append(batch->reg, "certificate.issued", &batch->actor,
	    json_string_value(json_object_get(entry->json, "subject")), body, NULL, error);
	json_decref(body);
	return status;
}

static int make(const struct wipe_batch *batch, const struct register_entry *entry,
    struct certificate *certificate, struct error *error)
{
	CLEANUP_BUFFER struct buffer proof = BUFFER_EMPTY;
	CLEANUP(identity_close) struct identity *identity = NULL;
	int status = register_proof(batch->reg, entry->seq, &proof, error);
	if (status == 0)
		status = identity_open(batch->home, batch->passphrase, &identity, error);
	if (status == 0)
		status = certificate_make(entry->canonical.data, entry->canonical.length, proof.data, proof.length,
		    identity, certificate, error);
	return status;
}

int wipe_issue(struct wipe_job *job, const struct register_entry *entry, struct error *error)
{
	CLEANUP(certificate_release) struct certificate certificate = {0};
	struct wipe_outcome *outcome = &job->outcome;
	int status = make(job->batch, entry, &certificate, error);
	if (status == 0)
		status = certificate_store(job->batch->home, &certificate, &job->paths, error);
	if (status == 0)
		status = record_issue(job->batch, entry, &certificate, error);
	if (status < 0)
		return status;
	(void)snprintf(job->number, sizeof job->number, "%s", certificate.number);
	outcome->certified = !certificate.is_report;
	outcome->number = job->number;
	outcome->pdf = job->paths.pdf;
	outcome->json = job->paths.json;
	outcome->signature = job->paths.signature;
	return 0;
}
