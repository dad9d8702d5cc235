#include "certs/authority.h"

#include "certs/ossl.h"
#include "src/base/crypto.h"
#include "src/base/text.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

enum { CA_DAYS = 3653, OPERATOR_DAYS = 1096, SERIAL_BYTES = 16 };

struct extension {
	int nid;
	const char *value;
};

static const struct extension ca_extensions[] = {
    {NID_basic_constraints, "critical,CA:TRUE,pathlen:0"},
    {NID_key_usage, "critical,keyCertSign,cRLSign"},
    {NID_subject_key_identifier, "hash"},
};

static const struct extension operator_extensions[] = {
    {NID_basic_constraints, "critical,CA:FALSE"},
    {NID_key_usage, "critical,digitalSignature,nonRepudiation"},
    /* emailProtection, and RFC 9336's documentSigning, which OpenSSL 3.0 has no name for. */
    {NID_ext_key_usage, "emailProtection,1.3.6.1.5.5.7.3.36"},
    {NID_subject_key_identifier, "hash"},
    {NID_authority_key_identifier, "keyid:always"},
};

int authority_make_key(EVP_PKEY **key, struct error *error)
{
	*key = EVP_EC_gen("P-256");
	return *key ? 0 : ossl_fail(error, EIO, _("could not make a key"));
}

/* What follows would hide in a name: controls, and marks without a width. */
static bool is_visible(const char *text)
{
	CLEANUP_BUFFER struct buffer safe = BUFFER_EMPTY;
	text_append_for_terminal(&safe, text);
	for (const char *mark = buffer_text(&safe); (mark = strchr(mark, '\\')); mark += 2)
		if (mark[1] != '\\')
			return false;
	return !safe.failed;
}

int authority_check_name(const char *text, const char *what, struct error *error)
{
	size_t characters = 0;
	size_t left = strlen(text);
	for (const char *next = text; left; characters++) {
		uint32_t point;
		size_t size = text_decode(next, left, &point);
		if (size == 0)
			return error_refuse(error, EINVAL, _("%s is not UTF-8"), what);
		next += size;
		left -= size;
	}
	if (characters == 0)
		return error_refuse(error, EINVAL, _("%s is empty"), what);
	if (characters > AUTHORITY_NAME_LIMIT)
		return error_refuse(error, EINVAL,
		    _("%s is longer than the %d characters a certificate's name may have"), what,
		    AUTHORITY_NAME_LIMIT);
	if (!is_visible(text))
		return error_refuse(error, EINVAL, _("%s has characters that cannot be seen"), what);
	return 0;
}

/* A positive number of 127 random bits (RFC 5280 §4.1.2.2 wants at most 20 bytes, unique for the issuer). */
static bool set_serial(X509 *certificate, struct error *error)
{
	unsigned char bytes[SERIAL_BYTES];
	if (crypto_random(bytes, sizeof bytes, error) < 0)
		return false;
	bytes[0] = (bytes[0] & 0x7f) | 0x40;
	BIGNUM *number = BN_bin2bn(bytes, sizeof bytes, NULL);
	bool done = number && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate));
	BN_free(number);
	return done;
}

static bool add_name(X509_NAME *name, int nid, const char *text)
{
	return X509_NAME_add_entry_by_NID(
		   name, nid, MBSTRING_UTF8, (const unsigned char *)text, (int)strlen(text), -1, 0) == 1;
}

static bool add_extensions(X509 *certificate, X509 *issuer, const struct extension *extensions, size_t count)
{
	X509V3_CTX context;
	X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
	for (size_t i = 0; i < count; i++) {
		X509_EXTENSION *extension =
		    X509V3_EXT_conf_nid(NULL, &context, extensions[i].nid, extensions[i].value);
		bool added = extension && X509_add_ext(certificate, extension, -1) == 1;
		X509_EXTENSION_free(extension);
		if (!added)
			return false;
	}
	return true;
}

static X509 *begin(EVP_PKEY *key, time_t start, int days, struct error *error)
{
	X509 *certificate = X509_new();
	if (certificate && X509_set_version(certificate, X509_VERSION_3) == 1 &&
	    set_serial(certificate, error) &&
	    X509_time_adj_ex(X509_getm_notBefore(certificate), 0, 0, &start) &&
	    X509_time_adj_ex(X509_getm_notAfter(certificate), days, 0, &start) &&
	    X509_set_pubkey(certificate, key) == 1)
		return certificate;
	X509_free(certificate);
	return NULL;
}

/* The CA's common name has the same limit as the organisation it is made from. */
static void name_ca(const char *organisation, char *out, size_t size)
{
	static const char ending[] = " Kiyome CA";
	size_t left = strlen(organisation);
	size_t taken = 0;
	for (size_t characters = 0; characters < AUTHORITY_NAME_LIMIT - strlen(ending) && left;
	     characters++) {
		uint32_t point;
		size_t step = text_decode(organisation + taken, left, &point);
		if (step == 0)
			break;
		taken += step;
		left -= step;
	}
	(void)snprintf(out, size, "%.*s%s", (int)taken, organisation, ending);
}

int authority_make_ca(
    const char *organisation, EVP_PKEY *key, time_t start, X509 **certificate, struct error *error)
{
	char name[4 * AUTHORITY_NAME_LIMIT + 1];
	name_ca(organisation, name, sizeof name);
	X509 *made = begin(key, start, CA_DAYS, error);
	X509_NAME *subject = made ? X509_get_subject_name(made) : NULL;
	if (made && add_name(subject, NID_organizationName, organisation) &&
	    add_name(subject, NID_commonName, name) && X509_set_issuer_name(made, subject) == 1 &&
	    add_extensions(made, made, ca_extensions, LENGTH_OF(ca_extensions)) &&
	    X509_sign(made, key, EVP_sha256()) > 0) {
		*certificate = made;
		return 0;
	}
	X509_free(made);
	return ossl_fail(error, EIO, _("could not make the certification authority's certificate"));
}

int authority_issue_operator(X509 *ca, EVP_PKEY *ca_key, const char *organisation, const char *name,
    const char *title, EVP_PKEY *key, time_t start, X509 **certificate, struct error *error)
{
	X509 *made = begin(key, start, OPERATOR_DAYS, error);
	X509_NAME *subject = made ? X509_get_subject_name(made) : NULL;
	if (made && add_name(subject, NID_organizationName, organisation) &&
	    add_name(subject, NID_title, title) && add_name(subject, NID_commonName, name) &&
	    X509_set_issuer_name(made, X509_get_subject_name(ca)) == 1 &&
	    add_extensions(made, ca, operator_extensions, LENGTH_OF(operator_extensions)) &&
	    X509_sign(made, ca_key, EVP_sha256()) > 0) {
		*certificate = made;
		return 0;
	}
	X509_free(made);
	return ossl_fail(error, EIO, _("could not issue the certificate of %s"), name);
}
