#include "certs/cms.h"

#include "certs/chain.h"
#include "certs/cms_form.h"
#include "certs/ossl.h"
#include "src/base/crypto.h"

#include <errno.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/ess.h>
#include <string.h>
#include <strings.h>

/* ── Signing. PKCS7_… and not CMS_…: OpenSSL 3.0's CMS_sign() always adds signing-time, which PAdES forbids.
 * ── */

static int hash_parts(
    const struct cms_bytes *parts, size_t count, unsigned char digest[SHA256_BYTES], struct error *error)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool done = context && EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1;
	for (size_t i = 0; done && i < count; i++)
		done = EVP_DigestUpdate(context, parts[i].data, parts[i].length) == 1;
	done = done && EVP_DigestFinal_ex(context, digest, NULL) == 1;
	EVP_MD_CTX_free(context);
	return done ? 0 : ossl_fail(error, EIO, _("could not hash what is to be signed"));
}

/* signing-certificate-v2: binds the signature to this very certificate. */
static bool add_signing_certificate(PKCS7_SIGNER_INFO *signer, X509 *certificate)
{
	ESS_SIGNING_CERT_V2 *ess = OSSL_ESS_signing_cert_v2_new_init(EVP_sha256(), certificate, NULL, 0);
	unsigned char *der = NULL;
	int length = ess ? i2d_ESS_SIGNING_CERT_V2(ess, &der) : -1;
	ASN1_STRING *sequence = ASN1_STRING_new();
	bool added = length > 0 && sequence && ASN1_STRING_set(sequence, der, length) == 1 &&
		     PKCS7_add_signed_attribute(
			 signer, NID_id_smime_aa_signingCertificateV2, V_ASN1_SEQUENCE, sequence) == 1;
	if (!added)
		ASN1_STRING_free(sequence);
	OPENSSL_free(der);
	ESS_SIGNING_CERT_V2_free(ess);
	return added;
}

static bool add_signing_time(PKCS7_SIGNER_INFO *signer, time_t now)
{
	ASN1_TIME *time = ASN1_TIME_set(NULL, now);
	if (time && PKCS7_add0_attrib_signing_time(signer, time) == 1)
		return true;
	ASN1_TIME_free(time);
	return false;
}

int cms_sign(const struct cms_bytes *parts, size_t count, const struct identity *identity,
    enum cms_profile profile, time_t now, struct buffer *der, struct error *error)
{
	unsigned char digest[SHA256_BYTES];
	unsigned char *bytes = NULL;
	int status = hash_parts(parts, count, digest, error);
	if (status < 0)
		return status;
	OSSL_PKCS7 message = PKCS7_new();
	PKCS7_SIGNER_INFO *signer = NULL;
	if (message && PKCS7_set_type(message, NID_pkcs7_signed) == 1 &&
	    PKCS7_content_new(message, NID_pkcs7_data) == 1 && PKCS7_set_detached(message, 1) == 1)
		signer = PKCS7_add_signature(
		    message, identity_certificate(identity), identity_key(identity), EVP_sha256());
	if (!signer || PKCS7_add_certificate(message, identity_certificate(identity)) != 1 ||
	    PKCS7_add_certificate(message, identity_ca(identity)) != 1 ||
	    PKCS7_add_attrib_content_type(signer, NULL) != 1 ||
	    PKCS7_add1_attrib_digest(signer, digest, sizeof digest) != 1 ||
	    !add_signing_certificate(signer, identity_certificate(identity)) ||
	    (profile == CMS_DETACHED_FILE && !add_signing_time(signer, now)) ||
	    PKCS7_SIGNER_INFO_sign(signer) != 1)
		return ossl_fail(error, EIO, _("could not sign"));
	int length = i2d_PKCS7(message, &bytes);
	if (length <= 0)
		return ossl_fail(error, EIO, _("could not write the signature"));
	buffer_append(der, bytes, (size_t)length);
	OPENSSL_free(bytes);
	return buffer_check(der, error);
}

/* ── Verifying ── */

static int read_signing_time(const CMS_SignerInfo *signer, time_t *time, struct error *error)
{
	const ASN1_OBJECT *what = OBJ_nid2obj(NID_pkcs9_signingTime);
	/* -3: the attribute must be there once, with one value. */
	ASN1_TIME *value = CMS_signed_get0_data_by_OBJ(signer, what, -3, V_ASN1_UTCTIME);
	struct tm parts;
	if (!value)
		value = CMS_signed_get0_data_by_OBJ(signer, what, -3, V_ASN1_GENERALIZEDTIME);
	ERR_clear_error();
	if (!value || ASN1_TIME_to_tm(value, &parts) != 1)
		return error_finding(error, EBADMSG, _("the signature does not say when it was made"));
	*time = timegm(&parts);
	return 0;
}

/* The one signer's certificate among those in the signature (borrowed from the stack). */
static X509 *find_signer(CMS_ContentInfo *message, STACK_OF(X509) * certificates)
{
	STACK_OF(CMS_SignerInfo) *signers = CMS_get0_SignerInfos(message);
	if (sk_CMS_SignerInfo_num(signers) != 1)
		return NULL;
	for (int i = 0; i < sk_X509_num(certificates); i++) {
		X509 *candidate = sk_X509_value(certificates, i);
		if (CMS_SignerInfo_cert_cmp(sk_CMS_SignerInfo_value(signers, 0), candidate) == 0)
			return candidate;
	}
	return NULL;
}

static int find_ca(
    const struct cms_trust *trust, STACK_OF(X509) * certificates, X509 **ca, struct error *error)
{
	*ca = trust->ca;
	for (int i = 0; !*ca && i < sk_X509_num(certificates); i++) {
		char fingerprint[CHAIN_FINGERPRINT_SIZE];
		if (chain_fingerprint(sk_X509_value(certificates, i), fingerprint, error) < 0)
			return error->code;
		if (trust->fingerprint && strcasecmp(fingerprint, trust->fingerprint) == 0)
			*ca = sk_X509_value(certificates, i);
	}
	if (*ca)
		return 0;
	return error_finding(error, EKEYREJECTED,
	    _("the authority of this signature is not the one with the given fingerprint"));
}

static void describe_signer(X509 *certificate, struct cms_facts *facts)
{
	CLEANUP_BUFFER struct buffer name = BUFFER_EMPTY;
	struct error ignored;
	chain_append_name(certificate, NID_commonName, &name);
	(void)snprintf(facts->name, sizeof facts->name, "%s", buffer_text(&name));
	(void)chain_fingerprint(certificate, facts->sha256, &ignored);
}

/* The profile says what the signature's own attributes must be. */
static int check_profile(const CMS_SignerInfo *signer, enum cms_profile profile, struct error *error)
{
	int with_time = CMS_signed_get_attr_by_NID(signer, NID_pkcs9_signingTime, -1);
	if (CMS_signed_get_attr_by_NID(signer, NID_id_smime_aa_signingCertificateV2, -1) < 0)
		return error_finding(error, EBADMSG, _("the signature is not bound to its certificate"));
	if (profile == CMS_IN_PDF && with_time >= 0)
		return error_finding(error, EBADMSG, _("the signature in the PDF has a time of its own"));
	return 0;
}

static int check_bytes(CMS_ContentInfo *message, const struct cms_bytes *parts, size_t count, X509 *ca,
    time_t time, struct error *error)
{
	OSSL_BIO content = BIO_new(BIO_s_mem());
	OSSL_STORE store = X509_STORE_new();
	X509_VERIFY_PARAM *rules = X509_VERIFY_PARAM_new();
	bool ready = content && store && rules && X509_STORE_add_cert(store, ca) == 1;
	for (size_t i = 0; ready && i < count; i++)
		ready = parts[i].length <= INT_MAX &&
			(parts[i].length == 0 ||
			    BIO_write(content, parts[i].data, (int)parts[i].length) == (int)parts[i].length);
	if (ready) {
		X509_VERIFY_PARAM_set_time(rules, time);
		ready = X509_STORE_set1_param(store, rules) == 1;
	}
	X509_VERIFY_PARAM_free(rules);
	if (!ready)
		return ossl_fail(error, ENOMEM, _("could not prepare the check of a signature"));
	unsigned flags = CMS_BINARY | CMS_DETACHED | CMS_CADES;
	if (CMS_verify(message, NULL, store, content, NULL, flags) == 1)
		return 0;
	ossl_fail(error, EBADE, _("the signature does not match what was signed"));
	error->blame = ERROR_FINDING;
	return error->code;
}

static int verify_message(CMS_ContentInfo *message, struct cms_bytes der, const struct cms_bytes *parts,
    size_t count, const struct cms_trust *trust, enum cms_profile profile, struct cms_facts *facts,
    struct error *error)
{
	OSSL_CERTIFICATES certificates = CMS_get1_certs(message);
	X509 *certificate = find_signer(message, certificates);
	X509 *ca = NULL;
	if (!certificate || !CMS_is_detached(message))
		return error_finding(
		    error, EBADMSG, _("the signature is not one of a single signer beside its text"));
	describe_signer(certificate, facts);
	const CMS_SignerInfo *signer = sk_CMS_SignerInfo_value(CMS_get0_SignerInfos(message), 0);
	int status = check_profile(signer, profile, error);
	if (status == 0 && profile == CMS_DETACHED_FILE)
		status = read_signing_time(signer, &facts->time, error);
	if (status == 0)
		status = find_ca(trust, certificates, &ca, error);
	if (status == 0)
		status = chain_verify(certificate, ca, facts->time, error);
	if (status == 0)
		status = cms_check_form(der.data, der.length, certificate, ca, error);
	return status < 0 ? status : check_bytes(message, parts, count, ca, facts->time, error);
}

int cms_verify(struct cms_bytes der, const struct cms_bytes *parts, size_t count,
    const struct cms_trust *trust, enum cms_profile profile, time_t pdf_time, struct cms_facts *facts,
    struct error *error)
{
	const unsigned char *next = (const unsigned char *)der.data;
	OSSL_CMS message = der.length <= INT_MAX ? d2i_CMS_ContentInfo(NULL, &next, (long)der.length) : NULL;
	*facts = (struct cms_facts){.time = pdf_time};
	if (!message || OBJ_obj2nid(CMS_get0_type(message)) != NID_pkcs7_signed ||
	    next != (const unsigned char *)der.data + der.length) {
		ERR_clear_error();
		return error_finding(error, EBADMSG, _("the signature is no CMS signature"));
	}
	int status = verify_message(message, der, parts, count, trust, profile, facts, error);
	ERR_clear_error();
	return status;
}
