/* OpenSSL's objects, released where their scope ends; and its reasons, in a struct error. */
#pragma once

#include "src/base/cleanup.h"
#include "src/base/error.h"

#include <openssl/bio.h>
#include <openssl/cms.h>
#include <openssl/evp.h>
#include <openssl/pkcs7.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#define OSSL_SCOPE(type, name, release)                                                                      \
	static inline void ossl_release_##name(type *const *object)                                          \
	{                                                                                                    \
		release(*object);                                                                            \
	}

static inline void ossl_free_certificates(STACK_OF(X509) * stack)
{
	sk_X509_pop_free(stack, X509_free);
}

OSSL_SCOPE(BIO, bio, BIO_free_all)
OSSL_SCOPE(EVP_PKEY, key, EVP_PKEY_free)
OSSL_SCOPE(X509, x509, X509_free)
OSSL_SCOPE(PKCS7, pkcs7, PKCS7_free)
OSSL_SCOPE(CMS_ContentInfo, cms, CMS_ContentInfo_free)
OSSL_SCOPE(STACK_OF(X509), certificates, ossl_free_certificates)
OSSL_SCOPE(X509_STORE, store, X509_STORE_free)

#define OSSL_BIO CLEANUP(ossl_release_bio) BIO *
#define OSSL_KEY CLEANUP(ossl_release_key) EVP_PKEY *
#define OSSL_X509 CLEANUP(ossl_release_x509) X509 *
#define OSSL_PKCS7 CLEANUP(ossl_release_pkcs7) PKCS7 *
#define OSSL_CMS CLEANUP(ossl_release_cms) CMS_ContentInfo *
#define OSSL_CERTIFICATES CLEANUP(ossl_release_certificates) STACK_OF(X509) *
#define OSSL_STORE CLEANUP(ossl_release_store) X509_STORE *

/* "SENTENCE: what OpenSSL gave as its reason"; empties OpenSSL's queue of errors. Returns -errnum. */
int ossl_fail(struct error *error, int errnum, const char *format, ...) __attribute__((format(printf, 3, 4)));
