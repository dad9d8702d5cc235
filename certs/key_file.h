/* A private key in a file: PKCS#8 PEM, encrypted with AES-256-CBC under scrypt (RFC 7914; N = 16384, r = 8, p
 * = 8). OpenSSL's own default would be PBKDF2 with 2048 rounds, which a graphics card walks through. */
#pragma once

#include "src/base/error.h"
#include "src/base/secret.h"

#include <openssl/evp.h>

/* Writes or replaces path, mode 0600. */
int key_file_write(
    const char *path, const EVP_PKEY *key, const struct secret *passphrase, struct error *error);

/* Reads it back. A wrong passphrase is -EACCES (refused); a file that holds no encrypted key is -EBADMSG. The
 * caller frees *key. */
int key_file_read(const char *path, const struct secret *passphrase, EVP_PKEY **key, struct error *error);
