#include "src/base/json.h"
#include "src/base/text.h"
#include "src/register/internal.h"
#include "src/register/schema.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

enum { SENTENCES_MAX = 100 };

struct verification {
	struct reg *reg;
	struct register_report *report;
	struct merkle_frontier frontier; /* of the entries read so far */
	uint64_t nodes;                  /* that the tree has above its leaves */
	bool broken;                     /* entries are missing: the tree cannot be computed behind them */
	bool root_differs;               /* said once: every later root differs too */
	char last_time[32];
};

static void say(json_t *sentences, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void say(json_t *sentences, const char *format, ...)
{
	char sentence[1024];
	va_list arguments;
	if (json_array_size(sentences) >= SENTENCES_MAX)
		return;
	va_start(arguments, format);
	(void)vsnprintf(sentence, sizeof sentence, format, arguments);
	va_end(arguments);
	(void)json_array_append_new(sentences, json_array_size(sentences) == SENTENCES_MAX - 1
						   ? json_string(_("there is more like this"))
						   : json_from_bytes(sentence));
}

/* A step that found the content wrong is a finding, and the verification goes on with the next one; what kept
 * it from reading (memory, the disk, another process) ends it. */
static int absorb(struct verification *work, int status, const struct error *error)
{
	if (status != -EBADMSG)
		return status;
	say(work->report->findings, "%s", error->sentence);
	return 0;
}

/* ── The file ── */

static int check_file(struct verification *work, struct error *error)
{
	CLEANUP_STATEMENT sqlite3_stmt *statement = NULL;
	const struct store *store = &work->reg->store;
	bool row = true;
	int status = store_prepare(store, "PRAGMA integrity_check(20)", &statement, error);
	while (status == 0 && row) {
		status = store_step(store, statement, &row, _("check the register's file"), error);
		const char *line = row ? (const char *)sqlite3_column_text(statement, 0) : "ok";
		if (line && strcmp(line, "ok") != 0)
			say(work->report->findings, _("the register's file is damaged: %s"), line);
	}
	return status;
}

static void say_difference(void *context, const char *type, const char *name, bool present)
{
	struct verification *work = context;
	if (!present) {
		say(work->report->findings, _("the %s '%s' of the file is missing"), type, name);
		return;
	}
	say(work->report->findings, _("the %s '%s' of the file is not as Kiyome makes it"), type, name);
}

static int check_schema(struct verification *work, struct error *error)
{
	return schema_compare(&work->reg->store, say_difference, work, error);
}

/* ── Each entry ── */

static void check_content(struct verification *work, uint64_t seq, const char *text, size_t length)
{
	json_t *findings = work->report->findings;
	CLEANUP_BUFFER struct buffer again = BUFFER_EMPTY;
	struct error error = {0};
	json_t *entry = NULL;
	if (json_parse_strict(text, length, _("it"), &entry, &error) < 0) {
		say(findings, _("entry %" PRIu64 ": %s"), seq, error.sentence);
		return;
	}
	const char *fault = entry_find_fault(entry);
	if (fault)
		say(findings, _("entry %" PRIu64 ": %s"), seq, _(fault));
	else if (json_count(entry, "seq", UINT64_MAX) != seq)
		say(findings, _("entry %" PRIu64 ": it calls itself entry %" PRIu64), seq,
		    json_count(entry, "seq", UINT64_MAX));
	if (json_write_canonical(entry, &again, &error) < 0 || again.length != length ||
	    memcmp(again.data, text, length) != 0)
		say(findings, _("entry %" PRIu64 ": its text is not in canonical form"), seq);
	const char *time = json_text(entry, "time", "");
	if (strcmp(time, work->last_time) < 0)
		say(work->report->notes, _("the clock went back from %s to %s at entry %" PRIu64),
		    work->last_time, time, seq);
	(void)snprintf(work->last_time, sizeof work->last_time, "%s", time);
	if (seq == 0 && register_parse_origin(entry, &work->reg->verifier, &error) < 0)
		say(findings, "%s", error.sentence);
	json_decref(entry);
}

/* Compares a node of the computed tree with the table. */
static int check_node(
    void *context, unsigned level, uint64_t position, const struct merkle_hash *hash, struct error *error)
{
	struct verification *work = context;
	struct merkle_hash stored;
	work->nodes++;
	int status = tree_read_node(work->reg, level, position, &stored, error);
	if (status == 0 && memcmp(&stored, hash, sizeof stored) != 0)
		say(work->report->findings,
		    _("the hash at level %u, position %" PRIu64 " of the tree is not that of its entries"),
		    level, position);
	return absorb(work, status, error);
}

/* The hash of what is there; where the stored hash differs that is said, and the tree goes on with the stored
 * one, so that one changed entry is one finding. */
static int check_leaf(
    struct verification *work, uint64_t seq, sqlite3_stmt *row, struct merkle_hash *leaf, struct error *error)
{
	size_t text_length;
	size_t hash_length;
	const char *text = store_column(row, 1, &text_length);
	const void *stored = store_column(row, 2, &hash_length);
	int status = merkle_hash_leaf(text, text_length, leaf, error);
	if (status < 0)
		return status;
	if (hash_length == sizeof leaf->bytes && memcmp(leaf->bytes, stored, hash_length) == 0)
		return 0;
	say(work->report->findings, _("entry %" PRIu64 " was changed: it does not have its hash"), seq);
	if (hash_length == sizeof leaf->bytes)
		memcpy(leaf->bytes, stored, hash_length);
	return 0;
}

/* ── Each checkpoint ── */

static int check_root(
    struct verification *work, const struct note_checkpoint *checkpoint, struct error *error)
{
	struct merkle_hash root;
	if (work->broken || work->root_differs)
		return 0;
	int status = merkle_root(&work->frontier, &root, error);
	if (status < 0 || memcmp(&root, &checkpoint->root, sizeof root) == 0)
		return status;
	work->root_differs = true;
	say(work->report->findings,
	    _("the checkpoint of %" PRIu64 " entries was signed over other entries than these"),
	    work->frontier.size);
	return 0;
}

static int check_checkpoint(
    struct verification *work, uint64_t size, sqlite3_stmt *lookup, struct error *error)
{
	const struct note_verifier *verifier = &work->reg->verifier;
	json_t *findings = work->report->findings;
	struct note_checkpoint checkpoint;
	struct error cause = {0};
	bool row = false;
	size_t length;
	(void)sqlite3_reset(lookup);
	(void)sqlite3_bind_int64(lookup, 1, (sqlite3_int64)size);
	int status = store_step(&work->reg->store, lookup, &row, _("read the register"), error);
	if (status < 0)
		return status;
	if (!row) {
		say(findings, _("the checkpoint of %" PRIu64 " entries is missing"), size);
		return 0;
	}
	work->report->checkpoints++;
	const char *note = store_column(lookup, 0, &length);
	status = verifier->name[0] ? note_verify_checkpoint(note, length, verifier, &checkpoint, &cause)
				   : note_parse_checkpoint(note, length, &checkpoint, &cause);
	if (status < 0) {
		say(findings, _("the checkpoint of %" PRIu64 " entries: %s"), size, cause.sentence);
		return 0;
	}
	if (checkpoint.size != size) {
		say(findings, _("the checkpoint of %" PRIu64 " entries was signed over %" PRIu64), size,
		    checkpoint.size);
		return 0;
	}
	return check_root(work, &checkpoint, error);
}

/* ── All entries ── */

static void say_missing(struct verification *work, uint64_t from, uint64_t to)
{
	work->broken = true;
	if (to - from == 1)
		say(work->report->findings, _("entry %" PRIu64 " is missing"), from);
	else
		say(work->report->findings, _("the entries %" PRIu64 " to %" PRIu64 " are missing"), from,
		    to - 1);
}

static int check_entry(
    struct verification *work, uint64_t *next, sqlite3_stmt *row, sqlite3_stmt *lookup, struct error *error)
{
	struct merkle_hash leaf;
	size_t length;
	uint64_t seq = (uint64_t)sqlite3_column_int64(row, 0);
	const char *text = store_column(row, 1, &length);
	if (seq != *next)
		say_missing(work, *next, seq);
	*next = seq + 1;
	work->report->entries++;
	check_content(work, seq, text, length);
	int status = check_leaf(work, seq, row, &leaf, error);
	if (status == 0 && !work->broken)
		status = merkle_append(&work->frontier, &leaf, check_node, work, error);
	return status < 0 ? status : check_checkpoint(work, seq + 1, lookup, error);
}

static int check_entries(struct verification *work, struct error *error)
{
	CLEANUP_STATEMENT sqlite3_stmt *rows = NULL;
	CLEANUP_STATEMENT sqlite3_stmt *lookup = NULL;
	const struct store *store = &work->reg->store;
	uint64_t next = 0;
	bool row = true;
	int status =
	    store_prepare(store, "SELECT seq, canonical, leaf_hash FROM entry ORDER BY seq", &rows, error);
	if (status == 0)
		status = store_prepare(store, "SELECT note FROM checkpoint WHERE size = ?1", &lookup, error);
	while (status == 0) {
		status = store_step(store, rows, &row, _("read the register"), error);
		if (status < 0 || !row)
			break;
		status = check_entry(work, &next, rows, lookup, error);
	}
	if (status == 0 && next == 0)
		say(work->report->findings, _("the register has no entries"));
	return status;
}

/* What the tables hold beyond the entries: the traces of a tail that was cut off. */
static int check_surplus(struct verification *work, struct error *error)
{
	json_t *findings = work->report->findings;
	int64_t checkpoints = 0;
	int64_t largest = 0;
	int64_t nodes = 0;
	int status =
	    store_read_pragma(&work->reg->store, "SELECT count(*) FROM checkpoint", &checkpoints, error);
	if (status == 0)
		status =
		    store_read_pragma(&work->reg->store, "SELECT max(size) FROM checkpoint", &largest, error);
	if (status == 0)
		status = store_read_pragma(&work->reg->store, "SELECT count(*) FROM node", &nodes, error);
	if (status < 0)
		return status;
	if ((uint64_t)checkpoints > work->report->checkpoints)
		say(findings,
		    _("a checkpoint was signed over %" PRId64 " entries, but the register has %" PRIu64),
		    largest, work->report->entries);
	if (!work->broken && (uint64_t)nodes > work->nodes)
		say(findings, _("the tree has %" PRIu64 " hashes too many"), (uint64_t)nodes - work->nodes);
	return 0;
}

/* ── Intents and outcomes ── */

static int check_kinds(
    struct verification *work, const struct outcome_kinds *kinds, bool orphans, struct error *error)
{
	static const char unfinished[] =
	    "SELECT seq FROM entry AS planned WHERE kind = ?1 AND NOT EXISTS"
	    " (SELECT 1 FROM entry WHERE kind = ?2 AND intent = planned.seq) ORDER BY seq";
	static const char without_intent[] = "SELECT seq FROM entry AS outcome WHERE kind = ?2 AND NOT EXISTS"
					     " (SELECT 1 FROM entry WHERE kind = ?1 AND seq = outcome.intent "
					     "AND seq < outcome.seq) ORDER BY seq";
	CLEANUP_STATEMENT sqlite3_stmt *statement = NULL;
	const struct store *store = &work->reg->store;
	bool row = true;
	int status = store_prepare(store, orphans ? without_intent : unfinished, &statement, error);
	if (status < 0)
		return status;
	(void)sqlite3_bind_text(statement, 1, kinds->intent, -1, SQLITE_STATIC);
	(void)sqlite3_bind_text(statement, 2, kinds->outcome, -1, SQLITE_STATIC);
	for (;;) {
		status = store_step(store, statement, &row, _("read the register"), error);
		if (status < 0 || !row)
			return status;
		int64_t seq = sqlite3_column_int64(statement, 0);
		if (orphans)
			say(work->report->findings,
			    _("entry %" PRId64 " is an outcome (%s), but of no entry before it"), seq,
			    kinds->outcome);
		else
			(void)json_array_append_new(work->report->unfinished, json_integer(seq));
	}
}

static int check_outcomes(struct verification *work, struct error *error)
{
	int status = 0;
	for (const struct outcome_kinds *kinds = outcome_table; status == 0 && kinds->intent; kinds++) {
		status = check_kinds(work, kinds, false, error);
		if (status == 0)
			status = check_kinds(work, kinds, true, error);
	}
	return status;
}

/* ── All of it ── */

typedef int verification_step(struct verification *work, struct error *error);

static int verify_in_snapshot(struct reg *reg, void *argument, struct error *error)
{
	static verification_step *const steps[] = {
	    check_schema, check_file, check_entries, check_surplus, check_outcomes};
	struct verification *work = argument;
	struct merkle_hash root;
	struct buffer hex = BUFFER_EMPTY;
	(void)reg;
	for (size_t i = 0; i < LENGTH_OF(steps); i++) {
		int status = absorb(work, steps[i](work, error), error);
		if (status < 0)
			return status;
	}
	int status = merkle_root(&work->frontier, &root, error);
	if (status < 0)
		return status;
	text_append_hex(&hex, root.bytes, sizeof root.bytes);
	(void)snprintf(work->report->root, sizeof work->report->root, "%s", buffer_text(&hex));
	buffer_release(&hex);
	return 0;
}

int register_verify(struct reg *reg, struct register_report *report, struct error *error)
{
	struct verification *work = calloc(1, sizeof *work);
	*report = (struct register_report){
	    .findings = json_array(), .notes = json_array(), .unfinished = json_array()};
	if (!work || !report->findings || !report->notes || !report->unfinished) {
		free(work);
		register_report_release(report);
		return error_set(error, ENOMEM, _("out of memory"));
	}
	work->reg = reg;
	work->report = report;
	int status = register_transact(
	    reg, STORE_BEGIN_READING, verify_in_snapshot, work, _("read the register"), error);
	free(work);
	if (status < 0)
		register_report_release(report);
	else
		*error = (struct error){0};
	return status;
}

void register_report_release(struct register_report *report)
{
	json_decref(report->findings);
	json_decref(report->notes);
	json_decref(report->unfinished);
	*report = (struct register_report){0};
}
