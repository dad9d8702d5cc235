#include "certs/chain.h"
#include "certs/cms.h"
#include "certs/ossl.h"
#include "certs/page.h"
#include "certs/pdf_signature.h"
#include "tests/unit/certs_fixture.h"

#include <errno.h>

struct scene {
	char *home;
	struct certificate certificate;
};

static struct scene scene;

static int set_scene(void **state)
{
	(void)state;
	struct error error = {0};
	char path[256];
	scene.home = fixture_home();
	fixture_setup(scene.home, OPERATOR_NAME);
	struct identity *identity = fixture_open(scene.home);
	fixture_certify(wipe_entry_hdd(), identity, &scene.certificate);
	identity_close(&identity);
	(void)snprintf(path, sizeof path, "%s/c.pdf", scene.home);
	assert_done(
	    file_replace(path, scene.certificate.pdf.data, scene.certificate.pdf.length, 0600, &error),
	    error);
	free(fixture_run("mkdir %s/nss && certutil -N -d sql:%s/nss --empty-password && certutil -A -d "
			 "sql:%s/nss -n ca -t C,C,C -i "
			 "%s/ca.pem 2>&1",
	    scene.home, scene.home, scene.home, scene.home));
	return 0;
}

static int strike_scene(void **state)
{
	(void)state;
	certificate_release(&scene.certificate);
	fixture_remove(scene.home);
	return 0;
}

static void assert_prints(char *text, const char *wanted)
{
	if (!strstr(text, wanted))
		fail_msg("\"%s\" is not in:\n%s", wanted, text);
	free(text);
}

static void write_variant(const char *bytes, size_t length)
{
	struct error error = {0};
	char path[256];
	(void)snprintf(path, sizeof path, "%s/variant.pdf", scene.home);
	assert_done(file_replace(path, bytes, length, 0600, &error), error);
}

static void poppler_trusts_the_signature_over_the_total_document(void **state)
{
	(void)state;
	const char *command = "pdfsig -nssdir sql:%s/nss %s/c.pdf 2>&1";
	assert_prints(
	    fixture_run(command, scene.home, scene.home), "Signature Validation: Signature is Valid.");
	assert_prints(
	    fixture_run(command, scene.home, scene.home), "Certificate Validation: Certificate is Trusted.");
	assert_prints(fixture_run(command, scene.home, scene.home), "Total document signed");
	assert_prints(fixture_run(command, scene.home, scene.home), "Signature Type: ETSI.CAdES.detached");
	assert_prints(fixture_run(command, scene.home, scene.home), OPERATOR_NAME);
}

static void mupdf_finds_the_document_unchanged(void **state)
{
	(void)state;
	assert_prints(fixture_run("mutool sign -v %s/c.pdf 2>&1", scene.home),
	    "The document is unchanged since signing.");
}

static void qpdf_finds_no_fault_in_the_file(void **state)
{
	(void)state;
	assert_prints(fixture_run("qpdf --check %s/c.pdf 2>&1; echo status $?", scene.home), "status 0");
}

static void the_record_and_its_proof_are_attached(void **state)
{
	(void)state;
	char *text = fixture_run("cd %s && pdfdetach -saveall c.pdf && cat entry.json", scene.home);
	assert_int_equal(strlen(text), scene.certificate.json.length);
	assert_string_equal(text, scene.certificate.json.data);
	free(text);
	assert_prints(fixture_run("cat %s/proof.txt", scene.home), "k3f9a12.kiyome\n13\n");
	assert_prints(fixture_run("qpdf --show-object=trailer %s/c.pdf", scene.home), "/Prev");
	assert_prints(fixture_run("grep -a -o '/AFRelationship /Data' %s/c.pdf", scene.home), "/Data");
}

static void other_programs_notice_a_changed_byte(void **state)
{
	(void)state;
	char *bytes = malloc(scene.certificate.pdf.length);
	memcpy(bytes, scene.certificate.pdf.data, scene.certificate.pdf.length);
	char *serial = memmem(bytes, scene.certificate.pdf.length, "ZN1ABCDE", 8);
	assert_non_null(serial);
	*serial = 'Y';
	write_variant(bytes, scene.certificate.pdf.length);
	free(bytes);
	assert_prints(fixture_run("pdfsig -nssdir sql:%s/nss %s/variant.pdf 2>&1", scene.home, scene.home),
	    "Digest Mismatch");
	assert_prints(fixture_run("mutool sign -v %s/variant.pdf 2>&1", scene.home), "Digest error");
}

static void the_detached_signature_is_cades_for_openssl(void **state)
{
	(void)state;
	struct error error = {0};
	char path[256];
	(void)snprintf(path, sizeof path, "%s/c.json", scene.home);
	assert_done(
	    file_replace(path, scene.certificate.json.data, scene.certificate.json.length, 0600, &error),
	    error);
	(void)snprintf(path, sizeof path, "%s/c.p7s", scene.home);
	assert_done(file_replace(path, scene.certificate.signature.data, scene.certificate.signature.length,
			0600, &error),
	    error);
	const char *command =
	    "openssl cms -verify -cades -binary -inform DER -in %s/c.p7s -content %s/c.json -CAfile "
	    "%s/ca.pem -out /dev/null 2>&1";
	assert_prints(
	    fixture_run(command, scene.home, scene.home, scene.home), "CAdES Verification successful");
	free(fixture_run("sed -i s/ZN1ABCDE/ZN1ABCDF/ %s/c.json", scene.home));
	assert_prints(fixture_run(command, scene.home, scene.home, scene.home), "Verification failure");
}

/* PAdES baseline: the time is in the PDF's /M; the detached one has it inside. */
static void the_signature_in_the_pdf_has_no_time_of_its_own(void **state)
{
	(void)state;
	struct error error = {0};
	char path[256];
	struct pdf_update update;
	struct pdf_gap gap;
	CLEANUP_BUFFER struct buffer der = BUFFER_EMPTY;
	assert_done(pdf_signature_dissect(scene.certificate.pdf.data, scene.certificate.pdf.length, &update,
			&gap, &der, &error),
	    error);
	(void)snprintf(path, sizeof path, "%s/in.p7s", scene.home);
	assert_done(file_replace(path, der.data, der.length, 0600, &error), error);
	(void)snprintf(path, sizeof path, "%s/out.p7s", scene.home);
	assert_done(file_replace(path, scene.certificate.signature.data, scene.certificate.signature.length,
			0600, &error),
	    error);
	const char *command =
	    "openssl cms -cmsout -print -inform DER -in %s/%s 2>&1 | grep -c -e signingTime -e "
	    "signingCertificateV2";
	assert_prints(fixture_run(command, scene.home, "in.p7s"), "1\n");
	assert_prints(fixture_run(command, scene.home, "out.p7s"), "2\n");
}

static void a_signature_too_long_for_its_gap_is_refused(void **state)
{
	(void)state;
	struct error error = {0};
	static char der[PDF_SIGNATURE_CAPACITY + 1];
	CLEANUP_BUFFER struct buffer file = BUFFER_EMPTY;
	buffer_append(&file, scene.certificate.pdf.data, scene.certificate.pdf.length);
	const struct pdf_gap gap = {.offset = 100, .length = 2 * PDF_SIGNATURE_CAPACITY + 2};
	assert_int_equal(pdf_signature_fill(&file, &gap, der, sizeof der, &error), -EFBIG);
	assert_int_equal(pdf_signature_fill(&file, &gap, der, sizeof der - 1, &error), 0);
}

static int try_dissect(const char *bytes, size_t length)
{
	struct error error = {0};
	struct pdf_update update;
	struct pdf_gap gap;
	CLEANUP_BUFFER struct buffer der = BUFFER_EMPTY;
	/* A copy of its own size, so that a read behind its end is noticed by a sanitizer. */
	char *copy = malloc(length ? length : 1);
	memcpy(copy, bytes, length);
	int status = pdf_signature_dissect(copy, length, &update, &gap, &der, &error);
	free(copy);
	return status;
}

static void a_file_cut_off_anywhere_is_refused(void **state)
{
	(void)state;
	const struct buffer *pdf = &scene.certificate.pdf;
	assert_int_equal(try_dissect(pdf->data, pdf->length), 0);
	for (size_t length = 0; length < pdf->length; length += length + 600 < pdf->length ? 211 : 1)
		assert_int_equal(try_dissect(pdf->data, length), -EBADMSG);
}

static void bytes_behind_the_end_are_refused(void **state)
{
	(void)state;
	CLEANUP_BUFFER struct buffer longer = BUFFER_EMPTY;
	buffer_append(&longer, scene.certificate.pdf.data, scene.certificate.pdf.length);
	buffer_append_text(&longer, "\n");
	assert_int_equal(try_dissect(longer.data, longer.length), -EBADMSG);
}

/* Numbers of a cross-reference table are where a reader of foreign files goes wrong. */
static void damaged_tables_never_lead_outside_the_file(void **state)
{
	(void)state;
	static const char *const values[] = {
	    "9999999999", "0000000000", "4294967295", "-000000001", "          "};
	const struct buffer *pdf = &scene.certificate.pdf;
	char *bytes = malloc(pdf->length);
	for (size_t i = 0; i + 10 < pdf->length; i++) {
		bool in_table = pdf->length - i < 700 || memcmp(pdf->data + i, "/Length ", 8) == 0;
		for (size_t k = 0; in_table && k < LENGTH_OF(values); k++) {
			memcpy(bytes, pdf->data, pdf->length);
			memcpy(bytes + i + (pdf->length - i < 700 ? 0 : 8), values[k], 10);
			(void)try_dissect(bytes, pdf->length);
		}
	}
	/* The offset of startxref itself. */
	memcpy(bytes, pdf->data, pdf->length);
	char *offset = memmem(bytes + pdf->length - 40, 40, "startxref\n", 10);
	assert_non_null(offset);
	offset[10] = '9';
	assert_int_equal(try_dissect(bytes, pdf->length), -EBADMSG);
	free(bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(poppler_trusts_the_signature_over_the_total_document),
	    cmocka_unit_test(mupdf_finds_the_document_unchanged),
	    cmocka_unit_test(qpdf_finds_no_fault_in_the_file),
	    cmocka_unit_test(the_record_and_its_proof_are_attached),
	    cmocka_unit_test(other_programs_notice_a_changed_byte),
	    cmocka_unit_test(the_detached_signature_is_cades_for_openssl),
	    cmocka_unit_test(the_signature_in_the_pdf_has_no_time_of_its_own),
	    cmocka_unit_test(a_signature_too_long_for_its_gap_is_refused),
	    cmocka_unit_test(a_file_cut_off_anywhere_is_refused),
	    cmocka_unit_test(bytes_behind_the_end_are_refused),
	    cmocka_unit_test(damaged_tables_never_lead_outside_the_file),
	};
	return cmocka_run_group_tests(tests, set_scene, strike_scene);
}
