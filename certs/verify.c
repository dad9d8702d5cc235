#include "certs/verify.h"

#include "certs/certificate.h"
#include "certs/evidence.h"
#include "certs/page.h"
#include "certs/pdf_signature.h"
#include "certs/type.h"
#include "src/base/clock.h"
#include "src/base/json.h"
#include "src/base/text.h"
#include "src/base/tlog_proof.h"
#include "src/base/worker.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <string.h>

enum { VERIFY_TIMEOUT_MS = 60000 };

static void add_sentence(json_t *array, const char *sentence)
{
	json_array_append_new(array, json_from_bytes(sentence));
}

/* A step's error becomes a reason. Returns whether there was none. */
static bool judge(struct verification *out, int status, const struct error *error)
{
	if (status < 0)
		add_sentence(out->reasons, error->sentence);
	return status >= 0;
}

/* ── The entry ── */

/* The same entry must have one form only: else one signature could be shown for two texts. */
static int check_canonical(const json_t *entry, struct cms_bytes bytes, struct error *error)
{
	CLEANUP_BUFFER struct buffer canonical = BUFFER_EMPTY;
	int status = json_write_canonical(entry, &canonical, error);
	if (status < 0)
		return status;
	if (canonical.length != bytes.length || memcmp(canonical.data, bytes.data, bytes.length) != 0)
		return error_finding(error, EBADMSG, _("the record is not in its canonical form"));
	return 0;
}

static json_t *describe(const json_t *entry, const char *number)
{
	const json_t *body = json_object_get(entry, "body");
	return json_pack("{s:s, s:o, s:o, s:o, s:o, s:o}", "number", number, "result",
	    json_from_bytes(json_text(body, "result", "")), "level",
	    json_from_bytes(json_text(body, "level", "")), "subject",
	    json_from_bytes(json_text(entry, "subject", "")), "seq",
	    json_from_count(json_count(entry, "seq", 0)), "time",
	    json_from_bytes(json_text(entry, "time", "")));
}

/* The parsed entry, or NULL when it is too damaged for the rest. */
static json_t *judge_entry(struct verification *out, struct cms_bytes bytes, char *number, size_t size)
{
	struct error error = {0};
	json_t *entry = NULL;
	if (!judge(out, json_parse_strict(bytes.data, bytes.length, _("the record"), &entry, &error), &error))
		return NULL;
	if (strcmp(json_text(entry, "kind", ""), "wipe.finished") != 0 ||
	    certificate_number(entry, number, size) < 0) {
		add_sentence(out->reasons, _("the record is not one of an erasure"));
		json_decref(entry);
		return NULL;
	}
	(void)judge(out, check_canonical(entry, bytes, &error), &error);
	(void)judge(out, evidence_check(json_object_get(entry, "body"), &error), &error);
	json_decref(out->certificate);
	out->certificate = describe(entry, number);
	return entry;
}

/* ── The signature ── */

static const char *operator_of(const json_t *entry)
{
	return json_text(json_object_get(json_object_get(entry, "body"), "operator"), "name", "");
}

static int check_signer(const struct cms_facts *facts, const json_t *entry, struct error *error)
{
	if (!entry || strcmp(facts->name, operator_of(entry)) == 0)
		return 0;
	return error_finding(error, EKEYREJECTED,
	    _("it was signed by %s, but the record names the operator %s"), facts->name, operator_of(entry));
}

static void judge_signature(struct verification *out, const struct verify_request *request,
    struct cms_bytes der, const struct cms_bytes *parts, size_t count, enum cms_profile profile,
    time_t pdf_time, const json_t *entry)
{
	struct error error = {0};
	struct cms_facts facts;
	char time[CLOCK_TEXT_SIZE];
	int status = cms_verify(der, parts, count, &request->trust, profile, pdf_time, &facts, &error);
	bool valid = judge(out, status, &error);
	valid &= judge(out, facts.name[0] ? check_signer(&facts, entry, &error) : 0, &error);
	clock_format(facts.time, time);
	json_array_append_new(out->signatures,
	    json_pack("{s:s, s:o, s:s, s:s, s:b}", "role", "operator", "name", json_from_bytes(facts.name),
		"sha256", facts.sha256, "time", time, "valid", valid));
}

/* ── The proof ── */

static int check_place(const struct proof_facts *facts, const json_t *entry, struct error *error)
{
	char origin[NOTE_NAME_SIZE];
	(void)snprintf(
	    origin, sizeof origin, "%s.kiyome", json_text(json_object_get(entry, "body"), "station", ""));
	if (facts->index != json_count(entry, "seq", UINT64_MAX))
		return error_finding(error, EBADMSG, _("the proof is of another record"));
	if (strcmp(facts->origin, origin) != 0)
		return error_finding(error, EBADMSG, _("the proof is of the register %s, the record of %s"),
		    facts->origin, origin);
	return 0;
}

static void judge_proof(struct verification *out, const struct verify_request *request, struct pdf_span proof,
    struct pdf_span bytes, const json_t *entry)
{
	struct error error = {0};
	struct proof_facts facts = {0};
	CLEANUP_BUFFER struct buffer root = BUFFER_EMPTY;
	int status = proof_check(proof.data, proof.length, (const unsigned char *)bytes.data, bytes.length,
	    request->log_key, &facts, &error);
	if (status == 0)
		status = check_place(&facts, entry, &error);
	bool valid = judge(out, status, &error);
	text_append_hex(&root, facts.root, sizeof facts.root);
	json_decref(out->proof);
	out->proof = json_pack("{s:o, s:o, s:o, s:s, s:b, s:b}", "origin", json_from_bytes(facts.origin),
	    "size", json_from_count(facts.size), "index", json_from_count(facts.index), "root",
	    buffer_text(&root), "signature_checked", facts.signature_checked, "valid", valid);
}

/* ── The PDF ── */

static void judge_whole(struct verification *out, const struct verify_request *request,
    const struct pdf_update *update, const struct buffer *der)
{
	struct error error = {0};
	struct pdf_gap gap;
	CLEANUP_BUFFER struct buffer again = BUFFER_EMPTY;
	int status = pdf_signature_prepare(update, &again, &gap, &error);
	if (status == 0)
		status = pdf_signature_fill(&again, &gap, der->data, der->length, &error);
	if (!judge(out, status, &error))
		return;
	if (again.length != request->file.length || memcmp(again.data, request->file.data, again.length) != 0)
		add_sentence(
		    out->reasons, _("the file is not what its parts make: something was changed or added"));
}

/* Whether the page was drawn by what this machine draws with. */
static bool same_renderer(const json_t *entry)
{
	const json_t *theirs = json_object_get(json_object_get(entry, "body"), "renderer");
	json_t *ours = page_describe_renderer();
	bool same = ours && strcmp(json_text(ours, "cairo", ""), json_text(theirs, "cairo", "-")) == 0 &&
		    strcmp(json_text(ours, "font", ""), json_text(theirs, "font", "-")) == 0 &&
		    json_count(ours, "layout", 0) == json_count(theirs, "layout", UINT64_MAX);
	json_decref(ours);
	return same;
}

static void judge_page(struct verification *out, const struct pdf_update *update, const json_t *entry)
{
	struct error error = {0};
	CLEANUP_BUFFER struct buffer page = BUFFER_EMPTY;
	int status = page_render(update->entry.data, update->entry.length, update->proof.data,
	    update->proof.length, &page, &error);
	bool equal = status == 0 && page.length == update->base.length &&
		     memcmp(page.data, update->base.data, page.length) == 0;
	out->page = VERIFIED_PAGE_SAME;
	if (equal)
		return;
	out->page = VERIFIED_PAGE_DIFFERENT;
	if (status == 0 && same_renderer(entry)) {
		add_sentence(out->reasons, _("the page shows something else than the record attached to it"));
		return;
	}
	/* What drew it is the record's own word: whoever signs could always name another cairo. */
	out->page = VERIFIED_PAGE_NOT_COMPARED;
	add_sentence(out->reasons, status < 0
				       ? error.sentence
				       : _("page not compared with the record: it was drawn by another "
					   "version of Kiyome, cairo or the fonts"));
}

static void judge_pdf(struct verification *out, const struct verify_request *request)
{
	struct error error = {0};
	struct pdf_update update;
	struct pdf_gap gap;
	char number[CERTIFICATE_NUMBER_SIZE] = "";
	CLEANUP_BUFFER struct buffer der = BUFFER_EMPTY;
	int status =
	    pdf_signature_dissect(request->file.data, request->file.length, &update, &gap, &der, &error);
	if (!judge(out, status, &error))
		return;
	const struct cms_bytes entry_bytes = {update.entry.data, update.entry.length};
	json_t *entry = judge_entry(out, entry_bytes, number, sizeof number);
	size_t behind = gap.offset + gap.length;
	const struct cms_bytes parts[] = {
	    {request->file.data, gap.offset},
	    {request->file.data + behind, request->file.length - behind},
	};
	judge_signature(out, request, (struct cms_bytes){der.data, der.length}, parts, LENGTH_OF(parts),
	    CMS_IN_PDF, update.time, entry);
	if (!entry)
		return;
	update.signer = operator_of(entry);
	update.number = number;
	judge_whole(out, request, &update, &der);
	judge_proof(out, request, update.proof, update.entry, entry);
	/* A page is drawn from a sound entry only; of another one enough has been said. */
	if (json_array_size(out->reasons) == 0)
		judge_page(out, &update, entry);
	json_decref(entry);
}

static void judge_json(struct verification *out, const struct verify_request *request)
{
	char number[CERTIFICATE_NUMBER_SIZE] = "";
	json_t *entry = judge_entry(out, request->file, number, sizeof number);
	judge_signature(out, request, request->signature, &request->file, 1, CMS_DETACHED_FILE, 0, entry);
	add_sentence(out->notes, _("the proof that the record is in the register is in the PDF only"));
	json_decref(entry);
}

/* ── Child and parent ── */

static const char *const page_words[] = {[VERIFIED_PAGE_NONE] = "none",
    [VERIFIED_PAGE_SAME] = "same",
    [VERIFIED_PAGE_DIFFERENT] = "different",
    [VERIFIED_PAGE_NOT_COMPARED] = "not-compared"};

static bool read_page_word(const char *word, enum verified_page *page)
{
	for (size_t i = 0; i < LENGTH_OF(page_words); i++)
		if (strcmp(page_words[i], word) == 0) {
			*page = (enum verified_page)i;
			return true;
		}
	return false;
}

json_t *verification_to_json(const struct verification *verification)
{
	return json_pack("{s:b, s:s, s:O, s:O, s:O, s:O, s:O}", "valid", verification->valid, "page",
	    page_words[verification->page], "reasons", verification->reasons, "notes", verification->notes,
	    "signatures", verification->signatures, "proof", verification->proof, "certificate",
	    verification->certificate);
}

static int verify_in_child(struct worker_channel *channel, void *argument, struct error *error)
{
	const struct verify_request *request = argument;
	CLEANUP(verification_release)
	struct verification out = {.reasons = json_array(),
	    .notes = json_array(),
	    .signatures = json_array(),
	    .proof = json_null(),
	    .certificate = json_null()};
	CLEANUP_BUFFER struct buffer text = BUFFER_EMPTY;
	if (request->file.length >= 5 && memcmp(request->file.data, "%PDF-", 5) == 0)
		judge_pdf(&out, request);
	else
		judge_json(&out, request);
	out.valid = json_array_size(out.reasons) == 0;
	json_t *json = verification_to_json(&out);
	int status =
	    json ? json_write_canonical(json, &text, error) : error_set(error, ENOMEM, _("out of memory"));
	json_decref(json);
	if (status == 0)
		worker_send_result(channel, text.data, text.length);
	return status;
}

/* What the child says is believed only in this form. */
static int take_answer(const struct buffer *reply, struct verification *out, struct error *error)
{
	json_t *answer = NULL;
	const char *page = "";
	int valid = 0;
	int status =
	    json_parse_strict(reply->data, reply->length, _("the verifier's answer"), &answer, error);
	if (status < 0)
		return status;
	if (json_unpack(answer, "{s:b, s:s, s:O, s:O, s:O, s:O, s:O}", "valid", &valid, "page", &page,
		"reasons", &out->reasons, "notes", &out->notes, "signatures", &out->signatures, "proof",
		&out->proof, "certificate", &out->certificate) != 0 ||
	    !read_page_word(page, &out->page) || !json_is_array(out->reasons) || !json_is_array(out->notes) ||
	    !json_is_array(out->signatures))
		status = error_set(error, EPROTO, _("the verifier's answer is senseless"));
	else
		out->valid =
		    valid && json_array_size(out->reasons) == 0 && json_array_size(out->signatures) > 0;
	json_decref(answer);
	return status;
}

int verify_certificate(const struct verify_request *request, struct verification *out, struct error *error)
{
	const struct worker_options options = {.rights = WORKER_SANDBOXED, .readable_files = type_files};
	CLEANUP_BUFFER struct buffer reply = BUFFER_EMPTY;
	struct verify_request copy = *request;
	*out = (struct verification){0};
	/* What these would read from disk at their first use, the child could not. */
	(void)OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CONFIG | OPENSSL_INIT_LOAD_CRYPTO_STRINGS, NULL);
	ERR_clear_error();
	int status = worker_call(&options, verify_in_child, &copy, VERIFY_TIMEOUT_MS, &reply, error);
	if (status < 0)
		return error_prefix(error, _("could not check the certificate"));
	return take_answer(&reply, out, error);
}

void verification_release(struct verification *verification)
{
	json_decref(verification->reasons);
	json_decref(verification->notes);
	json_decref(verification->signatures);
	json_decref(verification->proof);
	json_decref(verification->certificate);
	*verification = (struct verification){0};
}
