/* The small certification authority that Kiyome makes at set-up, and the operator's certificate that it
 * issues (X.509 v3, RFC 5280; ECDSA P-256 with SHA-256). */
#pragma once

#include "src/base/error.h"

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <time.h>

enum {
	AUTHORITY_NAME_LIMIT = 64 /* characters in one part of a name: RFC 5280 appendix A.1, upper bounds */
};

/* A new P-256 key; the caller frees it. */
int authority_make_key(EVP_PKEY **key, struct error *error);

/* "ORGANISATION Kiyome CA", self-signed: critical CA:TRUE with pathlen 0, keyCertSign and cRLSign, ten years
 * from start. The caller frees *certificate. */
int authority_make_ca(
    const char *organisation, EVP_PKEY *key, time_t start, X509 **certificate, struct error *error);

/* The operator's: three years from start; digitalSignature and nonRepudiation, for documents and mail. */
int authority_issue_operator(X509 *ca, EVP_PKEY *ca_key, const char *organisation, const char *name,
    const char *title, EVP_PKEY *key, time_t start, X509 **certificate, struct error *error);

/* 0 when text can be a part of a name: 1 to 64 characters, valid UTF-8, nothing that prints nothing. Else
 * -EINVAL (refused); what names the text. */
int authority_check_name(const char *text, const char *what, struct error *error);
