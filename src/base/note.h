/* Signed notes and checkpoints: texts that a person can read and anybody can check.
 *
 * C2SP signed-note: a text ending in a newline, an empty line, then lines of "— NAME BASE64(key id ‖
 * signature)". Of its signature types Kiyome makes and checks 0x01, Ed25519 (RFC 8032); it ignores all
 * others, as is demanded of unknown keys. C2SP tlog-checkpoint: a note whose lines are the log's origin, its
 * size, and the base 64 of its root. */
#pragma once

#include "src/base/buffer.h"
#include "src/base/error.h"
#include "src/base/merkle.h"
#include "src/base/note_key.h"

#include <stddef.h>
#include <stdint.h>

enum {
	NOTE_SIZE_MAX = 1 << 20, /* a note larger than this, or with more signatures than that, is not read */
	NOTE_SIGNATURES_MAX = 64,
};

/* ── Notes ── */

/* Appends text, which ends in a newline, the empty line and the signature. */
int note_sign(const struct note_signer *signer, const char *text, size_t length, struct buffer *out,
    struct error *error);

/* The note's form: *text_length is where its text ends. -EBADMSG (a finding) when it is no signed note. */
int note_parse(const char *note, size_t length, size_t *text_length, struct error *error);

/* The same, and that this key signed it: -EBADMSG (a finding) when it did not, or when one of the signatures
 * that claim to be this key's is wrong. */
int note_verify(const char *note, size_t length, const struct note_verifier *verifier, size_t *text_length,
    struct error *error);

/* ── Checkpoints ── */

struct note_checkpoint {
	char origin[NOTE_NAME_SIZE];
	uint64_t size;
	struct merkle_hash root;
};

/* Appends the text to be signed: three lines. */
void note_write_checkpoint(const struct note_checkpoint *checkpoint, struct buffer *out);

/* Reads a signed checkpoint without checking who signed it. Extension lines are allowed and ignored. */
int note_parse_checkpoint(
    const char *note, size_t length, struct note_checkpoint *checkpoint, struct error *error);

/* The same, and that the verifier's key signed it under its own name as origin. -EBADMSG (a finding). */
int note_verify_checkpoint(const char *note, size_t length, const struct note_verifier *verifier,
    struct note_checkpoint *checkpoint, struct error *error) __attribute__((nonnull));

/* Reads a decimal number without sign or leading zeros that is at most MERKLE_SIZE_MAX. Returns 0 or -EINVAL.
 */
int note_parse_number(const char *text, size_t length, uint64_t *number);
