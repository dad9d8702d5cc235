#include "src/register/register.h"

#include "src/base/file.h"
#include "src/base/json.h"
#include "src/register/internal.h"
#include "src/register/schema.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

/* ── Opening ── */

int register_parse_origin(const json_t *entry, struct note_verifier *verifier, struct error *error)
{
	const json_t *body = json_object_get(entry, "body");
	const char *key = json_text(body, "public_key", "");
	struct error cause = {0};
	if (strcmp(json_text(entry, "kind", ""), "register.created") != 0 ||
	    note_parse_verifier(key, strlen(key), verifier, &cause) < 0 ||
	    strcmp(json_text(body, "origin", ""), verifier->name) != 0)
		return error_finding(
		    error, EBADMSG, _("the register's first entry does not tell its name and public key"));
	return 0;
}

static int load_origin(struct reg *reg, struct error *error)
{
	CLEANUP(register_entry_release) struct register_entry first = {0};
	int status = register_read(reg, 0, &first, error);
	if (status == 0)
		status = register_parse_origin(first.json, &reg->verifier, error);
	if (status < 0)
		memset(&reg->verifier, 0, sizeof reg->verifier);
	return status;
}

static int load_signer(struct reg *reg, const char *home, struct error *error)
{
	CLEANUP_FREE char *path = file_join(home, "keys/log.key");
	if (!path)
		return error_set(error, ENOMEM, _("out of memory"));
	int status = note_load_signer(reg->verifier.name, path, &reg->signer, error);
	if (status < 0)
		return error_prefix(error, _("the register's key could not be loaded"));
	const struct note_verifier *verifier = note_signer_verifier(reg->signer);
	if (memcmp(verifier->public_key, reg->verifier.public_key, sizeof verifier->public_key) != 0)
		return error_set(
		    error, EKEYREJECTED, _("%s is not the key of the register %s"), path, reg->verifier.name);
	return 0;
}

static int find_file(const char *path, const char *home, struct error *error)
{
	struct stat file;
	if (stat(path, &file) == 0)
		return S_ISREG(file.st_mode)
			   ? 0
			   : error_set(error, EBADMSG, _("%s is not a register of Kiyome"), path);
	if (errno != ENOENT && errno != ENOTDIR)
		return error_system(error, errno, _("could not open %s"), path);
	error_refuse(error, ENOENT, _("there is no register in %s"), home);
	error_advise(error, _("`kiyome setup` makes it, once"));
	return error->code;
}

static int open_parts(struct reg *reg, const char *home, const char *path, struct error *error)
{
	int status = store_open(path, &reg->store, error);
	if (status == 0)
		status = schema_prepare(&reg->store, reg->mode == REGISTER_APPEND, error);
	if (status < 0)
		return status;
	struct error cause = {0};
	status = load_origin(reg, &cause);
	/* A register whose first entry was damaged is opened for reading nonetheless: to be verified. */
	bool damaged = status == -EBADMSG || status == -ENOENT;
	if (status < 0 && (reg->mode == REGISTER_APPEND || !damaged)) {
		*error = cause;
		return status;
	}
	return reg->mode == REGISTER_APPEND ? load_signer(reg, home, error) : 0;
}

int register_open(const char *home, enum register_mode mode, struct reg **reg, struct error *error)
{
	CLEANUP(register_close) struct reg *opened = calloc(1, sizeof *opened);
	CLEANUP_FREE char *path = file_join(home, "register.db");
	if (!opened || !path)
		return error_set(error, ENOMEM, _("out of memory"));
	opened->mode = mode;
	int status = find_file(path, home, error);
	if (status == 0)
		status = open_parts(opened, home, path, error);
	if (status < 0)
		return status;
	*reg = opened;
	opened = NULL;
	return 0;
}

void register_close(struct reg **reg)
{
	if (!*reg)
		return;
	store_close(&(*reg)->store);
	note_release_signer(&(*reg)->signer);
	free(*reg);
	*reg = NULL;
}

const char *register_origin(const struct reg *reg)
{
	return reg->verifier.name;
}

/* ── Transactions ── */

int register_transact(struct reg *reg, enum store_statement begin, register_work *work, void *argument,
    const char *what, struct error *error)
{
	int status = store_do(&reg->store, begin, what, error);
	if (status < 0)
		return status;
	status = work(reg, argument, error);
	if (status == 0)
		status = store_do(&reg->store, STORE_COMMIT, what, error);
	/* SQLite has rolled back by itself after some errors. */
	if (!sqlite3_get_autocommit(reg->store.db)) {
		struct error ignored = {0};
		(void)store_do(&reg->store, STORE_ROLL_BACK, what, &ignored);
	}
	return status;
}

int register_count(struct reg *reg, uint64_t *count, struct error *error)
{
	CLEANUP_RESET sqlite3_stmt *statement = NULL;
	bool row = false;
	int status = store_use(&reg->store, STORE_COUNT_ENTRIES, &statement, error);
	if (status == 0)
		status = store_step(&reg->store, statement, &row, _("read the register"), error);
	*count = row ? (uint64_t)sqlite3_column_int64(statement, 0) : 0;
	return status;
}

/* ── Appending ── */

struct appending {
	const char *kind;
	const struct actor *actor;
	const char *subject;
	const json_t *body;
	struct register_entry entry;
};

static int store_entry(
    struct reg *reg, const struct register_entry *entry, const struct merkle_hash *leaf, struct error *error)
{
	CLEANUP_RESET sqlite3_stmt *statement = NULL;
	bool row;
	int status = store_use(&reg->store, STORE_ADD_ENTRY, &statement, error);
	if (status < 0)
		return status;
	(void)sqlite3_bind_int64(statement, 1, (sqlite3_int64)entry->seq);
	(void)sqlite3_bind_text64(
	    statement, 2, entry->canonical.data, entry->canonical.length, SQLITE_TRANSIENT, SQLITE_UTF8);
	(void)sqlite3_bind_blob(statement, 3, leaf->bytes, sizeof leaf->bytes, SQLITE_TRANSIENT);
	return store_step(&reg->store, statement, &row, _("append to the register"), error);
}

static int append(struct reg *reg, void *argument, struct error *error)
{
	struct appending *appending = argument;
	const struct merkle_nodes nodes = {tree_read_node, reg};
	struct merkle_frontier frontier;
	struct merkle_hash leaf;
	uint64_t size = 0;
	int status = register_count(reg, &size, error);
	if (status == 0)
		status = merkle_load_frontier(&nodes, size, &frontier, error);
	if (status == 0 && size > 0)
		status = checkpoint_match(reg, &frontier, error);
	if (status == 0)
		status = entry_build(size, appending->kind, appending->actor, appending->subject,
		    appending->body, &appending->entry, error);
	if (status == 0)
		status = merkle_hash_leaf(
		    appending->entry.canonical.data, appending->entry.canonical.length, &leaf, error);
	if (status == 0)
		status = store_entry(reg, &appending->entry, &leaf, error);
	if (status == 0)
		status = merkle_append(&frontier, &leaf, tree_store_node, reg, error);
	return status < 0 ? status : checkpoint_append(reg, &frontier, error);
}

int register_append(struct reg *reg, const char *kind, const struct actor *actor, const char *subject,
    const json_t *body, struct register_entry *entry, struct error *error)
{
	struct appending appending = {kind, actor, subject, body, {0}};
	if (reg->mode != REGISTER_APPEND)
		return error_set(
		    error, EROFS, _("could not append to the register: it was opened for reading"));
	int status = register_transact(
	    reg, STORE_BEGIN_WRITING, append, &appending, _("append to the register"), error);
	if (status == 0 && entry)
		*entry = appending.entry;
	else
		register_entry_release(&appending.entry);
	return status;
}

/* ── Reading ── */

int register_read(struct reg *reg, uint64_t seq, struct register_entry *entry, struct error *error)
{
	CLEANUP_RESET sqlite3_stmt *statement = NULL;
	bool row = false;
	int status = store_use(&reg->store, STORE_READ_ENTRY, &statement, error);
	if (status < 0)
		return status;
	*entry = (struct register_entry){0};
	(void)sqlite3_bind_int64(statement, 1, (sqlite3_int64)seq);
	status = store_step(&reg->store, statement, &row, _("read the register"), error);
	if (status == 0 && !row)
		return error_refuse(error, ENOENT, _("the register has no entry %" PRIu64), seq);
	if (status == 0)
		status = entry_from_row(statement, entry, error);
	if (status < 0)
		register_entry_release(entry);
	return status;
}

int register_each(struct reg *reg, uint64_t first, const char *kind, register_visit *visit, void *context,
    struct error *error)
{
	static const char all[] = "SELECT seq, canonical, leaf_hash FROM entry WHERE seq >= ?1 ORDER BY seq";
	static const char of_kind[] =
	    "SELECT seq, canonical, leaf_hash FROM entry WHERE seq >= ?1 AND kind = ?2 ORDER BY seq";
	CLEANUP_STATEMENT sqlite3_stmt *statement = NULL;
	int status = store_prepare(&reg->store, kind ? of_kind : all, &statement, error);
	if (status < 0)
		return status;
	(void)sqlite3_bind_int64(statement, 1, first > INT64_MAX ? INT64_MAX : (sqlite3_int64)first);
	if (kind)
		(void)sqlite3_bind_text(statement, 2, kind, -1, SQLITE_TRANSIENT);
	for (;;) {
		CLEANUP(register_entry_release) struct register_entry entry = {0};
		bool row = false;
		status = store_step(&reg->store, statement, &row, _("read the register"), error);
		if (status < 0 || !row)
			return status;
		status = entry_from_row(statement, &entry, error);
		if (status == 0)
			status = visit(context, &entry, error);
		if (status != 0)
			return status;
	}
}
