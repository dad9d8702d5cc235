#include "certs/cms_form.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

static bool is_algorithm(const X509_ALGOR *algorithm, int nid)
{
	const ASN1_OBJECT *object;
	int type;
	const void *value;
	X509_ALGOR_get0(&object, &type, &value, algorithm);
	/* RFC 5754 §2: parameters absent, or NULL. */
	return OBJ_obj2nid(object) == nid && (type == V_ASN1_UNDEF || type == V_ASN1_NULL);
}

static bool is_sound_signer(const PKCS7_SIGNER_INFO *signer)
{
	return ASN1_INTEGER_get(signer->version) == 1 && is_algorithm(signer->digest_alg, NID_sha256) &&
	       is_algorithm(signer->digest_enc_alg, NID_ecdsa_with_SHA256) &&
	       sk_X509_ATTRIBUTE_num(signer->unauth_attr) <= 0;
}

static bool is_sound_message(const PKCS7_SIGNED *message, X509 *signer, X509 *ca)
{
	if (ASN1_INTEGER_get(message->version) != 1 || sk_X509_ALGOR_num(message->md_algs) != 1 ||
	    !is_algorithm(sk_X509_ALGOR_value(message->md_algs, 0), NID_sha256) ||
	    sk_X509_CRL_num(message->crl) > 0 || sk_X509_num(message->cert) != 2 ||
	    sk_PKCS7_SIGNER_INFO_num(message->signer_info) != 1)
		return false;
	X509 *first = sk_X509_value(message->cert, 0);
	X509 *second = sk_X509_value(message->cert, 1);
	return ((X509_cmp(first, signer) == 0 && X509_cmp(second, ca) == 0) ||
		   (X509_cmp(first, ca) == 0 && X509_cmp(second, signer) == 0)) &&
	       is_sound_signer(sk_PKCS7_SIGNER_INFO_value(message->signer_info, 0));
}

static bool is_minimal(PKCS7 *message, const char *der, size_t length)
{
	unsigned char *again = NULL;
	int written = i2d_PKCS7(message, &again);
	bool same = written > 0 && (size_t)written == length && memcmp(again, der, length) == 0;
	OPENSSL_free(again);
	return same;
}

int cms_check_form(const char *der, size_t length, X509 *signer, X509 *ca, struct error *error)
{
	const unsigned char *next = (const unsigned char *)der;
	OSSL_PKCS7 message = d2i_PKCS7(NULL, &next, (long)length);
	if (message && PKCS7_type_is_signed(message) && PKCS7_type_is_data(message->d.sign->contents) &&
	    is_sound_message(message->d.sign, signer, ca) && is_minimal(message, der, length))
		return 0;
	return error_finding(
	    error, EBADMSG, _("the signature holds something else than its signer and the authority"));
}
