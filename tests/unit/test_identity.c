#include "certs/authority.h"
#include "certs/chain.h"
#include "certs/key_file.h"
#include "certs/ossl.h"
#include "tests/unit/certs_fixture.h"

#include <errno.h>
#include <openssl/pem.h>
#include <sys/stat.h>

static int make_home(void **state)
{
	char *home = fixture_home();
	fixture_setup(home, OPERATOR_NAME);
	*state = home;
	return 0;
}

static int remove_home(void **state)
{
	fixture_remove(*state);
	return 0;
}

static int try_open(const char *home, const char *passphrase, struct error *error)
{
	struct identity *identity = NULL;
	CLEANUP_SECRET struct secret secret = SECRET_EMPTY;
	fixture_secret(&secret, passphrase);
	int status = identity_open(home, &secret, &identity, error);
	identity_close(&identity);
	return status;
}

static void an_identity_opens_with_its_passphrase_and_names_the_operator(void **state)
{
	struct identity *identity = fixture_open(*state);
	assert_string_equal(identity_name(identity), OPERATOR_NAME);
	assert_string_equal(identity_title(identity), "情報システム管理者");
	identity_close(&identity);
}

static void a_wrong_passphrase_is_refused(void **state)
{
	struct error error = {0};
	assert_int_equal(try_open(*state, "Correct-Horse-8", &error), -EACCES);
	assert_int_equal(error.blame, ERROR_REFUSED);
	assert_non_null(strstr(error.sentence, "passphrase"));
}

static void keys_are_encrypted_under_scrypt(void **state)
{
	const char *const names[] = {"keys/ca.key", "keys/operator.key"};
	for (size_t i = 0; i < LENGTH_OF(names); i++) {
		char *text = fixture_run("openssl asn1parse -in %s/%s 2>&1", (char *)*state, names[i]);
		assert_non_null(strstr(text, "OBJECT            :PBES2"));
		assert_non_null(strstr(text, "OBJECT            :scrypt"));
		assert_non_null(strstr(text, ":4000\n")); /* N = 16384 */
		assert_non_null(strstr(text, "OBJECT            :aes-256-cbc"));
		free(text);
	}
}

static void nobody_else_may_read_any_of_it(void **state)
{
	char *text =
	    fixture_run("find %s \\( -type f ! -perm 600 -o -type d ! -perm 700 \\) -printf '%%p %%m\\n'",
		(char *)*state);
	assert_string_equal(text, "");
	free(text);
}

static void the_certificates_are_of_the_promised_profile(void **state)
{
	char *ca = fixture_run("openssl x509 -in %s/ca.pem -noout -text 2>&1", (char *)*state);
	assert_non_null(strstr(ca, "CA:TRUE, pathlen:0"));
	assert_non_null(strstr(ca, "X509v3 Basic Constraints: critical"));
	assert_non_null(strstr(ca, "Certificate Sign, CRL Sign"));
	free(ca);
	char *operator_ =
	    fixture_run("openssl x509 -in %s/keys/operator.pem -noout -text 2>&1", (char *)*state);
	assert_non_null(strstr(
	    operator_, "X509v3 Key Usage: critical\n                Digital Signature, Non Repudiation\n"));
	assert_non_null(strstr(operator_, "E-mail Protection, 1.3.6.1.5.5.7.3.36"));
	assert_non_null(strstr(operator_, "X509v3 Authority Key Identifier"));
	assert_non_null(strstr(operator_, "prime256v1"));
	free(operator_);
	char *chain = fixture_run("openssl verify -x509_strict -CAfile %s/ca.pem %s/keys/operator.pem 2>&1",
	    (char *)*state, (char *)*state);
	assert_non_null(strstr(chain, "OK"));
	free(chain);
}

static void a_second_setup_leaves_the_keys_alone(void **state)
{
	struct error error = {0};
	CLEANUP_SECRET struct secret secret = SECRET_EMPTY;
	char *before = fixture_run("cat %s/ca.pem %s/keys/*", (char *)*state, (char *)*state);
	fixture_secret(&secret, "Another-Horse-7");
	assert_int_equal(identity_setup(*state, "X", "Y", "Z", &secret, &error), -EEXIST);
	assert_int_equal(error.blame, ERROR_REFUSED);
	char *after = fixture_run("cat %s/ca.pem %s/keys/*", (char *)*state, (char *)*state);
	assert_string_equal(before, after);
	free(before);
	free(after);
}

static void a_key_of_somebody_else_is_refused(void **state)
{
	struct error error = {0};
	char *other = fixture_home();
	fixture_setup(other, "Somebody");
	free(fixture_run("cp %s/keys/operator.key %s/keys/operator.key", other, (char *)*state));
	assert_int_equal(try_open(*state, "Correct-Horse-7", &error), -EKEYREJECTED);
	assert_int_equal(error.blame, ERROR_REFUSED);
	fixture_remove(other);
}

static void a_certificate_of_another_authority_is_refused(void **state)
{
	struct error error = {0};
	char *other = fixture_home();
	fixture_setup(other, OPERATOR_NAME);
	free(fixture_run("cp %s/keys/operator.* %s/keys/", other, (char *)*state));
	assert_int_equal(try_open(*state, "Correct-Horse-7", &error), -EKEYREJECTED);
	fixture_remove(other);
}

/* Issues the operator's certificate anew, valid from that time on. */
static void reissue(const char *home, time_t start)
{
	struct error error = {0};
	OSSL_X509 ca = NULL;
	OSSL_X509 certificate = NULL;
	OSSL_KEY ca_key = NULL;
	OSSL_KEY key = NULL;
	CLEANUP_SECRET struct secret secret = SECRET_EMPTY;
	char path[256];
	fixture_secret(&secret, "Correct-Horse-7");
	(void)snprintf(path, sizeof path, "%s/keys/ca.key", home);
	assert_done(key_file_read(path, &secret, &ca_key, &error), error);
	(void)snprintf(path, sizeof path, "%s/keys/operator.key", home);
	assert_done(key_file_read(path, &secret, &key, &error), error);
	assert_done(authority_make_ca("株式会社髙橋商事", ca_key, start, &ca, &error), error);
	assert_done(authority_issue_operator(ca, ca_key, "株式会社髙橋商事", OPERATOR_NAME, "管理者", key,
			start, &certificate, &error),
	    error);
	(void)snprintf(path, sizeof path, "%s/ca.pem", home);
	FILE *file = fopen(path, "w");
	assert_int_equal(PEM_write_X509(file, ca), 1);
	(void)fclose(file);
	(void)snprintf(path, sizeof path, "%s/keys/operator.pem", home);
	file = fopen(path, "w");
	assert_int_equal(PEM_write_X509(file, certificate), 1);
	(void)fclose(file);
}

static void a_certificate_out_of_its_time_is_refused(void **state)
{
	const time_t day = 86400;
	struct error error = {0};
	reissue(*state, time(NULL) - 1097 * day);
	assert_int_equal(try_open(*state, "Correct-Horse-7", &error), -EKEYEXPIRED);
	assert_non_null(strstr(error.sentence, "expired on"));
	reissue(*state, time(NULL) + day);
	assert_int_equal(try_open(*state, "Correct-Horse-7", &error), -EKEYEXPIRED);
	assert_int_equal(error.blame, ERROR_REFUSED);
	reissue(*state, time(NULL) - 1095 * day);
	assert_int_equal(try_open(*state, "Correct-Horse-7", &error), 0);
}

static void a_damaged_key_file_is_named(void **state)
{
	struct error error = {0};
	free(fixture_run("truncate -s 100 %s/keys/operator.key", (char *)*state));
	assert_int_equal(try_open(*state, "Correct-Horse-7", &error), -EBADMSG);
	assert_non_null(strstr(error.sentence, "operator.key"));
}

static void names_that_a_certificate_cannot_hold_are_refused(void **state)
{
	(void)state;
	struct error error = {0};
	char longest[65 * 3 + 1] = "";
	for (int i = 0; i < 64; i++)
		strcat(longest, "長");
	assert_int_equal(authority_check_name(longest, "it", &error), 0);
	strcat(longest, "い");
	assert_int_equal(authority_check_name(longest, "it", &error), -EINVAL);
	assert_int_equal(authority_check_name("", "it", &error), -EINVAL);
	assert_int_equal(authority_check_name("a\nb", "it", &error), -EINVAL);
	assert_int_equal(authority_check_name("a\xe2\x80\xae b", "it", &error), -EINVAL);
	assert_int_equal(authority_check_name("\xff", "it", &error), -EINVAL);
	assert_int_equal(authority_check_name("back\\slash", "it", &error), 0);
}

static void the_longest_names_make_a_working_identity(void **state)
{
	char longest[64 * 3 + 1] = "";
	struct error error = {0};
	CLEANUP_SECRET struct secret secret = SECRET_EMPTY;
	struct identity *identity = NULL;
	char *home = fixture_home();
	(void)state;
	for (int i = 0; i < 64; i++)
		strcat(longest, "長");
	fixture_secret(&secret, "Correct-Horse-7");
	assert_done(identity_setup(home, longest, longest, longest, &secret, &error), error);
	assert_done(identity_open(home, &secret, &identity, &error), error);
	assert_string_equal(identity_name(identity), longest);
	identity_close(&identity);
	fixture_remove(home);
}

#define test(name) cmocka_unit_test_setup_teardown(name, make_home, remove_home)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    test(an_identity_opens_with_its_passphrase_and_names_the_operator),
	    test(a_wrong_passphrase_is_refused),
	    test(keys_are_encrypted_under_scrypt),
	    test(nobody_else_may_read_any_of_it),
	    test(the_certificates_are_of_the_promised_profile),
	    test(a_second_setup_leaves_the_keys_alone),
	    test(a_key_of_somebody_else_is_refused),
	    test(a_certificate_of_another_authority_is_refused),
	    test(a_certificate_out_of_its_time_is_refused),
	    test(a_damaged_key_file_is_named),
	    cmocka_unit_test(names_that_a_certificate_cannot_hold_are_refused),
	    cmocka_unit_test(the_longest_names_make_a_working_identity),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
