#include "src/register/store.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

enum { BUSY_TIMEOUT_MS = 30000 };

static const char *const statements[STORE_STATEMENTS] = {
    [STORE_BEGIN_WRITING] = "BEGIN IMMEDIATE",
    [STORE_BEGIN_READING] = "BEGIN",
    [STORE_COMMIT] = "COMMIT",
    [STORE_ROLL_BACK] = "ROLLBACK",
    [STORE_COUNT_ENTRIES] = "SELECT coalesce(max(seq) + 1, 0) FROM entry",
    [STORE_ADD_ENTRY] = "INSERT INTO entry (seq, canonical, leaf_hash) VALUES (?1, ?2, ?3)",
    [STORE_READ_ENTRY] = "SELECT seq, canonical, leaf_hash FROM entry WHERE seq = ?1",
    [STORE_READ_LEAF] = "SELECT leaf_hash FROM entry WHERE seq = ?1",
    [STORE_ADD_NODE] = "INSERT INTO node (level, position, hash) VALUES (?1, ?2, ?3)",
    [STORE_READ_NODE] = "SELECT hash FROM node WHERE level = ?1 AND position = ?2",
    [STORE_ADD_CHECKPOINT] = "INSERT INTO checkpoint (size, note) VALUES (?1, ?2)",
    [STORE_NEWEST_CHECKPOINT] = "SELECT note FROM checkpoint ORDER BY size DESC LIMIT 1",
    [STORE_READ_OUTCOME] = "SELECT max(seq) FROM entry WHERE kind = ?1 AND intent = ?2",
};

/* The errno that a caller can act on. */
static int errno_of(const struct store *store)
{
	switch (sqlite3_errcode(store->db)) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return EBUSY;
	case SQLITE_FULL:
		return ENOSPC;
	case SQLITE_NOMEM:
		return ENOMEM;
	case SQLITE_READONLY:
		return EROFS;
	case SQLITE_ERROR: /* the statements are right: a table is not, or a text is no JSON */
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return EBADMSG;
	case SQLITE_CONSTRAINT:
		return EINVAL;
	default:
		return EIO;
	}
}

int store_fail(const struct store *store, const char *what, struct error *error)
{
	int errnum = errno_of(store);
	int system = sqlite3_system_errno(store->db);
	if (errnum == EBUSY)
		return error_set(
		    error, EBUSY, _("could not %s: another process holds %s"), what, store->path);
	if (errnum == EIO && system != 0)
		return error_system(
		    error, system, _("could not %s: %s in %s"), what, sqlite3_errmsg(store->db), store->path);
	return error_set(
	    error, errnum, _("could not %s: %s in %s"), what, sqlite3_errmsg(store->db), store->path);
}

/* What a file can bring along is switched off: functions in its schema that act, and writing past the guards.
 */
static int configure(struct store *store, struct error *error)
{
	static const struct {
		int option;
		int value;
	} options[] = {
	    {SQLITE_DBCONFIG_DEFENSIVE, 1},
	    {SQLITE_DBCONFIG_ENABLE_FKEY, 1},
	    {SQLITE_DBCONFIG_DQS_DDL, 0},
	    {SQLITE_DBCONFIG_DQS_DML, 0},
	};
	for (size_t i = 0; i < LENGTH_OF(options); i++)
		if (sqlite3_db_config(store->db, options[i].option, options[i].value, NULL) != SQLITE_OK)
			return store_fail(store, _("set up SQLite"), error);
	(void)sqlite3_extended_result_codes(store->db, 0);
	(void)sqlite3_busy_timeout(store->db, BUSY_TIMEOUT_MS);
	return store_run(
	    store, "PRAGMA synchronous = FULL; PRAGMA cell_size_check = ON", _("set up SQLite"), error);
}

/* On a read-only file system (an auditor's copy on a disc) SQLite cannot make the files beside a WAL
 * database. Nobody else can write there either, so it may be opened as one that does not change. */
static bool is_on_read_only_system(const char *path)
{
	return access(path, W_OK) < 0 && errno == EROFS;
}

static void append_uri(struct buffer *out, const char *path)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-";
	buffer_append_text(out, "file:");
	for (; *path; path++)
		buffer_printf(out, strchr(plain, *path) ? "%c" : "%%%02X", (unsigned char)*path);
	buffer_append_text(out, "?immutable=1");
}

static int open_unchanging(const char *path, struct store *store, struct error *error)
{
	CLEANUP_BUFFER struct buffer uri = BUFFER_EMPTY;
	CLEANUP_FREE char *log = NULL;
	struct stat status;
	if (asprintf(&log, "%s-wal", path) < 0)
		return error_set(error, ENOMEM, _("out of memory"));
	if (stat(log, &status) == 0 && status.st_size > 0) {
		error_set(error, EROFS,
		    _("%s has entries in %s that cannot be read on a read-only file system"), path, log);
		error_advise(error, _("copy both to where they can be written"));
		return error->code;
	}
	append_uri(&uri, path);
	if (buffer_check(&uri, error) < 0)
		return error->code;
	int flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX;
	int result = sqlite3_open_v2(buffer_text(&uri), &store->db, flags, NULL);
	if (!store->db)
		return error_set(error, ENOMEM, _("out of memory"));
	return result == SQLITE_OK ? configure(store, error)
				   : store_fail(store, _("open the register"), error);
}

int store_open(const char *path, struct store *store, struct error *error)
{
	*store = (struct store){.path = strdup(path)};
	if (!store->path)
		return error_set(error, ENOMEM, _("out of memory"));
	if (is_on_read_only_system(path))
		return open_unchanging(path, store, error);
	int result = sqlite3_open_v2(path, &store->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
	if (!store->db)
		return error_set(error, ENOMEM, _("out of memory"));
	if (result != SQLITE_OK)
		return store_fail(store, _("open the register"), error);
	return configure(store, error);
}

int store_distrust(struct store *store, struct error *error)
{
	if (sqlite3_db_config(store->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL) != SQLITE_OK)
		return store_fail(store, _("set up SQLite"), error);
	return 0;
}

void store_close(struct store *store)
{
	for (size_t i = 0; i < STORE_STATEMENTS; i++)
		(void)sqlite3_finalize(store->prepared[i]);
	(void)sqlite3_close(store->db);
	free(store->path);
	*store = (struct store){0};
}

int store_run(const struct store *store, const char *sql, const char *what, struct error *error)
{
	return sqlite3_exec(store->db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0
									   : store_fail(store, what, error);
}

int store_prepare(const struct store *store, const char *sql, sqlite3_stmt **statement, struct error *error)
{
	if (sqlite3_prepare_v2(store->db, sql, -1, statement, NULL) != SQLITE_OK)
		return store_fail(store, _("read the register"), error);
	return 0;
}

int store_use(struct store *store, enum store_statement which, sqlite3_stmt **statement, struct error *error)
{
	if (!store->prepared[which] &&
	    sqlite3_prepare_v3(store->db, statements[which], -1, SQLITE_PREPARE_PERSISTENT,
		&store->prepared[which], NULL) != SQLITE_OK)
		return store_fail(store, _("read the register"), error);
	*statement = store->prepared[which];
	return 0;
}

int store_step(
    const struct store *store, sqlite3_stmt *statement, bool *row, const char *what, struct error *error)
{
	int result = sqlite3_step(statement);
	*row = result == SQLITE_ROW;
	return result == SQLITE_ROW || result == SQLITE_DONE ? 0 : store_fail(store, what, error);
}

int store_do(struct store *store, enum store_statement which, const char *what, struct error *error)
{
	CLEANUP_RESET sqlite3_stmt *statement = NULL;
	bool row;
	int status = store_use(store, which, &statement, error);
	return status < 0 ? status : store_step(store, statement, &row, what, error);
}

int store_read_pragma(const struct store *store, const char *sql, int64_t *value, struct error *error)
{
	CLEANUP_STATEMENT sqlite3_stmt *statement = NULL;
	bool row = false;
	int status = store_prepare(store, sql, &statement, error);
	if (status == 0)
		status = store_step(store, statement, &row, _("read the register"), error);
	*value = row ? sqlite3_column_int64(statement, 0) : 0;
	return status;
}

const void *store_column(sqlite3_stmt *statement, int column, size_t *length)
{
	const void *bytes = sqlite3_column_blob(statement, column);
	int size = sqlite3_column_bytes(statement, column);
	*length = bytes && size > 0 ? (size_t)size : 0;
	return bytes ? bytes : "";
}

void store_finalize(sqlite3_stmt *const *statement)
{
	(void)sqlite3_finalize(*statement);
}

void store_reset(sqlite3_stmt *const *statement)
{
	if (!*statement)
		return;
	(void)sqlite3_reset(*statement);
	(void)sqlite3_clear_bindings(*statement);
}
