#include "certs/authority.h"
#include "certs/chain.h"
#include "certs/ossl.h"
#include "certs/page.h"
#include "certs/pdf_signature.h"
#include "certs/verify.h"
#include "tests/unit/certs_fixture.h"

#include <errno.h>

static struct {
	char *other; /* an authority of the same name with other keys */
	char *home;
	struct identity *identity;
	struct certificate certificate;
	X509 *ca;
	char fingerprint[CHAIN_FINGERPRINT_SIZE];
} scene;

static int set_scene(void **state)
{
	(void)state;
	struct error error = {0};
	char path[256];
	scene.other = fixture_home();
	fixture_setup(scene.other, OPERATOR_NAME);
	scene.home = fixture_home();
	fixture_setup(scene.home, OPERATOR_NAME);
	scene.identity = fixture_open(scene.home);
	json_t *entry = wipe_entry_hdd();
	json_object_set_new(wipe_entry_body(entry), "renderer", page_describe_renderer());
	fixture_certify(entry, scene.identity, &scene.certificate);
	(void)snprintf(path, sizeof path, "%s/ca.pem", scene.home);
	assert_done(chain_read_certificate(path, &scene.ca, &error), error);
	assert_done(chain_fingerprint(scene.ca, scene.fingerprint, &error), error);
	return 0;
}

static int strike_scene(void **state)
{
	(void)state;
	X509_free(scene.ca);
	identity_close(&scene.identity);
	certificate_release(&scene.certificate);
	fixture_remove(scene.home);
	fixture_remove(scene.other);
	return 0;
}

/* The check of these files; the caller releases. */
static struct verification check_with(
    struct cms_bytes file, struct cms_bytes signature, X509 *ca, const char *fingerprint)
{
	struct error error = {0};
	struct verification out = {0};
	const struct verify_request request = {
	    .file = file, .signature = signature, .trust = {ca, fingerprint}};
	assert_done(verify_certificate(&request, &out, &error), error);
	return out;
}

static struct verification check(const void *bytes, size_t length)
{
	return check_with((struct cms_bytes){bytes, length}, (struct cms_bytes){0}, scene.ca, NULL);
}

static void assert_invalid(struct verification out, const char *reason)
{
	char *text = json_dumps(out.reasons, 0);
	if (out.valid || !strstr(text, reason))
		fail_msg("\"%s\" is not among the reasons %s", reason, text);
	free(text);
	verification_release(&out);
}

static void assert_valid(struct verification out)
{
	char *text = json_dumps(out.reasons, 0);
	if (!out.valid || json_array_size(out.notes) > 1)
		fail_msg("%s", text);
	free(text);
	verification_release(&out);
}

static void a_genuine_certificate_is_valid_with_the_authority_or_its_fingerprint(void **state)
{
	(void)state;
	const struct buffer *pdf = &scene.certificate.pdf;
	struct verification out = check(pdf->data, pdf->length);
	assert_int_equal(json_array_size(out.notes), 0);
	assert_int_equal(out.page, VERIFIED_PAGE_SAME);
	assert_string_equal(json_text(json_array_get(out.signatures, 0), "name", ""), OPERATOR_NAME);
	assert_int_equal(json_count(out.proof, "index", 0), 12);
	assert_string_equal(json_text(out.certificate, "number", ""), "K3F9A12-2026-000012");
	assert_valid(out);
	assert_valid(check_with(
	    (struct cms_bytes){pdf->data, pdf->length}, (struct cms_bytes){0}, NULL, scene.fingerprint));
}

static void another_authority_is_not_believed(void **state)
{
	(void)state;
	struct error error = {0};
	OSSL_X509 ca = NULL;
	char path[256];
	char fingerprint[CHAIN_FINGERPRINT_SIZE];
	const struct cms_bytes pdf = {scene.certificate.pdf.data, scene.certificate.pdf.length};
	(void)snprintf(path, sizeof path, "%s/ca.pem", scene.other);
	assert_done(chain_read_certificate(path, &ca, &error), error);
	assert_done(chain_fingerprint(ca, fingerprint, &error), error);
	assert_invalid(check_with(pdf, (struct cms_bytes){0}, ca, NULL), "is not one of this authority");
	assert_invalid(check_with(pdf, (struct cms_bytes){0}, NULL, fingerprint), "fingerprint");
}

static void a_changed_byte_anywhere_makes_it_invalid(void **state)
{
	(void)state;
	const struct buffer *pdf = &scene.certificate.pdf;
	char *bytes = malloc(pdf->length);
	size_t gap = (size_t)((char *)memmem(pdf->data, pdf->length, "/Contents <", 11) - pdf->data);
	for (size_t i = 0; i < pdf->length;) {
		memcpy(bytes, pdf->data, pdf->length);
		bytes[i] ^= 0x01;
		struct verification out = check(bytes, pdf->length);
		if (out.valid)
			fail_msg("a changed byte %zu of %zu was not noticed", i, pdf->length);
		verification_release(&out);
		/* Closer in what a forger would touch: the attachments and the signature part. */
		bool digits = i > gap + 3000 && i < gap + 16000;
		i += i + 20000 > gap && !digits ? 53 : 997;
	}
	free(bytes);
}

static void a_changed_case_of_the_signature_digits_is_noticed(void **state)
{
	(void)state;
	const struct buffer *pdf = &scene.certificate.pdf;
	char *bytes = malloc(pdf->length);
	memcpy(bytes, pdf->data, pdf->length);
	/* The same DER, other bytes: outside of what the signature covers. */
	char *digit = memmem(bytes, pdf->length, "/Contents <", 11);
	digit += 11;
	digit += strcspn(digit, "abcdef");
	*digit = (char)(*digit - 'a' + 'A');
	assert_invalid(check(bytes, pdf->length), "was changed or added");
	free(bytes);
}

static void a_cut_or_longer_file_is_invalid(void **state)
{
	(void)state;
	CLEANUP_BUFFER struct buffer bytes = BUFFER_EMPTY;
	buffer_append(&bytes, scene.certificate.pdf.data, scene.certificate.pdf.length);
	assert_invalid(check(bytes.data, bytes.length - 1), "does not end as one");
	assert_invalid(check(bytes.data, bytes.length / 2), "does not end as one");
	buffer_append_text(&bytes, "x");
	assert_invalid(check(bytes.data, bytes.length), "does not end as one");
	assert_invalid(check("", 0), "");
}

static void an_update_behind_the_signature_is_invalid(void **state)
{
	(void)state;
	struct error error = {0};
	struct pdf_gap gap;
	CLEANUP_BUFFER struct buffer twice = BUFFER_EMPTY;
	const struct buffer *pdf = &scene.certificate.pdf;
	const struct pdf_update update = {
	    .base = {pdf->data, pdf->length},
	    .entry = {scene.certificate.json.data, scene.certificate.json.length},
	    .proof = {"x", 1},
	    .signer = OPERATOR_NAME,
	    .number = scene.certificate.number,
	    .time = time(NULL),
	};
	assert_done(pdf_signature_prepare(&update, &twice, &gap, &error), error);
	assert_true(twice.length > pdf->length);
	struct verification out = check(twice.data, twice.length);
	assert_false(out.valid);
	verification_release(&out);
}

struct forgery {
	const struct buffer *page_of; /* the entry whose page is drawn */
	const struct buffer *attached;
	const struct buffer *proof;
	time_t time;
	const struct identity *identity;
	const char *number;
};

/* A PDF that an owner of a key could make: signed in due form, whatever it says. */
static void forge(const struct forgery *forgery, struct buffer *pdf)
{
	struct error error = {0};
	struct pdf_gap gap;
	CLEANUP_BUFFER struct buffer page = BUFFER_EMPTY;
	CLEANUP_BUFFER struct buffer der = BUFFER_EMPTY;
	assert_done(page_render_sandboxed(forgery->page_of->data, forgery->page_of->length,
			forgery->proof->data, forgery->proof->length, &page, &error),
	    error);
	const struct pdf_update update = {
	    .base = {page.data, page.length},
	    .entry = {forgery->attached->data, forgery->attached->length},
	    .proof = {forgery->proof->data, forgery->proof->length},
	    .signer = OPERATOR_NAME,
	    .number = forgery->number,
	    .time = forgery->time,
	};
	assert_done(pdf_signature_prepare(&update, pdf, &gap, &error), error);
	const struct cms_bytes parts[] = {
	    {pdf->data, gap.offset},
	    {pdf->data + gap.offset + gap.length, pdf->length - gap.offset - gap.length},
	};
	assert_done(cms_sign(parts, 2, forgery->identity, CMS_IN_PDF, forgery->time, &der, &error), error);
	assert_done(pdf_signature_fill(pdf, &gap, der.data, der.length, &error), error);
}

static json_t *make_entry(const char *serial)
{
	json_t *entry = wipe_entry_hdd();
	json_object_set_new(wipe_entry_body(entry), "renderer", page_describe_renderer());
	json_object_set_new(json_object_get(wipe_entry_body(entry), "medium"), "serial", json_string(serial));
	return entry;
}

static void a_page_that_shows_another_record_is_invalid(void **state)
{
	(void)state;
	CLEANUP_BUFFER struct buffer shown = BUFFER_EMPTY;
	CLEANUP_BUFFER struct buffer attached = BUFFER_EMPTY;
	CLEANUP_BUFFER struct buffer proof = BUFFER_EMPTY;
	CLEANUP_BUFFER struct buffer pdf = BUFFER_EMPTY;
	CLEANUP_BUFFER struct buffer honest = BUFFER_EMPTY;
	wipe_entry_write(make_entry("OTHER"), &shown);
	wipe_entry_write(make_entry("ZN1ABCDE"), &attached);
	fixture_prove(&attached, &proof);
	struct forgery forgery = {
	    &attached, &attached, &proof, time(NULL), scene.identity, "K3F9A12-2026-000012"};
	forge(&forgery, &honest);
	assert_valid(check(honest.data, honest.length));
	forgery.page_of = &shown;
	forge(&forgery, &pdf);
	assert_invalid(check(pdf.data, pdf.length), "the page shows something else");
}

static void a_record_that_is_not_in_the_proof_is_invalid(void **state)
{
	(void)state;
	CLEANUP_BUFFER struct buffer other = BUFFER_EMPTY;
	CLEANUP_BUFFER struct buffer entry = BUFFER_EMPTY;
	CLEANUP_BUFFER struct buffer proof = BUFFER_EMPTY;
	CLEANUP_BUFFER struct buffer pdf = BUFFER_EMPTY;
	wipe_entry_write(make_entry("OTHER"), &other);
	wipe_entry_write(make_entry("ZN1ABCDE"), &entry);
	fixture_prove(&other, &proof);
	const struct forgery forgery = {
	    &entry, &entry, &proof, time(NULL), scene.identity, "K3F9A12-2026-000012"};
	forge(&forgery, &pdf);
	struct verification out = check(pdf.data, pdf.length);
	assert_false(json_is_true(json_object_get(out.proof, "valid")));
	assert_false(out.valid);
	verification_release(&out);
}

static void a_number_that_is_not_the_records_is_invalid(void **state)
{
	(void)state;
	CLEANUP_BUFFER struct buffer entry = BUFFER_EMPTY;
	CLEANUP_BUFFER struct buffer proof = BUFFER_EMPTY;
	CLEANUP_BUFFER struct buffer pdf = BUFFER_EMPTY;
	wipe_entry_write(make_entry("ZN1ABCDE"), &entry);
	fixture_prove(&entry, &proof);
	const struct forgery forgery = {
	    &entry, &entry, &proof, time(NULL), scene.identity, "K3F9A12-2026-000013"};
	forge(&forgery, &pdf);
	assert_invalid(check(pdf.data, pdf.length), "was changed or added");
}

static void a_signature_after_the_certificates_time_is_invalid(void **state)
{
	(void)state;
	CLEANUP_BUFFER struct buffer entry = BUFFER_EMPTY;
	CLEANUP_BUFFER struct buffer proof = BUFFER_EMPTY;
	CLEANUP_BUFFER struct buffer late = BUFFER_EMPTY;
	CLEANUP_BUFFER struct buffer early = BUFFER_EMPTY;
	wipe_entry_write(make_entry("ZN1ABCDE"), &entry);
	fixture_prove(&entry, &proof);
	struct forgery forgery = {
	    &entry, &entry, &proof, time(NULL) + (time_t)1100 * 86400, scene.identity, "K3F9A12-2026-000012"};
	forge(&forgery, &late);
	assert_invalid(check(late.data, late.length), "expired on");
	forgery.time = time(NULL) - 86400;
	forge(&forgery, &early);
	assert_invalid(check(early.data, early.length), "valid only from");
}

static void a_signer_who_is_not_the_operator_is_invalid(void **state)
{
	(void)state;
	struct error error = {0};
	CLEANUP_BUFFER struct buffer entry = BUFFER_EMPTY;
	CLEANUP_BUFFER struct buffer proof = BUFFER_EMPTY;
	CLEANUP_BUFFER struct buffer pdf = BUFFER_EMPTY;
	struct certificate certificate = {0};
	json_t *made = make_entry("ZN1ABCDE");
	json_object_set_new(
	    json_object_get(wipe_entry_body(made), "operator"), "name", json_string("Somebody"));
	wipe_entry_write(made, &entry);
	fixture_prove(&entry, &proof);
	/* Kiyome does not even sign it. */
	assert_int_equal(certificate_make(entry.data, entry.length, proof.data, proof.length, scene.identity,
			     &certificate, &error),
	    -EKEYREJECTED);
	const struct forgery forgery = {
	    &entry, &entry, &proof, time(NULL), scene.identity, "K3F9A12-2026-000012"};
	forge(&forgery, &pdf);
	assert_invalid(check(pdf.data, pdf.length), "names the operator Somebody");
}

static void a_page_that_could_not_be_compared_is_not_passed_as_valid(void **state)
{
	(void)state;
	CLEANUP_BUFFER struct buffer shown = BUFFER_EMPTY;
	CLEANUP_BUFFER struct buffer attached = BUFFER_EMPTY;
	CLEANUP_BUFFER struct buffer proof = BUFFER_EMPTY;
	CLEANUP_BUFFER struct buffer pdf = BUFFER_EMPTY;
	json_t *entry = make_entry("ZN1ABCDE");
	json_object_set_new(
	    json_object_get(wipe_entry_body(entry), "renderer"), "cairo", json_string("99.0"));
	wipe_entry_write(entry, &attached);
	wipe_entry_write(make_entry("OTHER"), &shown);
	fixture_prove(&attached, &proof);
	const struct forgery forgery = {
	    &shown, &attached, &proof, time(NULL), scene.identity, "K3F9A12-2026-000012"};
	forge(&forgery, &pdf);
	struct verification out = check(pdf.data, pdf.length);
	assert_int_equal(out.page, VERIFIED_PAGE_NOT_COMPARED);
	assert_int_equal(json_array_size(out.reasons), 1);
	assert_invalid(out, "page not compared");
}

static void the_json_is_checked_with_the_signature_beside_it(void **state)
{
	(void)state;
	const struct buffer *json = &scene.certificate.json;
	const struct buffer *der = &scene.certificate.signature;
	const struct cms_bytes signature = {der->data, der->length};
	assert_valid(check_with((struct cms_bytes){json->data, json->length}, signature, scene.ca, NULL));
	char *bytes = malloc(json->length);
	for (size_t i = 0; i < json->length; i += 131) {
		memcpy(bytes, json->data, json->length);
		bytes[i] ^= 0x01;
		struct verification out =
		    check_with((struct cms_bytes){bytes, json->length}, signature, scene.ca, NULL);
		assert_false(out.valid);
		verification_release(&out);
	}
	free(bytes);
	char *damaged = malloc(der->length);
	for (size_t i = 0; i < der->length; i++) {
		memcpy(damaged, der->data, der->length);
		damaged[i] ^= 0x01;
		struct verification out = check_with((struct cms_bytes){json->data, json->length},
		    (struct cms_bytes){damaged, der->length}, scene.ca, NULL);
		if (out.valid)
			fail_msg("a changed byte %zu of the signature was not noticed", i);
		verification_release(&out);
	}
	free(damaged);
}

static void another_form_of_the_same_json_is_invalid(void **state)
{
	(void)state;
	struct error error = {0};
	CLEANUP_BUFFER struct buffer spaced = BUFFER_EMPTY;
	CLEANUP_BUFFER struct buffer der = BUFFER_EMPTY;
	buffer_append(&spaced, scene.certificate.json.data, scene.certificate.json.length);
	buffer_append_text(&spaced, " ");
	const struct cms_bytes bytes = {spaced.data, spaced.length};
	assert_done(cms_sign(&bytes, 1, scene.identity, CMS_DETACHED_FILE, time(NULL), &der, &error), error);
	assert_invalid(
	    check_with(bytes, (struct cms_bytes){der.data, der.length}, scene.ca, NULL), "canonical form");
}

static void a_self_contradicting_record_is_invalid_whoever_signed_it(void **state)
{
	(void)state;
	struct error error = {0};
	CLEANUP_BUFFER struct buffer entry = BUFFER_EMPTY;
	CLEANUP_BUFFER struct buffer der = BUFFER_EMPTY;
	json_t *made = make_entry("ZN1ABCDE");
	json_object_set_new(
	    json_object_get(wipe_entry_body(made), "verification"), "mismatches", json_integer(1));
	wipe_entry_write(made, &entry);
	const struct cms_bytes bytes = {entry.data, entry.length};
	assert_done(cms_sign(&bytes, 1, scene.identity, CMS_DETACHED_FILE, time(NULL), &der, &error), error);
	assert_invalid(check_with(bytes, (struct cms_bytes){der.data, der.length}, scene.ca, NULL),
	    "contradicts itself");
}

static void certificates_and_reports_are_stored_apart_and_for_nobody_else(void **state)
{
	(void)state;
	struct error error = {0};
	struct certificate report = {0};
	struct certificate_paths paths = {0};
	json_t *entry = make_entry("ZN1ABCDE");
	wipe_entry_set_result(entry, "unverified", "not-verified");
	fixture_certify(entry, scene.identity, &report);
	assert_true(report.is_report);
	assert_false(scene.certificate.is_report);
	assert_done(certificate_store(scene.home, &report, &paths, &error), error);
	assert_non_null(strstr(paths.pdf, "/reports/K3F9A12-2026-000012.pdf"));
	certificate_paths_release(&paths);
	assert_done(certificate_store(scene.home, &scene.certificate, &paths, &error), error);
	assert_non_null(strstr(paths.signature, "/certificates/K3F9A12-2026-000012.p7s"));
	certificate_paths_release(&paths);
	char *open =
	    fixture_run("find %s/reports %s/certificates \\( -type f ! -perm 600 -o -type d ! -perm 700 \\)",
		scene.home, scene.home);
	assert_string_equal(open, "");
	free(open);
	certificate_release(&report);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_genuine_certificate_is_valid_with_the_authority_or_its_fingerprint),
	    cmocka_unit_test(another_authority_is_not_believed),
	    cmocka_unit_test(a_changed_byte_anywhere_makes_it_invalid),
	    cmocka_unit_test(a_changed_case_of_the_signature_digits_is_noticed),
	    cmocka_unit_test(a_cut_or_longer_file_is_invalid),
	    cmocka_unit_test(an_update_behind_the_signature_is_invalid),
	    cmocka_unit_test(a_page_that_shows_another_record_is_invalid),
	    cmocka_unit_test(a_record_that_is_not_in_the_proof_is_invalid),
	    cmocka_unit_test(a_number_that_is_not_the_records_is_invalid),
	    cmocka_unit_test(a_signature_after_the_certificates_time_is_invalid),
	    cmocka_unit_test(a_signer_who_is_not_the_operator_is_invalid),
	    cmocka_unit_test(a_page_that_could_not_be_compared_is_not_passed_as_valid),
	    cmocka_unit_test(the_json_is_checked_with_the_signature_beside_it),
	    cmocka_unit_test(another_form_of_the_same_json_is_invalid),
	    cmocka_unit_test(a_self_contradicting_record_is_invalid_whoever_signed_it),
	    cmocka_unit_test(certificates_and_reports_are_stored_apart_and_for_nobody_else),
	};
	return cmocka_run_group_tests(tests, set_scene, strike_scene);
}
