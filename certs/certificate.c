#include "certs/certificate.h"

#include "certs/cms.h"
#include "certs/page.h"
#include "certs/pdf_signature.h"
#include "certs/words.h"
#include "src/base/clock.h"
#include "src/base/file.h"
#include "src/base/json.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

enum { STATION_MAXIMUM = 24 };

int certificate_number(const json_t *entry, char *out, size_t size)
{
	const char *station = json_text(json_object_get(entry, "body"), "station", "");
	const char *time = json_text(entry, "time", "");
	uint64_t seq = json_count(entry, "seq", UINT64_MAX);
	char upper[STATION_MAXIMUM + 1] = {0};
	time_t seconds;
	size_t length = strlen(station);
	if (length == 0 || length > STATION_MAXIMUM || seq == UINT64_MAX || clock_parse(time, &seconds) < 0)
		return -EBADMSG;
	for (size_t i = 0; i < length; i++) {
		if (!isascii(station[i]) || !isalnum((unsigned char)station[i]))
			return -EBADMSG;
		upper[i] = (char)toupper((unsigned char)station[i]);
	}
	int written = snprintf(out, size, "%s-%.4s-%06" PRIu64, upper, time, seq);
	return written < 0 || (size_t)written >= size ? -EBADMSG : 0;
}

/* Signs for the operator whom the entry names, and for nobody else. */
static int check_operator(const json_t *entry, const struct identity *identity, struct error *error)
{
	const json_t *operator_ = json_object_get(json_object_get(entry, "body"), "operator");
	const char *name = json_text(operator_, "name", "");
	if (strcmp(name, identity_name(identity)) == 0)
		return 0;
	return error_refuse(error, EKEYREJECTED, _("the entry names the operator %s, but the key is of %s"),
	    name, identity_name(identity));
}

static int read_entry(const char *canonical, size_t length, const struct identity *identity,
    struct certificate *out, struct error *error)
{
	json_t *entry = NULL;
	int status = json_parse_strict(canonical, length, _("the entry"), &entry, error);
	if (status < 0)
		return status;
	const struct paper *paper = words_paper(json_text(json_object_get(entry, "body"), "result", ""));
	if (certificate_number(entry, out->number, sizeof out->number) < 0 || !paper)
		status =
		    error_set(error, EBADMSG, _("this entry is not one that a certificate can be made of"));
	else
		status = check_operator(entry, identity, error);
	out->is_report = paper && paper->is_report;
	json_decref(entry);
	return status;
}

static int sign_pdf(
    const struct pdf_update *update, const struct identity *identity, struct buffer *pdf, struct error *error)
{
	struct pdf_gap gap;
	CLEANUP_BUFFER struct buffer der = BUFFER_EMPTY;
	int status = pdf_signature_prepare(update, pdf, &gap, error);
	if (status < 0)
		return status;
	size_t behind = gap.offset + gap.length;
	const struct cms_bytes parts[] = {
	    {pdf->data, gap.offset},
	    {pdf->data + behind, pdf->length - behind},
	};
	status = cms_sign(parts, LENGTH_OF(parts), identity, CMS_IN_PDF, update->time, &der, error);
	return status < 0 ? status : pdf_signature_fill(pdf, &gap, der.data, der.length, error);
}

int certificate_make(const char *entry_canonical, size_t length, const char *proof_text, size_t proof_length,
    const struct identity *identity, struct certificate *out, struct error *error)
{
	CLEANUP_BUFFER struct buffer base = BUFFER_EMPTY;
	CLEANUP(certificate_release) struct certificate made = {0};
	time_t now = time(NULL);
	int status = read_entry(entry_canonical, length, identity, &made, error);
	if (status == 0)
		status =
		    page_render_sandboxed(entry_canonical, length, proof_text, proof_length, &base, error);
	if (status < 0)
		return status;
	const struct pdf_update update = {
	    .base = {base.data, base.length},
	    .entry = {entry_canonical, length},
	    .proof = {proof_text, proof_length},
	    .signer = identity_name(identity),
	    .number = made.number,
	    .time = now,
	};
	const struct cms_bytes json = {entry_canonical, length};
	status = sign_pdf(&update, identity, &made.pdf, error);
	if (status == 0)
		status = cms_sign(&json, 1, identity, CMS_DETACHED_FILE, now, &made.signature, error);
	buffer_append(&made.json, entry_canonical, length);
	if (status == 0)
		status = buffer_check(&made.json, error);
	if (status == 0) {
		*out = made;
		made = (struct certificate){0};
	}
	return status;
}

void certificate_release(struct certificate *certificate)
{
	buffer_release(&certificate->pdf);
	buffer_release(&certificate->json);
	buffer_release(&certificate->signature);
}

/* ── Where they lie ── */

void certificate_paths_release(struct certificate_paths *paths)
{
	free(paths->pdf);
	free(paths->json);
	free(paths->signature);
	*paths = (struct certificate_paths){0};
}

static char *make_path(const char *home, const char *number, bool is_report, const char *ending)
{
	char *path;
	const char *directory = is_report ? "reports" : "certificates";
	return asprintf(&path, "%s/%s/%s.%s", home, directory, number, ending) < 0 ? NULL : path;
}

int certificate_locate(const char *home, const char *number, bool is_report, struct certificate_paths *paths,
    struct error *error)
{
	*paths = (struct certificate_paths){
	    .pdf = make_path(home, number, is_report, "pdf"),
	    .json = make_path(home, number, is_report, "json"),
	    .signature = make_path(home, number, is_report, "p7s"),
	};
	if (paths->pdf && paths->json && paths->signature)
		return 0;
	certificate_paths_release(paths);
	return error_set(error, ENOMEM, _("out of memory"));
}

int certificate_store(const char *home, const struct certificate *certificate,
    struct certificate_paths *paths, struct error *error)
{
	CLEANUP(certificate_paths_release) struct certificate_paths made = {0};
	CLEANUP_FREE char *directory = file_join(home, certificate->is_report ? "reports" : "certificates");
	int status = directory ? file_make_directory(directory, 0700, error)
			       : error_set(error, ENOMEM, _("out of memory"));
	if (status == 0)
		status = certificate_locate(home, certificate->number, certificate->is_report, &made, error);
	if (status == 0)
		status =
		    file_replace(made.json, certificate->json.data, certificate->json.length, 0600, error);
	if (status == 0)
		status = file_replace(
		    made.signature, certificate->signature.data, certificate->signature.length, 0600, error);
	if (status == 0)
		status = file_replace(made.pdf, certificate->pdf.data, certificate->pdf.length, 0600, error);
	if (status == 0 && paths) {
		*paths = made;
		made = (struct certificate_paths){0};
	}
	return status;
}
