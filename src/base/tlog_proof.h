/* C2SP tlog-proof: one text that proves, offline, that a record is in a log: its index, the path to the root,
 * and the signed checkpoint of that root. */
#pragma once

#include "src/base/buffer.h"
#include "src/base/error.h"
#include "src/base/merkle.h"
#include "src/base/note.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Appends the proof; checkpoint is a signed note. */
void proof_write(uint64_t index, const struct merkle_path *path, const char *checkpoint,
    size_t checkpoint_length, struct buffer *out);

struct proof_facts {
	char origin[NOTE_NAME_SIZE];
	uint64_t size;
	uint64_t index;
	unsigned char root[MERKLE_HASH_BYTES];
	bool signature_checked; /* false without a verifier key: then only the arithmetic was checked */
};

/* Checks that entry_bytes is the record at the proof's index in the tree of the proof's checkpoint and, when
 * vkey is given ("NAME+ID+KEY"), that this key signed the checkpoint. -EBADMSG (a finding) when the proof is
 * malformed or does not prove it; -EINVAL (refused) when vkey is none. The proof's "extra" line is allowed
 * and ignored. */
int proof_check(const char *proof_text, size_t length, const unsigned char *entry_bytes, size_t entry_length,
    const char *vkey, struct proof_facts *out, struct error *error);
