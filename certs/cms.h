/* Signatures in CMS (RFC 5652), DER, detached, ECDSA with SHA-256; the signer's and the authority's
 * certificate are inside. Signed attributes: content type, digest, signing-certificate-v2 (RFC 5035), and
 * with it CAdES B-B. */
#pragma once

#include "certs/identity.h"
#include "src/base/buffer.h"
#include "src/base/error.h"

#include <stdbool.h>
#include <time.h>

/* A run of bytes that is not owned. */
struct cms_bytes {
	const char *data;
	size_t length;
};

enum cms_profile {
	CMS_DETACHED_FILE, /* CAdES B-B (ETSI EN 319 122-1): with the attribute signing-time */
	CMS_IN_PDF,        /* PAdES B-B (ETSI EN 319 142-1 §6.3): the time stands in the PDF, never here */
};

/* Appends the signature over the parts, one behind the other. */
int cms_sign(const struct cms_bytes *parts, size_t count, const struct identity *identity,
    enum cms_profile profile, time_t now, struct buffer *der, struct error *error);

/* Who must have issued the signer's certificate. */
struct cms_trust {
	X509 *ca; /* or NULL: */
	const char
	    *fingerprint; /* SHA-256 of its DER in hexadecimal; the certificate is taken from the signature */
};

struct cms_facts {
	char name[256]; /* the signer's common name; "" while unknown */
	char sha256[65];
	time_t time; /* claimed: of the attribute, or what was given */
};

/* 0 when the signature is over these bytes, has one signer, and the certificate is the trusted authority's at
 * the time of signing; pdf_time is that time for CMS_IN_PDF. Else a finding: -EBADMSG malformed,
 * -EKEYREJECTED not trusted, -EKEYEXPIRED out of its time, -EBADE other bytes than were signed. facts is
 * filled as far as it went. */
int cms_verify(struct cms_bytes der, const struct cms_bytes *parts, size_t count,
    const struct cms_trust *trust, enum cms_profile profile, time_t pdf_time, struct cms_facts *facts,
    struct error *error);
