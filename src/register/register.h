/* The register: one SQLite file of entries that are only ever appended, a Merkle tree (RFC 6962) over them,
 * and a signed checkpoint (C2SP tlog-checkpoint) written in the transaction of each entry. docs/formats.md
 * has every table. */
#pragma once

#include "src/base/actor.h"
#include "src/base/buffer.h"
#include "src/base/error.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct reg; /* an open register ("register" is a word of C) */

enum { REGISTER_HASH_BYTES = 32 };

/* Makes HOME/register.db and the log's key HOME/keys/log.key (Ed25519, PKCS#8 PEM, mode 0600). origin is the
 * log's name in checkpoints, ASCII without white space or '+'. -EEXIST (refused) when there is one. */
int register_create(const char *home, const char *origin, struct error *error);

enum register_mode { REGISTER_READ, REGISTER_APPEND };

/* Opens and, if need be, migrates. REGISTER_APPEND also loads the log's key. -ENOENT (refused) before setup.
 */
int register_open(const char *home, enum register_mode mode, struct reg **reg, struct error *error);
void register_close(struct reg **reg);

const char *register_origin(const struct reg *reg);

struct register_entry {
	uint64_t seq; /* 0, 1, 2 …: the leaf's index */
	struct buffer
	    canonical; /* RFC 8785 form of {seq, time, kind, actor, subject, body}: the leaf's bytes */
	json_t *json;  /* the same, parsed */
};

void register_entry_release(struct register_entry *entry);

/* Appends one entry and its checkpoint, durable on return. body is borrowed. entry may be NULL.
 * Several processes may append at once: one waits for the other (30 s, then -EBUSY).
 * After an error nothing was appended; only when the disk failed to sync (-EIO) may the whole entry be found
 * later. */
int register_append(struct reg *reg, const char *kind, const struct actor *actor, const char *subject,
    const json_t *body, struct register_entry *entry, struct error *error);

/* -ENOENT when there is no such entry. */
int register_read(struct reg *reg, uint64_t seq, struct register_entry *entry, struct error *error);

/* Calls visit for the entries from seq first on, in order; kind NULL = all kinds. A visit that returns
 * non-zero ends it with that value. */
typedef int register_visit(void *context, const struct register_entry *entry, struct error *error);
int register_each(struct reg *reg, uint64_t first, const char *kind, register_visit *visit, void *context,
    struct error *error);

enum register_state {
	REGISTER_NO_INTENT,  /* an entry that announces nothing */
	REGISTER_FINISHED,   /* an intent with an outcome */
	REGISTER_UNFINISHED, /* an intent without one: its work was interrupted, or is still running */
};

/* What became of an entry; *outcome is the seq of the newest outcome of a finished one. */
int register_find_outcome(struct reg *reg, const struct register_entry *entry, enum register_state *state,
    uint64_t *outcome, struct error *error);

/* The newest checkpoint: a signed note of origin, size, root. */
int register_checkpoint(struct reg *reg, struct buffer *note, struct error *error);

/* The proof that the entry is in the log: C2SP tlog-proof text (index, path, the newest checkpoint). */
int register_proof(struct reg *reg, uint64_t seq, struct buffer *proof, struct error *error);

/* What register_verify() found. */
struct register_report {
	uint64_t entries;
	uint64_t checkpoints;
	json_t *findings; /* array of sentences (translated); empty = sound; at most 100, the last says so */
	json_t *notes;    /* array of sentences: worth knowing, but no fault (the clock went back) */
	json_t *unfinished; /* array of seq: intents without an outcome */
	char root[2 * REGISTER_HASH_BYTES + 1];
};

/* Reads everything: SQLite's own integrity check, the tables' form, each entry's canonical form, seq, leaf
 * hash, the tree, every checkpoint's signature and root, and intents against outcomes. 0 also with findings.
 * Its memory grows with the unfinished intents alone. What it cannot see is a register that was rolled back
 * whole, or made again by who has the log's key: that shows against a checkpoint that was handed out. */
int register_verify(struct reg *reg, struct register_report *report, struct error *error);
void register_report_release(struct register_report *report);
