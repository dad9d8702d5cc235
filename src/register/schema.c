#include "src/register/schema.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

/* "Kiym", at offset 68 of the file (SQLite's file format §1.3.14). */
enum { APPLICATION_ID = 0x4b69796d };

/* What the leaves are: everything else can be computed again from them. The named columns are read out of the
 * canonical text, so that they cannot say anything else. */
static const char tables[] = "CREATE TABLE entry ("
			     "  seq INTEGER PRIMARY KEY CHECK (seq >= 0),"
			     "  canonical TEXT NOT NULL CHECK (json_extract(canonical, '$.seq') = seq),"
			     "  leaf_hash BLOB NOT NULL CHECK (length(leaf_hash) = 32),"
			     "  time TEXT AS (json_extract(canonical, '$.time')) VIRTUAL,"
			     "  kind TEXT AS (json_extract(canonical, '$.kind')) VIRTUAL,"
			     "  who TEXT AS (json_extract(canonical, '$.actor.name')) VIRTUAL,"
			     "  subject TEXT AS (json_extract(canonical, '$.subject')) VIRTUAL,"
			     "  intent INTEGER AS (json_extract(canonical, '$.body.intent')) VIRTUAL,"
			     "  result TEXT AS (json_extract(canonical, '$.body.result')) VIRTUAL"
			     ") STRICT;"
			     "CREATE INDEX entry_kind ON entry (kind);"
			     "CREATE INDEX entry_time ON entry (time);"
			     "CREATE INDEX entry_subject ON entry (subject);"
			     "CREATE INDEX entry_intent ON entry (intent, kind) WHERE intent IS NOT NULL;"
			     "CREATE TABLE node ("
			     "  level INTEGER NOT NULL CHECK (level > 0),"
			     "  position INTEGER NOT NULL CHECK (position >= 0),"
			     "  hash BLOB NOT NULL CHECK (length(hash) = 32),"
			     "  PRIMARY KEY (level, position)"
			     ") STRICT, WITHOUT ROWID;"
			     "CREATE TABLE checkpoint ("
			     "  size INTEGER PRIMARY KEY CHECK (size > 0),"
			     "  note TEXT NOT NULL"
			     ") STRICT;";

/* Guard rails against slips, not against whoever can write the file: against those stand the signatures and
 * every checkpoint that was handed out. The triggers on INSERT also stop INSERT OR REPLACE. */
static const char guards[] =
    "CREATE TRIGGER entry_order BEFORE INSERT ON entry"
    "  WHEN NEW.seq IS NOT (SELECT coalesce(max(seq) + 1, 0) FROM entry)"
    "  BEGIN SELECT RAISE(ABORT, 'entries are appended in order'); END;"
    "CREATE TRIGGER entry_update BEFORE UPDATE ON entry"
    "  BEGIN SELECT RAISE(ABORT, 'entries are never changed'); END;"
    "CREATE TRIGGER entry_delete BEFORE DELETE ON entry"
    "  BEGIN SELECT RAISE(ABORT, 'entries are never deleted'); END;"
    "CREATE TRIGGER node_replace BEFORE INSERT ON node"
    "  WHEN EXISTS (SELECT 1 FROM node WHERE level = NEW.level AND position = NEW.position)"
    "  BEGIN SELECT RAISE(ABORT, 'nodes are never changed'); END;"
    "CREATE TRIGGER node_update BEFORE UPDATE ON node"
    "  BEGIN SELECT RAISE(ABORT, 'nodes are never changed'); END;"
    "CREATE TRIGGER node_delete BEFORE DELETE ON node"
    "  BEGIN SELECT RAISE(ABORT, 'nodes are never deleted'); END;"
    "CREATE TRIGGER checkpoint_order BEFORE INSERT ON checkpoint"
    "  WHEN NEW.size <= (SELECT coalesce(max(size), 0) FROM checkpoint)"
    "  BEGIN SELECT RAISE(ABORT, 'checkpoints are appended in order'); END;"
    "CREATE TRIGGER checkpoint_update BEFORE UPDATE ON checkpoint"
    "  BEGIN SELECT RAISE(ABORT, 'checkpoints are never changed'); END;"
    "CREATE TRIGGER checkpoint_delete BEFORE DELETE ON checkpoint"
    "  BEGIN SELECT RAISE(ABORT, 'checkpoints are never deleted'); END;";

/* For whoever opens the file with sqlite3. A wipe is 'planned' when nothing was recorded behind its intent,
 * 'interrupted' when work was, but no outcome: whether it is running now the register cannot know. */
static const char views[] =
    "CREATE VIEW wipes AS SELECT"
    "  planned.seq AS seq, planned.time AS planned, outcome.time AS finished,"
    "  planned.subject AS medium, planned.who AS who,"
    "  CASE WHEN outcome.seq IS NOT NULL THEN 'finished'"
    "    WHEN EXISTS (SELECT 1 FROM entry AS mark WHERE mark.intent = planned.seq"
    "      AND mark.kind IN ('wipe.marked', 'wipe.resumed')) THEN 'interrupted'"
    "    ELSE 'planned' END AS state,"
    "  outcome.seq AS outcome, outcome.result AS result,"
    "  json_extract(outcome.canonical, '$.body.level') AS level"
    " FROM entry AS planned LEFT JOIN entry AS outcome ON outcome.seq ="
    "  (SELECT max(seq) FROM entry WHERE kind = 'wipe.finished' AND intent = planned.seq)"
    " WHERE planned.kind = 'wipe.planned';";

/* Migration i takes user_version i to i + 1. One that was released is never edited: a new one is added. */
static const char *const migrations[] = {tables, guards, views};

enum { VERSION = LENGTH_OF(migrations) };

/* In a transaction already. */
static int migrate(struct store *store, int64_t from, int64_t to, struct error *error)
{
	char sql[96];
	for (int64_t i = from; i < to; i++) {
		int status = store_run(store, migrations[i], _("bring the register up to date"), error);
		if (status < 0)
			return status;
	}
	(void)snprintf(
	    sql, sizeof sql, "PRAGMA application_id = %d; PRAGMA user_version = %d", APPLICATION_ID, (int)to);
	return store_run(store, sql, _("bring the register up to date"), error);
}

/* Runs the migrations that are missing once this process alone may write. */
static int migrate_in_transaction(struct store *store, int64_t to, struct error *error)
{
	int64_t from = 0;
	int status = store_do(store, STORE_BEGIN_WRITING, _("bring the register up to date"), error);
	if (status < 0)
		return status;
	status = store_read_pragma(store, "PRAGMA user_version", &from, error);
	if (status == 0)
		status = migrate(store, from, to, error);
	if (status == 0)
		status = store_do(store, STORE_COMMIT, _("bring the register up to date"), error);
	if (!sqlite3_get_autocommit(store->db))
		(void)sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
	return status;
}

int schema_create(struct store *store, struct error *error)
{
	return migrate_in_transaction(store, VERSION, error);
}

/* ── Comparing ── */

static const char schema_query[] =
    "SELECT type, name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite\\_%' "
    "ESCAPE '\\' ORDER BY type, name";

static const char *text_of(sqlite3_stmt *statement, int column)
{
	const char *text = (const char *)sqlite3_column_text(statement, column);
	return text ? text : "";
}

/* Orders the two current rows as the query does; a side that has ended comes last. */
static int compare_rows(sqlite3_stmt *here, bool has_here, sqlite3_stmt *model, bool has_model)
{
	if (!has_here || !has_model)
		return has_here ? -1 : 1;
	int order = strcmp(text_of(here, 0), text_of(model, 0));
	return order ? order : strcmp(text_of(here, 1), text_of(model, 1));
}

static int compare_with_model(const struct store *store, const struct store *model,
    schema_difference *difference, void *context, struct error *error)
{
	CLEANUP_STATEMENT sqlite3_stmt *here = NULL;
	CLEANUP_STATEMENT sqlite3_stmt *there = NULL;
	bool has_here = false;
	bool has_there = false;
	int status = store_prepare(store, schema_query, &here, error);
	if (status == 0)
		status = store_prepare(model, schema_query, &there, error);
	if (status == 0)
		status = store_step(store, here, &has_here, _("read the register"), error);
	if (status == 0)
		status = store_step(model, there, &has_there, _("read the register"), error);
	while (status == 0 && (has_here || has_there)) {
		int order = compare_rows(here, has_here, there, has_there);
		if (order != 0 || strcmp(text_of(here, 2), text_of(there, 2)) != 0)
			difference(context, text_of(order <= 0 ? here : there, 0),
			    text_of(order <= 0 ? here : there, 1), order <= 0);
		if (order <= 0)
			status = store_step(store, here, &has_here, _("read the register"), error);
		if (status == 0 && order >= 0)
			status = store_step(model, there, &has_there, _("read the register"), error);
	}
	return status;
}

/* Compares with an empty register of that version. */
static int compare_version(
    struct store *store, int64_t version, schema_difference *difference, void *context, struct error *error)
{
	CLEANUP(store_close) struct store model = {0};
	int status = store_open(":memory:", &model, error);
	if (status == 0)
		status = migrate_in_transaction(&model, version, error);
	return status < 0 ? status : compare_with_model(store, &model, difference, context, error);
}

int schema_compare(struct store *store, schema_difference *difference, void *context, struct error *error)
{
	return compare_version(store, VERSION, difference, context, error);
}

/* ── Opening ── */

struct differences {
	unsigned all;
	unsigned foreign; /* tables and indices: reading makes SQLite evaluate what they hold */
};

static void count_difference(void *context, const char *type, const char *name, bool present)
{
	struct differences *differences = context;
	(void)name;
	differences->all++;
	differences->foreign += present && (strcmp(type, "table") == 0 || strcmp(type, "index") == 0);
}

static int judge(struct store *store, int64_t version, bool strict, struct error *error)
{
	struct differences differences = {0, 0};
	int status = compare_version(store, version, count_difference, &differences, error);
	if (status < 0)
		return status;
	if (strict && differences.all > 0) {
		error_finding(
		    error, EBADMSG, _("the tables of %s are not as Kiyome makes them"), store->path);
		error_advise(error, _("`kiyome register verify` tells everything that is wrong"));
		return error->code;
	}
	return differences.foreign > 0 ? store_distrust(store, error) : 0;
}

int schema_prepare(struct store *store, bool strict, struct error *error)
{
	int64_t application_id = 0;
	int64_t version = 0;
	int status = store_read_pragma(store, "PRAGMA application_id", &application_id, error);
	if (status == 0)
		status = store_read_pragma(store, "PRAGMA user_version", &version, error);
	if (status < 0)
		return status;
	if (application_id != APPLICATION_ID || version < 0)
		return error_set(error, EBADMSG, _("%s is not a register of Kiyome"), store->path);
	if (version > VERSION) {
		error_set(error, ENOTSUP,
		    _("%s was written by a newer Kiyome: its version is %" PRId64 ", this program knows %d"),
		    store->path, version, (int)VERSION);
		error_advise(error, _("Install the newer Kiyome; nothing was changed"));
		return error->code;
	}
	status = judge(store, version, strict || version < VERSION, error);
	return status < 0 || version == VERSION ? status : migrate_in_transaction(store, VERSION, error);
}
