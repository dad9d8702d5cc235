/* SQLite as the register uses it: opened with its guards on, statements prepared once, its errors in one
 * sentence. */
#pragma once

#include "src/base/buffer.h"
#include "src/base/error.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The statements of every append, read and proof; their texts are a table in store.c. */
enum store_statement {
	STORE_BEGIN_WRITING,
	STORE_BEGIN_READING,
	STORE_COMMIT,
	STORE_ROLL_BACK,
	STORE_COUNT_ENTRIES,     /* → number */
	STORE_ADD_ENTRY,         /* seq, canonical, leaf hash */
	STORE_READ_ENTRY,        /* seq → seq, canonical, leaf hash */
	STORE_READ_LEAF,         /* seq → hash */
	STORE_ADD_NODE,          /* level, position, hash */
	STORE_READ_NODE,         /* level, position → hash */
	STORE_ADD_CHECKPOINT,    /* size, note */
	STORE_NEWEST_CHECKPOINT, /* → note */
	STORE_READ_OUTCOME,      /* kind of outcome, seq of intent → seq of the newest outcome */
	STORE_STATEMENTS,
};

struct store {
	sqlite3 *db;
	char *path;
	sqlite3_stmt *prepared[STORE_STATEMENTS];
};

/* Opens the file that is there. A file that SQLite cannot write is opened for reading. */
int store_open(const char *path, struct store *store, struct error *error);
void store_close(struct store *store);

/* Forbids the functions that the file's own tables name (PRAGMA trusted_schema = OFF). SQLite before 3.41
 * counts its json_extract() among them, so a file that is byte for byte what Kiyome makes keeps them. */
int store_distrust(struct store *store, struct error *error);

/* SQLite's last error as a sentence: "could not WHAT: reason". Returns the negative errno. */
int store_fail(const struct store *store, const char *what, struct error *error);

/* Runs SQL without parameters and results. */
int store_run(const struct store *store, const char *sql, const char *what, struct error *error);

/* A PRAGMA's number. */
int store_read_pragma(const struct store *store, const char *sql, int64_t *value, struct error *error);

/* Prepares any SQL; the caller finalizes it (CLEANUP_STATEMENT). */
int store_prepare(const struct store *store, const char *sql, sqlite3_stmt **statement, struct error *error);

/* The prepared statement, ready for its parameters; it is reset where the scope of *statement ends
 * (CLEANUP_RESET). */
int store_use(struct store *store, enum store_statement which, sqlite3_stmt **statement, struct error *error);

/* Runs a statement that has neither parameters nor results. */
int store_do(struct store *store, enum store_statement which, const char *what, struct error *error);

/* One step: *row says whether there is a row. what says what could not be done. */
int store_step(
    const struct store *store, sqlite3_stmt *statement, bool *row, const char *what, struct error *error);

/* The column's bytes, of blob or text. */
const void *store_column(sqlite3_stmt *statement, int column, size_t *length);

void store_finalize(sqlite3_stmt *const *statement);
void store_reset(sqlite3_stmt *const *statement);
#define CLEANUP_STATEMENT CLEANUP(store_finalize)
#define CLEANUP_RESET CLEANUP(store_reset)
