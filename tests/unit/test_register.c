/* The register: what is appended is there, in the form that was promised, and whatever is changed is named.
 */
#include "src/base/merkle.h"
#include "src/base/note.h"
#include "src/base/tlog_proof.h"
#include "tests/unit/register_fixture.h"

static char *filled; /* read-only for the tests: they take copies */

/* ── Appending and reading ── */

static void an_entry_is_read_as_it_was_appended(void **state)
{
	(void)state;
	CLEANUP(cleanup_home) char *home = copy_home(filled);
	CLEANUP(register_close) struct reg *reg = open_home(home, REGISTER_APPEND);
	CLEANUP(register_entry_release) struct register_entry appended = {0};
	CLEANUP(register_entry_release) struct register_entry entry = {0};
	json_t *body = json_pack("{s:s, s:{s:i, s:n}}", "z", "日本語\n\x01", "a", "n", 1, "m");
	assert_int_equal(
	    register_append(reg, "wipe.planned", &person, "日立 A\"1", body, &appended, &error), 0);
	json_decref(body);
	assert_int_equal(appended.seq, 5);
	assert_int_equal(register_read(reg, 5, &entry, &error), 0);
	assert_string_equal(buffer_text(&entry.canonical), buffer_text(&appended.canonical));
	assert_true(json_equal(entry.json, appended.json));
	assert_int_equal(json_count(entry.json, "seq", 0), 5);
	const char *time = json_text(entry.json, "time", "");
	char expected[512];
	(void)snprintf(expected, sizeof expected,
	    "{\"actor\":{\"name\":\"hanako\",\"uid\":1000,\"via\":\"sudo\"},\"body\":{\"a\":{\"m\":null,"
	    "\"n\":1},"
	    "\"z\":\"日本語\\n\\u0001\"},\"kind\":\"wipe.planned\",\"seq\":5,\"subject\":\"日立 "
	    "A\\\"1\",\"time\":\"%s\"}",
	    time);
	assert_string_equal(buffer_text(&entry.canonical), expected);
}

static void the_first_entry_tells_name_and_key(void **state)
{
	(void)state;
	CLEANUP(cleanup_home) char *home = copy_home(filled);
	CLEANUP(register_close) struct reg *reg = open_home(home, REGISTER_READ);
	CLEANUP(register_entry_release) struct register_entry entry = {0};
	CLEANUP_BUFFER struct buffer note = BUFFER_EMPTY;
	struct note_verifier verifier;
	struct note_checkpoint checkpoint;
	assert_string_equal(register_origin(reg), ORIGIN);
	assert_int_equal(register_read(reg, 0, &entry, &error), 0);
	assert_string_equal(json_text(entry.json, "kind", ""), "register.created");
	const char *key = json_text(json_object_get(entry.json, "body"), "public_key", "");
	assert_int_equal(note_parse_verifier(key, strlen(key), &verifier, &error), 0);
	assert_string_equal(verifier.name, ORIGIN);
	assert_int_equal(register_checkpoint(reg, &note, &error), 0);
	assert_int_equal(note_verify_checkpoint(note.data, note.length, &verifier, &checkpoint, &error), 0);
	assert_int_equal(checkpoint.size, 5);
}

static void an_entry_that_is_not_there_is_refused(void **state)
{
	(void)state;
	CLEANUP(cleanup_home) char *home = copy_home(filled);
	CLEANUP(register_close) struct reg *reg = open_home(home, REGISTER_READ);
	CLEANUP(register_entry_release) struct register_entry entry = {0};
	CLEANUP_BUFFER struct buffer proof = BUFFER_EMPTY;
	static const uint64_t none[] = {5, INT64_MAX, UINT64_MAX};
	for (size_t i = 0; i < LENGTH_OF(none); i++) {
		assert_int_equal(register_read(reg, none[i], &entry, &error), -ENOENT);
		assert_int_equal(error_exit_status(&error), 2);
		assert_int_equal(register_proof(reg, none[i], &proof, &error), -ENOENT);
	}
	assert_null(entry.json);
	assert_int_equal(proof.length, 0);
}

struct visited {
	uint64_t seqs[8];
	size_t count;
	size_t stop_after;
};

static int visit(void *context, const struct register_entry *entry, struct error *why)
{
	(void)why;
	struct visited *visited = context;
	visited->seqs[visited->count++] = entry->seq;
	return visited->count == visited->stop_after ? 7 : 0;
}

static void entries_are_visited_in_order_from_where_and_of_what_was_asked(void **state)
{
	(void)state;
	CLEANUP(cleanup_home) char *home = copy_home(filled);
	CLEANUP(register_close) struct reg *reg = open_home(home, REGISTER_READ);
	struct visited all = {0};
	struct visited late = {0};
	struct visited planned = {0};
	struct visited stopped = {.stop_after = 2};
	assert_int_equal(register_each(reg, 0, NULL, visit, &all, &error), 0);
	assert_int_equal(all.count, 5);
	assert_int_equal(all.seqs[4], 4);
	assert_int_equal(register_each(reg, 3, NULL, visit, &late, &error), 0);
	assert_int_equal(late.count, 2);
	assert_int_equal(late.seqs[0], 3);
	assert_int_equal(register_each(reg, 0, "wipe.planned", visit, &planned, &error), 0);
	assert_int_equal(planned.count, 2);
	assert_int_equal(planned.seqs[1], 2);
	assert_int_equal(register_each(reg, 0, NULL, visit, &stopped, &error), 7);
	assert_int_equal(stopped.count, 2);
}

static void a_reader_cannot_append(void **state)
{
	(void)state;
	CLEANUP(cleanup_home) char *home = copy_home(filled);
	CLEANUP(register_close) struct reg *reg = open_home(home, REGISTER_READ);
	assert_int_equal(append_body(reg, "wipe.planned", "x", json_object()), -EROFS);
	assert_sound(home, 5);
}

static void a_record_without_a_canonical_form_is_not_appended(void **state)
{
	(void)state;
	CLEANUP(cleanup_home) char *home = copy_home(filled);
	CLEANUP(register_close) struct reg *reg = open_home(home, REGISTER_APPEND);
	assert_int_equal(append_body(reg, "wipe.planned", "x", json_pack("{s:f}", "speed", 1.5)), -EINVAL);
	assert_int_equal(append_body(reg, "wipe.planned", "x", json_array()), -EINVAL);
	assert_int_equal(append_body(reg, "wipe.planned", "x", json_object()), 0);
	assert_sound(home, 6);
}

static void an_intent_without_outcome_is_told(void **state)
{
	(void)state;
	CLEANUP(cleanup_home) char *home = copy_home(filled);
	CLEANUP(register_close) struct reg *reg = open_home(home, REGISTER_READ);
	static const enum register_state expected[] = {REGISTER_NO_INTENT, REGISTER_UNFINISHED,
	    REGISTER_FINISHED, REGISTER_NO_INTENT, REGISTER_NO_INTENT};
	for (uint64_t seq = 0; seq < LENGTH_OF(expected); seq++) {
		CLEANUP(register_entry_release) struct register_entry entry = {0};
		enum register_state found;
		uint64_t outcome = 0;
		assert_int_equal(register_read(reg, seq, &entry, &error), 0);
		assert_int_equal(register_find_outcome(reg, &entry, &found, &outcome, &error), 0);
		assert_int_equal(found, expected[seq]);
		assert_int_equal(outcome, found == REGISTER_FINISHED ? 3 : 0);
	}
	struct register_report report = verify_home(home);
	assert_int_equal(json_array_size(report.unfinished), 1);
	assert_int_equal(json_integer_value(json_array_get(report.unfinished, 0)), 1);
	register_report_release(&report);
}

/* After every append, the proof of every entry, checked as a stranger checks it. */
static void every_entry_is_proved_at_every_size(void **state)
{
	(void)state;
	CLEANUP(cleanup_home) char *home = copy_home(filled);
	CLEANUP(register_close) struct reg *reg = open_home(home, REGISTER_APPEND);
	CLEANUP(register_entry_release) struct register_entry first = {0};
	assert_int_equal(register_read(reg, 0, &first, &error), 0);
	const char *key = json_text(json_object_get(first.json, "body"), "public_key", "");
	for (uint64_t size = 6; size <= 20; size++) {
		assert_int_equal(append_body(reg, "wipe.planned", "x", json_object()), 0);
		for (uint64_t seq = 0; seq < size; seq++) {
			CLEANUP(register_entry_release) struct register_entry entry = {0};
			CLEANUP_BUFFER struct buffer proof = BUFFER_EMPTY;
			struct proof_facts facts;
			assert_int_equal(register_proof(reg, seq, &proof, &error), 0);
			assert_int_equal(register_read(reg, seq, &entry, &error), 0);
			assert_int_equal(
			    proof_check(proof.data, proof.length, (const unsigned char *)entry.canonical.data,
				entry.canonical.length, key, &facts, &error),
			    0);
			assert_int_equal(facts.index, seq);
			assert_int_equal(facts.size, size);
			assert_true(facts.signature_checked);
		}
	}
	assert_sound(home, 20);
}

static void an_auditor_reads_the_wipes_with_sqlite_alone(void **state)
{
	(void)state;
	CLEANUP(cleanup_home) char *home = copy_home(filled);
	CLEANUP_FREE char *path = file_join(home, "register.db");
	CLEANUP(register_close) struct reg *reg = open_home(home, REGISTER_APPEND);
	assert_int_equal(append_body(reg, "wipe.marked", "WD-1", json_pack("{s:i}", "intent", 1)), 0);
	assert_int_equal(append_body(reg, "wipe.planned", "WD-3", json_object()), 0);
	sqlite3 *db;
	sqlite3_stmt *rows;
	static const char *const expected[] = {
	    "1|WD-1|interrupted|", "2|WD-2|finished|erased", "6|WD-3|planned|"};
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(
	    sqlite3_prepare_v2(db,
		"SELECT seq || '|' || medium || '|' || state || '|' || coalesce(result, '') FROM wipes", -1,
		&rows, NULL),
	    SQLITE_OK);
	for (size_t i = 0; i < LENGTH_OF(expected); i++) {
		assert_int_equal(sqlite3_step(rows), SQLITE_ROW);
		assert_string_equal((const char *)sqlite3_column_text(rows, 0), expected[i]);
	}
	assert_int_equal(sqlite3_step(rows), SQLITE_DONE);
	(void)sqlite3_finalize(rows);
	(void)sqlite3_close(db);
}

/* ── Making and opening ── */

static void nobody_else_may_read_its_files(void **state)
{
	(void)state;
	CLEANUP(cleanup_home) char *home = make_home();
	static const struct {
		const char *name;
		mode_t mode;
	} files[] = {{"register.db", 0600}, {"register.db-wal", 0600}, {"register.db-shm", 0600},
	    {"keys/log.key", 0600}, {"keys", 0700}};
	mode_t mask = umask(0);
	assert_int_equal(register_create(home, ORIGIN, &error), 0);
	struct reg *reg = open_home(home, REGISTER_APPEND);
	assert_int_equal(append_body(reg, "wipe.planned", "x", json_object()), 0);
	for (size_t i = 0; i < LENGTH_OF(files); i++) {
		CLEANUP_FREE char *path = file_join(home, files[i].name);
		struct stat file;
		assert_int_equal(stat(path, &file), 0);
		assert_int_equal(file.st_mode & 07777, files[i].mode);
	}
	register_close(&reg);
	(void)umask(mask);
}

static void a_register_is_never_made_over_another(void **state)
{
	(void)state;
	CLEANUP(cleanup_home) char *home = copy_home(filled);
	CLEANUP_FREE char *path = file_join(home, "register.db");
	assert_int_equal(register_create(home, "other.example", &error), -EEXIST);
	assert_int_equal(error_exit_status(&error), 2);
	assert_sound(home, 5);
	/* Neither when the one or the other of its files was lost. */
	CLEANUP(cleanup_home) char *keyless = copy_home(filled);
	CLEANUP_FREE char *key = file_join(keyless, "keys/log.key");
	assert_int_equal(unlink(key), 0);
	assert_int_equal(register_create(keyless, "other.example", &error), -EEXIST);
	assert_sound(keyless, 5);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(register_create(home, "other.example", &error), -EEXIST);
	CLEANUP(cleanup_home) char *empty = make_home();
	assert_int_equal(register_create(empty, "two words", &error), -EINVAL);
	assert_int_equal(register_create(empty, "one+two", &error), -EINVAL);
	assert_int_equal(register_create(empty, "", &error), -EINVAL);
}

static void what_is_no_register_is_refused(void **state)
{
	(void)state;
	CLEANUP(cleanup_home) char *home = make_home();
	CLEANUP_FREE char *path = file_join(home, "register.db");
	struct reg *reg = NULL;
	sqlite3 *db;
	assert_int_equal(register_open(home, REGISTER_READ, &reg, &error), -ENOENT);
	assert_int_equal(error_exit_status(&error), 2);
	static const struct {
		const char *bytes;
		size_t length;
	} contents[] = {{"", 0}, {"not a database, whatever its name says", 38}, {"SQLite format 3", 16}};
	for (size_t i = 0; i < LENGTH_OF(contents); i++) {
		assert_int_equal(file_replace(path, contents[i].bytes, contents[i].length, 0600, &error), 0);
		assert_int_equal(register_open(home, REGISTER_READ, &reg, &error), -EBADMSG);
		assert_int_equal(error_exit_status(&error), 3);
		assert_int_equal(register_open(home, REGISTER_APPEND, &reg, &error), -EBADMSG);
	}
	assert_int_equal(unlink(path), 0);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(
	    sqlite3_exec(db, "CREATE TABLE entry (seq, canonical, leaf_hash)", NULL, NULL, NULL), 0);
	(void)sqlite3_close(db);
	assert_int_equal(register_open(home, REGISTER_READ, &reg, &error), -EBADMSG);
	assert_null(reg);
}

static void run_sql(const char *home, const char *sql)
{
	CLEANUP_FREE char *path = file_join(home, "register.db");
	char *why = NULL;
	sqlite3 *db;
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	if (sqlite3_exec(db, sql, NULL, NULL, &why) != SQLITE_OK)
		fail_msg("%s: %s", sql, why);
	(void)sqlite3_close(db);
}

static void a_newer_register_is_refused_and_not_touched(void **state)
{
	(void)state;
	CLEANUP(cleanup_home) char *home = copy_home(filled);
	struct reg *reg = NULL;
	run_sql(home, "PRAGMA user_version = 4");
	assert_int_equal(register_open(home, REGISTER_APPEND, &reg, &error), -ENOTSUP);
	assert_int_equal(error_exit_status(&error), 3);
	assert_non_null(strstr(error.sentence, "version is 4"));
	run_sql(home, "PRAGMA user_version = 3");
	assert_sound(home, 5);
}

static const char drop_guards[] =
    "DROP TRIGGER entry_order; DROP TRIGGER entry_update; DROP TRIGGER entry_delete;"
    "DROP TRIGGER node_replace; DROP TRIGGER node_update; DROP TRIGGER node_delete;"
    "DROP TRIGGER checkpoint_order; DROP TRIGGER checkpoint_update;"
    "DROP TRIGGER checkpoint_delete;";

/* As an older Kiyome left it: without the views, without the guards. */
static void an_older_register_is_brought_up_to_date(void **state)
{
	(void)state;
	CLEANUP(cleanup_home) char *one = copy_home(filled);
	CLEANUP(cleanup_home) char *two = copy_home(filled);
	run_sql(two, "DROP VIEW wipes; PRAGMA user_version = 2");
	assert_sound(two, 5);
	run_sql(one, drop_guards);
	run_sql(one, "DROP VIEW wipes; PRAGMA user_version = 1");
	assert_sound(one, 5);
	run_sql(one, "SELECT * FROM wipes");
}

static void guards_stop_a_slip(void **state)
{
	(void)state;
	static const char *const slips[] = {"UPDATE entry SET leaf_hash = zeroblob(32)", "DELETE FROM entry",
	    "INSERT OR REPLACE INTO entry (seq, canonical, leaf_hash) SELECT seq, canonical, leaf_hash FROM "
	    "entry",
	    "INSERT INTO entry (seq, canonical, leaf_hash) VALUES (7, '{\"seq\":7}', zeroblob(32))",
	    "UPDATE node SET hash = zeroblob(32)", "DELETE FROM node",
	    "INSERT OR REPLACE INTO node SELECT * FROM node", "UPDATE checkpoint SET note = ''",
	    "DELETE FROM checkpoint", "INSERT OR REPLACE INTO checkpoint SELECT * FROM checkpoint"};
	CLEANUP(cleanup_home) char *home = copy_home(filled);
	CLEANUP_FREE char *path = file_join(home, "register.db");
	sqlite3 *db;
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	for (size_t i = 0; i < LENGTH_OF(slips); i++)
		assert_int_equal(sqlite3_exec(db, slips[i], NULL, NULL, NULL), SQLITE_CONSTRAINT);
	(void)sqlite3_close(db);
	assert_sound(home, 5);
}

static void another_key_does_not_append(void **state)
{
	(void)state;
	CLEANUP(cleanup_home) char *home = copy_home(filled);
	CLEANUP(cleanup_home) char *other = make_filled_home();
	CLEANUP_FREE char *key = file_join(home, "keys/log.key");
	struct reg *reg = NULL;
	copy_file(other, home, "keys/log.key");
	assert_int_equal(register_open(home, REGISTER_APPEND, &reg, &error), -EKEYREJECTED);
	assert_int_equal(unlink(key), 0);
	assert_int_equal(register_open(home, REGISTER_APPEND, &reg, &error), -ENOENT);
	assert_int_equal(error_exit_status(&error), 3);
	assert_sound(home, 5);
}

/* ── Tampering ── */

/* leaf(text): the hash that a forger computes again. */
static void sql_leaf(sqlite3_context *context, int count, sqlite3_value **values)
{
	(void)count;
	struct merkle_hash hash;
	const void *text = sqlite3_value_text(values[0]);
	assert_int_equal(merkle_hash_leaf(text, (size_t)sqlite3_value_bytes(values[0]), &hash, &error), 0);
	sqlite3_result_blob(context, hash.bytes, sizeof hash.bytes, SQLITE_TRANSIENT);
}

/* Changes the file as who can write it can: the triggers dropped, and put back so that they tell nothing. */
static void tamper(const char *home, const char *sql)
{
	CLEANUP_FREE char *path = file_join(home, "register.db");
	CLEANUP_BUFFER struct buffer guards = BUFFER_EMPTY;
	sqlite3 *db;
	sqlite3_stmt *rows;
	char *why = NULL;
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(
	    sqlite3_create_function(db, "leaf", 1, SQLITE_UTF8, NULL, sql_leaf, NULL, NULL), SQLITE_OK);
	assert_int_equal(
	    sqlite3_prepare_v2(db, "SELECT sql FROM sqlite_schema WHERE type = 'trigger'", -1, &rows, NULL),
	    0);
	while (sqlite3_step(rows) == SQLITE_ROW)
		buffer_printf(&guards, "%s;", (const char *)sqlite3_column_text(rows, 0));
	(void)sqlite3_finalize(rows);
	assert_int_equal(sqlite3_exec(db, drop_guards, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(
	    sqlite3_exec(db, "PRAGMA ignore_check_constraints = ON", NULL, NULL, NULL), SQLITE_OK);
	if (sqlite3_exec(db, sql, NULL, NULL, &why) != SQLITE_OK)
		fail_msg("%s: %s", sql, why);
	assert_int_equal(sqlite3_exec(db, buffer_text(&guards), NULL, NULL, NULL), SQLITE_OK);
	(void)sqlite3_close(db);
}

static bool has_sentence(const json_t *sentences, const char *part)
{
	size_t i;
	json_t *sentence;
	json_array_foreach(
	    (json_t *)sentences, i, sentence) if (strstr(json_string_value(sentence), part)) return true;
	return false;
}

static const struct {
	const char *sql;
	const char *finding;
	size_t findings; /* 0 = more than one may follow from it */
} tamperings[] = {
    {"UPDATE entry SET canonical = replace(canonical, 'WD-2', 'WD-9') WHERE seq = 3",
	"entry 3 was changed: it does not have its hash", 1},
    {"UPDATE entry SET canonical = replace(canonical, ',\"kind', ', \"kind') WHERE seq = 3",
	"entry 3: its text is not in canonical form", 2},
    {"UPDATE entry SET canonical = replace(canonical, '\"uid\":1000,\"via\":\"sudo\"', "
     "'\"via\":\"sudo\",\"uid\":1000')"
     " WHERE seq = 3",
	"entry 3: its text is not in canonical form", 2},
    {"UPDATE entry SET canonical = canonical || ' ' WHERE seq = 3",
	"entry 3: its text is not in canonical form", 2},
    {"UPDATE entry SET leaf_hash = zeroblob(32) WHERE seq = 3",
	"entry 3 was changed: it does not have its hash", 0},
    {"UPDATE entry SET canonical = replace(canonical, 'WD-2', 'WD-9') WHERE seq = 3;"
     "UPDATE entry SET leaf_hash = leaf(canonical) WHERE seq = 3",
	"the checkpoint of 4 entries was signed over other entries than these", 0},
    {"UPDATE entry SET canonical = replace(canonical, 'hanako', 'jiro') WHERE seq = 4;"
     "UPDATE entry SET leaf_hash = leaf(canonical) WHERE seq = 4",
	"the checkpoint of 5 entries was signed over other entries than these", 1},
    {"UPDATE entry SET canonical = replace(canonical, '\"seq\":4', '\"seq\":2'), leaf_hash = leaf(canonical)"
     " WHERE seq = 4",
	"entry 4: it calls itself entry 2", 0},
    {"UPDATE entry SET canonical = '[]' WHERE seq = 4", "entry 4: it does not have the six members", 0},
    {"UPDATE entry SET canonical = replace(canonical, 'T', ' ') WHERE seq = 4",
	"entry 4: its time is not a time", 0},
    {"UPDATE entry SET seq = 99 WHERE seq = 4", "the entries 4 to 98 are missing", 0},
    {"DELETE FROM entry WHERE seq = 2", "entry 2 is missing", 0},
    {"DELETE FROM entry WHERE seq = 0", "entry 0 is missing", 0},
    {"DELETE FROM entry WHERE seq = 4", "a checkpoint was signed over 5 entries, but the register has 4", 1},
    {"DELETE FROM entry", "the register has no entries", 0},
    {"UPDATE node SET hash = zeroblob(32) WHERE level = 1 AND position = 1",
	"the hash at level 1, position 1 of the tree is not that of its entries", 1},
    {"DELETE FROM node WHERE level = 2", "lacks the hash at level 2, position 0", 1},
    {"INSERT INTO node VALUES (5, 0, zeroblob(32))", "the tree has 1 hashes too many", 1},
    {"UPDATE checkpoint SET note = replace(note, '.kiyome', '.kiy0me') WHERE size = 3",
	"the checkpoint of 3 entries: ", 1},
    {"UPDATE checkpoint SET note = (SELECT note FROM checkpoint WHERE size = 4) WHERE size = 3",
	"the checkpoint of 3 entries was signed over 4", 1},
    {"UPDATE checkpoint SET note = '' WHERE size = 5", "the checkpoint of 5 entries: ", 1},
    {"DELETE FROM checkpoint WHERE size = 3", "the checkpoint of 3 entries is missing", 1},
    {"DELETE FROM checkpoint WHERE size = 5", "the checkpoint of 5 entries is missing", 1},
    {"UPDATE entry SET canonical = replace(canonical, '" ORIGIN
     "+', 'x+'), leaf_hash = leaf(canonical) WHERE seq = 0",
	"first entry does not tell its name and public key", 0},
    {"DROP VIEW wipes; CREATE VIEW wipes AS SELECT 'nothing was wiped'",
	"the view 'wipes' of the file is not", 1},
    {"CREATE TABLE more (a)", "the table 'more' of the file is not", 0},
    {"DROP INDEX entry_time", "the index 'entry_time' of the file is missing", 1},
};

static void whatever_is_changed_is_named(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH_OF(tamperings); i++) {
		CLEANUP(cleanup_home) char *home = copy_home(filled);
		tamper(home, tamperings[i].sql);
		struct register_report report = verify_home(home);
		CLEANUP_FREE char *all = json_dumps(report.findings, JSON_INDENT(1));
		if (!has_sentence(report.findings, tamperings[i].finding))
			fail_msg("%s: \"%s\" is not in %s", tamperings[i].sql, tamperings[i].finding, all);
		if (tamperings[i].findings && json_array_size(report.findings) != tamperings[i].findings)
			fail_msg("%s: %s", tamperings[i].sql, all);
		register_report_release(&report);
	}
}

static void a_dropped_guard_is_named(void **state)
{
	(void)state;
	CLEANUP(cleanup_home) char *home = copy_home(filled);
	run_sql(home, "DROP TRIGGER entry_update");
	struct register_report report = verify_home(home);
	assert_int_equal(json_array_size(report.findings), 1);
	assert_true(has_sentence(report.findings, "the trigger 'entry_update' of the file is missing"));
	register_report_release(&report);
}

static unsigned alarms;

static void sql_alarm(sqlite3_context *context, int count, sqlite3_value **values)
{
	(void)count, (void)values;
	alarms++;
	sqlite3_result_text(context, "wipe.planned", -1, SQLITE_STATIC);
}

static int add_alarm(sqlite3 *db, const char **why, const void *api)
{
	(void)why, (void)api;
	return sqlite3_create_function(
	    db, "alarm", 1, SQLITE_UTF8 | SQLITE_DETERMINISTIC, NULL, sql_alarm, NULL, NULL);
}

/* A function that somebody built into the table would run with the rights of who reads it: as root. */
static void tables_of_somebody_else_are_not_evaluated(void **state)
{
	(void)state;
	CLEANUP(cleanup_home) char *home = copy_home(filled);
	struct reg *reg = NULL;
	struct visited visited = {0};
	assert_int_equal(sqlite3_auto_extension((void (*)(void))add_alarm), SQLITE_OK);
	run_sql(home,
	    "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql ="
	    " replace(sql, 'json_extract(canonical, ''$.kind'')', 'alarm(canonical)') WHERE name = 'entry'");
	run_sql(home, "SELECT kind FROM entry NOT INDEXED");
	assert_int_equal(alarms, 5);
	alarms = 0;
	assert_int_equal(register_open(home, REGISTER_APPEND, &reg, &error), -EBADMSG);
	assert_int_equal(error_exit_status(&error), 1);
	struct register_report report = verify_home(home);
	assert_true(has_sentence(report.findings, "the table 'entry' of the file is not as Kiyome makes it"));
	register_report_release(&report);
	reg = open_home(home, REGISTER_READ);
	(void)register_each(reg, 0, "wipe.planned", visit, &visited, &error);
	register_close(&reg);
	assert_int_equal(sqlite3_cancel_auto_extension((void (*)(void))add_alarm), 1);
	assert_int_equal(alarms, 0);
}

static void a_changed_entry_is_not_read(void **state)
{
	(void)state;
	CLEANUP(cleanup_home) char *home = copy_home(filled);
	CLEANUP(register_entry_release) struct register_entry entry = {0};
	CLEANUP_BUFFER struct buffer proof = BUFFER_EMPTY;
	struct visited visited = {0};
	tamper(home, "UPDATE entry SET canonical = replace(canonical, 'WD-2', 'WD-9') WHERE seq = 3");
	CLEANUP(register_close) struct reg *reg = open_home(home, REGISTER_READ);
	assert_int_equal(register_read(reg, 3, &entry, &error), -EBADMSG);
	assert_int_equal(error_exit_status(&error), 1);
	assert_int_equal(register_proof(reg, 3, &proof, &error), -EBADMSG);
	assert_int_equal(register_each(reg, 0, NULL, visit, &visited, &error), -EBADMSG);
	assert_int_equal(visited.count, 3);
	assert_int_equal(register_proof(reg, 2, &proof, &error), 0);
}

/* The log's key must never sign a tree that contradicts what it signed before. */
static void nothing_is_signed_over_a_changed_tree(void **state)
{
	(void)state;
	static const char *const changes[] = {"UPDATE node SET hash = zeroblob(32) WHERE level = 2",
	    "UPDATE entry SET leaf_hash = zeroblob(32) WHERE seq = 4", "DELETE FROM entry WHERE seq = 4",
	    "DELETE FROM checkpoint WHERE size = 5",
	    "UPDATE checkpoint SET note = replace(note, '.kiyome', '.kiy0me') WHERE size = 5",
	    "DELETE FROM node"};
	for (size_t i = 0; i < LENGTH_OF(changes); i++) {
		CLEANUP(cleanup_home) char *home = copy_home(filled);
		tamper(home, changes[i]);
		CLEANUP(register_close) struct reg *reg = open_home(home, REGISTER_APPEND);
		assert_int_equal(append_body(reg, "wipe.planned", "x", json_object()), -EBADMSG);
		assert_int_equal(error_exit_status(&error), 1);
	}
}

static void an_outcome_of_nothing_is_named(void **state)
{
	(void)state;
	static const json_int_t intents[] = {0, 3, 5, 77};
	for (size_t i = 0; i < LENGTH_OF(intents); i++) {
		CLEANUP(cleanup_home) char *home = copy_home(filled);
		CLEANUP(register_close) struct reg *reg = open_home(home, REGISTER_APPEND);
		assert_int_equal(
		    append_body(reg, "wipe.finished", "x", json_pack("{s:I}", "intent", intents[i])), 0);
		struct register_report report = verify_home(home);
		assert_int_equal(json_array_size(report.findings), 1);
		assert_true(
		    has_sentence(report.findings, "entry 5 is an outcome (wipe.finished), but of no entry"));
		register_report_release(&report);
	}
}

static void a_clock_that_went_back_is_a_note_and_no_finding_of_its_own(void **state)
{
	(void)state;
	CLEANUP(cleanup_home) char *home = copy_home(filled);
	tamper(home, "UPDATE entry SET canonical = json_replace(canonical, '$.time', '2099-01-01T00:00:00Z') "
		     "WHERE seq = 3");
	struct register_report report = verify_home(home);
	assert_int_equal(json_array_size(report.notes), 1);
	assert_true(has_sentence(report.notes, "the clock went back from 2099-01-01T00:00:00Z to "));
	assert_false(has_sentence(report.findings, "clock"));
	register_report_release(&report);
}

static void findings_are_limited(void **state)
{
	(void)state;
	CLEANUP(cleanup_home) char *home = copy_home(filled);
	struct reg *reg = open_home(home, REGISTER_APPEND);
	for (size_t i = 0; i < 150; i++)
		assert_int_equal(append_body(reg, "wipe.planned", "x", json_object()), 0);
	register_close(&reg);
	tamper(home, "UPDATE checkpoint SET note = ''");
	struct register_report report = verify_home(home);
	assert_int_equal(json_array_size(report.findings), 100);
	assert_true(has_sentence(report.findings, "there is more like this"));
	register_report_release(&report);
}

/* A byte of the file turned anywhere: it opens and says so, or refuses, or the byte meant nothing; the
 * entries that it gives are never other ones. */
static void a_damaged_file_never_passes_as_another_register(void **state)
{
	(void)state;
	CLEANUP_FREE char *source = file_join(filled, "register.db");
	CLEANUP_BUFFER struct buffer content = BUFFER_EMPTY;
	struct register_report sound = verify_home(filled);
	assert_int_equal(file_read(source, 1 << 26, &content, &error), 0);
	CLEANUP(cleanup_home) char *home = copy_home(filled);
	CLEANUP_FREE char *path = file_join(home, "register.db");
	for (size_t offset = 0; offset < content.length; offset += offset < 4096 ? 13 : 97) {
		struct reg *reg = NULL;
		content.data[offset] ^= 0x24;
		assert_int_equal(file_replace(path, content.data, content.length, 0600, &error), 0);
		content.data[offset] ^= 0x24;
		error = (struct error){0};
		if (register_open(home, REGISTER_READ, &reg, &error) < 0) {
			assert_true(error.sentence[0]);
			continue;
		}
		struct register_report report;
		if (register_verify(reg, &report, &error) == 0) {
			if (json_array_size(report.findings) == 0)
				assert_string_equal(report.root, sound.root);
			register_report_release(&report);
		} else {
			assert_true(error.sentence[0]);
		}
		register_close(&reg);
	}
	register_report_release(&sound);
}

static int set_up(void **state)
{
	(void)state;
	filled = make_filled_home();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	cleanup_home(&filled);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_entry_is_read_as_it_was_appended),
	    cmocka_unit_test(the_first_entry_tells_name_and_key),
	    cmocka_unit_test(an_entry_that_is_not_there_is_refused),
	    cmocka_unit_test(entries_are_visited_in_order_from_where_and_of_what_was_asked),
	    cmocka_unit_test(a_reader_cannot_append),
	    cmocka_unit_test(a_record_without_a_canonical_form_is_not_appended),
	    cmocka_unit_test(an_intent_without_outcome_is_told),
	    cmocka_unit_test(every_entry_is_proved_at_every_size),
	    cmocka_unit_test(an_auditor_reads_the_wipes_with_sqlite_alone),
	    cmocka_unit_test(nobody_else_may_read_its_files),
	    cmocka_unit_test(a_register_is_never_made_over_another),
	    cmocka_unit_test(what_is_no_register_is_refused),
	    cmocka_unit_test(a_newer_register_is_refused_and_not_touched),
	    cmocka_unit_test(an_older_register_is_brought_up_to_date),
	    cmocka_unit_test(guards_stop_a_slip),
	    cmocka_unit_test(another_key_does_not_append),
	    cmocka_unit_test(whatever_is_changed_is_named),
	    cmocka_unit_test(a_dropped_guard_is_named),
	    cmocka_unit_test(tables_of_somebody_else_are_not_evaluated),
	    cmocka_unit_test(a_changed_entry_is_not_read),
	    cmocka_unit_test(nothing_is_signed_over_a_changed_tree),
	    cmocka_unit_test(an_outcome_of_nothing_is_named),
	    cmocka_unit_test(a_clock_that_went_back_is_a_note_and_no_finding_of_its_own),
	    cmocka_unit_test(findings_are_limited),
	    cmocka_unit_test(a_damaged_file_never_passes_as_another_register),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
