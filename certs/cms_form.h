/* What no signature covers in a CMS message: the certificates, the lists of algorithms, unsigned attributes.
 * So that a file has one form only, these must be exactly what cms_sign() writes. */
#pragma once

#include "certs/ossl.h"

#include <stddef.h>

/* 0 when the DER is minimal and holds one signer with SHA-256, the two certificates and nothing else. Else
 * -EBADMSG (a finding). */
int cms_check_form(const char *der, size_t length, X509 *signer, X509 *ca, struct error *error);
