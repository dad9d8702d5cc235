/* Who signs: an operator's certificate and private key, and the authority that issued it.
 * Below HOME: ca.pem, and keys/ with ca.key, operator.pem, operator.key. */
#pragma once

#include "src/base/error.h"
#include "src/base/secret.h"

#include <jansson.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

struct identity;

/* Makes the authority and the operator's identity: HOME/ca.pem and
 * HOME/keys/{ca.key,operator.pem,operator.key}; HOME must exist, keys/ is made. Both keys are encrypted under
 * the passphrase. The three texts are at most 64 characters. -EEXIST (refused) when there is a key already.
 */
int identity_setup(const char *home, const char *organisation, const char *operator_name,
    const char *operator_title, const struct secret *passphrase, struct error *error);

/* What the register keeps of the two: see chain_to_json(). New references. */
int identity_describe(const char *home, json_t **ca, json_t **operator_, struct error *error);

/* Opens the operator's identity for signing. Refused: -ENOENT before set-up, -EACCES for a wrong passphrase,
 * -EKEYEXPIRED when a certificate is not valid today, -EKEYREJECTED when key, certificate and authority do
 * not belong together. */
int identity_open(
    const char *home, const struct secret *passphrase, struct identity **identity, struct error *error);
void identity_close(struct identity **identity);

/* The operator as in the certificate: common name, and title ("" when it has none). */
const char *identity_name(const struct identity *identity);
const char *identity_title(const struct identity *identity);

/* For signing; borrowed. */
X509 *identity_certificate(const struct identity *identity);
X509 *identity_ca(const struct identity *identity);
EVP_PKEY *identity_key(const struct identity *identity);
