/* The keys of signed notes (C2SP signed-note): Ed25519 pairs with a name. The public half travels as one line
 * of text, the verifier key; the private half is a file. */
#pragma once

#include "src/base/buffer.h"
#include "src/base/error.h"

#include <stdbool.h>
#include <stddef.h>

enum {
	NOTE_NAME_SIZE = 256, /* with the NUL: longer names are not accepted */
	NOTE_KEY_ID_BYTES = 4,
	NOTE_PUBLIC_KEY_BYTES = 32,
	NOTE_SIGNATURE_BYTES = 64,
};

struct note_verifier {
	char name[NOTE_NAME_SIZE];
	unsigned char id[NOTE_KEY_ID_BYTES]; /* SHA-256(name ‖ 0x0A ‖ 0x01 ‖ public key), its first bytes */
	unsigned char public_key[NOTE_PUBLIC_KEY_BYTES];
};

/* Whether a key may have this name: not empty, valid UTF-8, without spaces, control characters and '+'. */
bool note_name_is_valid(const char *name, size_t length);

/* Reads "NAME+ID+BASE64" (a vkey). -EINVAL (refused) for anything else, also when ID is not of this name and
 * key. */
int note_parse_verifier(const char *text, size_t length, struct note_verifier *verifier, struct error *error);

/* Appends the vkey. */
void note_write_verifier(const struct note_verifier *verifier, struct buffer *out);

struct note_signer;

/* Makes a new key pair of that name. */
int note_make_signer(const char *name, struct note_signer **signer, struct error *error);

/* Replaces or makes the file path with the private key: PKCS#8 PEM, not encrypted, mode 0600. */
int note_save_signer(const struct note_signer *signer, const char *path, struct error *error);

/* The signer of that name from such a file. */
int note_load_signer(const char *name, const char *path, struct note_signer **signer, struct error *error);

const struct note_verifier *note_signer_verifier(const struct note_signer *signer);
void note_release_signer(struct note_signer **signer);

/* The bare signature (RFC 8032) of length bytes. */
int note_sign_bytes(const struct note_signer *signer, const void *bytes, size_t length,
    unsigned char signature[NOTE_SIGNATURE_BYTES], struct error *error);

bool note_verify_bytes(const struct note_verifier *verifier, const void *bytes, size_t length,
    const unsigned char signature[NOTE_SIGNATURE_BYTES]);
