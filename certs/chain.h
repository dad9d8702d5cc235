/* Certificates of others, looked at: what they say, and whether the authority stands behind them. */
#pragma once

#include "src/base/buffer.h"
#include "src/base/error.h"

#include <jansson.h>
#include <openssl/x509.h>
#include <stdbool.h>
#include <time.h>

enum { CHAIN_FINGERPRINT_SIZE = 65 };

/* One PEM certificate from a file. The caller frees it. */
int chain_read_certificate(const char *path, X509 **certificate, struct error *error);

/* SHA-256 of the certificate's DER, in hexadecimal. */
int chain_fingerprint(const X509 *certificate, char out[CHAIN_FINGERPRINT_SIZE], struct error *error);

/* Appends a part of the subject's name (NID_commonName, NID_title, …) as UTF-8; nothing when there is none.
 */
void chain_append_name(const X509 *certificate, int nid, struct buffer *out);

/* The two ends of its validity. */
int chain_read_validity(const X509 *certificate, time_t *begin, time_t *end, struct error *error);

/* 0 when, at that time, the CA is one, issued the certificate, and both were valid; and when the certificate
 * may sign documents. Else a finding: -EKEYEXPIRED for dates, -EKEYREJECTED for all else. */
int chain_verify(X509 *certificate, X509 *ca, time_t at, struct error *error);

/* {"role", "name", "organisation", "sha256", "not_before", "not_after"}: what the register keeps of a key. */
json_t *chain_to_json(const X509 *certificate, const char *role);
