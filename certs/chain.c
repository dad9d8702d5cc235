#include "certs/chain.h"

#include "certs/ossl.h"
#include "src/base/clock.h"
#include "src/base/crypto.h"
#include "src/base/file.h"
#include "src/base/json.h"
#include "src/base/text.h"

#include <errno.h>
#include <openssl/pem.h>

enum { CERTIFICATE_LIMIT = 65536 };

int chain_read_certificate(const char *path, X509 **certificate, struct error *error)
{
	CLEANUP_BUFFER struct buffer text = BUFFER_EMPTY;
	int status = file_read(path, CERTIFICATE_LIMIT, &text, error);
	if (status < 0)
		return status;
	OSSL_BIO pem = BIO_new_mem_buf(buffer_text(&text), (int)text.length);
	*certificate = pem ? PEM_read_bio_X509(pem, NULL, NULL, NULL) : NULL;
	return *certificate ? 0 : ossl_fail(error, EBADMSG, _("%s holds no certificate in PEM"), path);
}

int chain_fingerprint(const X509 *certificate, char out[CHAIN_FINGERPRINT_SIZE], struct error *error)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned length = 0;
	CLEANUP_BUFFER struct buffer text = BUFFER_EMPTY;
	if (X509_digest(certificate, EVP_sha256(), digest, &length) != 1)
		return ossl_fail(error, EIO, _("could not compute a certificate's fingerprint"));
	text_append_hex(&text, digest, length);
	(void)snprintf(out, CHAIN_FINGERPRINT_SIZE, "%s", buffer_text(&text));
	return buffer_check(&text, error);
}

void chain_append_name(const X509 *certificate, int nid, struct buffer *out)
{
	const X509_NAME *name = X509_get_subject_name(certificate);
	int index = X509_NAME_get_index_by_NID(name, nid, -1);
	unsigned char *text = NULL;
	if (index < 0)
		return;
	int length = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, index)));
	if (length > 0)
		text_append_valid(out, (const char *)text, (size_t)length);
	OPENSSL_free(text);
}

static int read_time(const ASN1_TIME *time, time_t *seconds, struct error *error)
{
	struct tm parts;
	if (ASN1_TIME_to_tm(time, &parts) != 1)
		return ossl_fail(error, EBADMSG, _("a certificate has a date that is none"));
	*seconds = timegm(&parts);
	return 0;
}

int chain_read_validity(const X509 *certificate, time_t *begin, time_t *end, struct error *error)
{
	int status = read_time(X509_get0_notBefore(certificate), begin, error);
	return status < 0 ? status : read_time(X509_get0_notAfter(certificate), end, error);
}

/* Dates are checked before the rest so that the sentence can say which. */
static int check_dates(const X509 *certificate, time_t at, struct error *error)
{
	time_t begin = 0;
	time_t end = 0;
	char day[CLOCK_TEXT_SIZE];
	CLEANUP_BUFFER struct buffer name = BUFFER_EMPTY;
	int status = chain_read_validity(certificate, &begin, &end, error);
	if (status < 0)
		return status;
	chain_append_name(certificate, NID_commonName, &name);
	clock_format(at < begin ? begin : end, day);
	if (at < begin)
		return error_finding(error, EKEYEXPIRED, _("the certificate of %s is valid only from %s on"),
		    buffer_text(&name), day);
	if (at > end)
		return error_finding(
		    error, EKEYEXPIRED, _("the certificate of %s expired on %s"), buffer_text(&name), day);
	return 0;
}

static int check_chain(X509_STORE *store, X509 *certificate, time_t at, struct error *error)
{
	X509_STORE_CTX *context = X509_STORE_CTX_new();
	if (!context || X509_STORE_CTX_init(context, store, certificate, NULL) != 1) {
		X509_STORE_CTX_free(context);
		return ossl_fail(error, ENOMEM, _("could not prepare the check of a certificate"));
	}
	X509_VERIFY_PARAM *rules = X509_STORE_CTX_get0_param(context);
	X509_VERIFY_PARAM_set_time(rules, at);
	X509_VERIFY_PARAM_set_flags(rules, X509_V_FLAG_X509_STRICT);
	X509_VERIFY_PARAM_set_purpose(rules, X509_PURPOSE_SMIME_SIGN);
	int verified = X509_verify_cert(context);
	int reason = X509_STORE_CTX_get_error(context);
	X509_STORE_CTX_free(context);
	if (verified == 1)
		return 0;
	CLEANUP_BUFFER struct buffer name = BUFFER_EMPTY;
	chain_append_name(certificate, NID_commonName, &name);
	return error_finding(error, EKEYREJECTED, _("the certificate of %s is not one of this authority: %s"),
	    buffer_text(&name), X509_verify_cert_error_string(reason));
}

int chain_verify(X509 *certificate, X509 *ca, time_t at, struct error *error)
{
	OSSL_STORE store = X509_STORE_new();
	if (!store || X509_STORE_add_cert(store, ca) != 1)
		return ossl_fail(error, ENOMEM, _("could not prepare the check of a certificate"));
	if (X509_check_ca(ca) != 1)
		return error_finding(error, EKEYREJECTED,
		    _("what was given as the authority's certificate is not an authority's"));
	int status = check_dates(ca, at, error);
	if (status == 0)
		status = check_dates(certificate, at, error);
	if (status == 0)
		status = check_chain(store, certificate, at, error);
	if (status == 0 && X509_cmp(certificate, ca) == 0)
		status =
		    error_finding(error, EKEYREJECTED, _("the authority's own key must not sign documents"));
	return status;
}

json_t *chain_to_json(const X509 *certificate, const char *role)
{
	CLEANUP_BUFFER struct buffer name = BUFFER_EMPTY;
	CLEANUP_BUFFER struct buffer organisation = BUFFER_EMPTY;
	char fingerprint[CHAIN_FINGERPRINT_SIZE];
	char begin_text[CLOCK_TEXT_SIZE];
	char end_text[CLOCK_TEXT_SIZE];
	time_t begin = 0;
	time_t end = 0;
	struct error ignored = {0};
	if (chain_fingerprint(certificate, fingerprint, &ignored) < 0 ||
	    chain_read_validity(certificate, &begin, &end, &ignored) < 0)
		return NULL;
	chain_append_name(certificate, NID_commonName, &name);
	chain_append_name(certificate, NID_organizationName, &organisation);
	clock_format(begin, begin_text);
	clock_format(end, end_text);
	return json_pack("{s:s, s:o, s:o, s:s, s:s, s:s}", "role", role, "name",
	    json_from_bytes(buffer_text(&name)), "organisation", json_from_bytes(buffer_text(&organisation)),
	    "sha256", fingerprint, "not_before", begin_text, "not_after", end_text);
}
