/* What the files of the register share. */
#pragma once

#include "src/base/merkle.h"
#include "src/base/note.h"
#include "src/register/register.h"
#include "src/register/store.h"

struct reg {
	struct store store;
	enum register_mode mode;
	struct note_verifier verifier; /* from entry 0; an empty name when that entry does not tell */
	struct note_signer *signer;    /* REGISTER_APPEND */
};

/* Runs work in one transaction: committed when it returns 0, else rolled back and as if it had not been. */
typedef int register_work(struct reg *reg, void *argument, struct error *error);
int register_transact(struct reg *reg, enum store_statement begin, register_work *work, void *argument,
    const char *what, struct error *error);

int register_count(struct reg *reg, uint64_t *count, struct error *error);

/* The log's name and public key as entry 0 tells them; -EBADMSG when it does not. */
int register_parse_origin(const json_t *entry, struct note_verifier *verifier, struct error *error);

/* ── tree.c ── */

/* The tables entry and node as the Merkle tree. context is the struct reg. */
merkle_read tree_read_node;
merkle_store tree_store_node;

/* ── checkpoint.c ── */

/* Signs the frontier's size and root, and stores the note. */
int checkpoint_append(struct reg *reg, const struct merkle_frontier *frontier, struct error *error);

/* That the frontier is what the newest checkpoint was signed over: else a new checkpoint would contradict it,
 * and be the log's own signature under a forgery. -EBADMSG (a finding). */
int checkpoint_match(struct reg *reg, const struct merkle_frontier *frontier, struct error *error);

/* ── outcome.c ── */

/* An intent is an entry of the one kind, its outcome one of the other whose body.intent is the intent's seq.
 */
struct outcome_kinds {
	const char *intent;
	const char *outcome;
};
extern const struct outcome_kinds outcome_table[]; /* ends with NULLs */

/* ── entry.c ── */

/* The current row (seq, canonical, leaf hash) as an entry; -EBADMSG (a finding) when it is not what was
 * hashed. */
int entry_from_row(sqlite3_stmt *row, struct register_entry *entry, struct error *error);

/* {seq, time, kind, actor, subject, body} in canonical form. */
int entry_build(uint64_t seq, const char *kind, const struct actor *actor, const char *subject,
    const json_t *body, struct register_entry *entry, struct error *error);

/* NULL when it has exactly the members of an entry, each of its type; else what is wrong. */
const char *entry_find_fault(const json_t *entry);
