#include "src/base/file.h"
#include "src/base/json.h"
#include "src/register/internal.h"
#include "src/register/schema.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>

/* A register is made as register.db.new and renamed last. While that name exists the key beside it has signed
 * nothing that anybody was given: so both may be made again after a crash. */
struct creation {
	char *path;
	char *beside;
	char *keys;
	char *key;
	int directory; /* of home */
	int lock;      /* of keys, against a second creation */
	bool has_key;
};

static void release_creation(struct creation *creation)
{
	free(creation->path);
	free(creation->beside);
	free(creation->keys);
	free(creation->key);
	cleanup_close(&creation->directory);
	cleanup_close(&creation->lock);
}

static int refuse_second(const char *home, struct error *error)
{
	return error_refuse(error, EEXIST, _("there is a register in %s already"), home);
}

static int prepare_creation(const char *home, struct creation *creation, struct error *error)
{
	creation->path = file_join(home, "register.db");
	creation->beside = file_join(home, "register.db.new");
	creation->keys = file_join(home, "keys");
	creation->key = file_join(home, "keys/log.key");
	if (!creation->path || !creation->beside || !creation->keys || !creation->key)
		return error_set(error, ENOMEM, _("out of memory"));
	creation->directory = open(home, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (creation->directory < 0)
		return error_system(error, errno, _("could not open %s"), home);
	int status = file_make_directory(creation->keys, 0700, error);
	if (status < 0)
		return status;
	/* The home itself may be locked by who sets it up. */
	creation->lock = open(creation->keys, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (creation->lock < 0 || flock(creation->lock, LOCK_EX | LOCK_NB) < 0)
		return error_system(error, errno, _("could not make a register in %s"), home);
	if (file_exists(creation->path))
		return refuse_second(home, error);
	if (file_exists(creation->key) && !file_exists(creation->beside)) {
		error_refuse(
		    error, EEXIST, _("%s is the key of a register that is not there"), creation->key);
		error_advise(error, _("Put its register back, or move the key away to begin a new one"));
		return error->code;
	}
	return 0;
}

/* Removes what is unfinished; the name that marks it as such goes last. */
static int discard(const struct creation *creation, bool with_key, struct error *error)
{
	static const char *const suffixes[] = {"-journal", "-wal", "-shm", ""};
	if (with_key && unlink(creation->key) < 0 && errno != ENOENT)
		return error_system(error, errno, _("could not remove the unfinished %s"), creation->key);
	for (size_t i = 0; i < LENGTH_OF(suffixes); i++) {
		CLEANUP_FREE char *path = NULL;
		if (asprintf(&path, "%s%s", creation->beside, suffixes[i]) < 0)
			return error_set(error, ENOMEM, _("out of memory"));
		if (unlink(path) < 0 && errno != ENOENT)
			return error_system(error, errno, _("could not remove the unfinished %s"), path);
	}
	return 0;
}

/* SQLite gives the files beside the database the mode of the database. */
static int create_file(const char *path, struct error *error)
{
	int descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (descriptor < 0)
		return error_system(error, errno, _("could not create %s"), path);
	return close(descriptor) < 0 ? error_system(error, errno, _("could not create %s"), path) : 0;
}

static int append_first_entry(struct reg *reg, struct error *error)
{
	struct actor actor;
	CLEANUP_BUFFER struct buffer key = BUFFER_EMPTY;
	actor_find(&actor);
	note_write_verifier(&reg->verifier, &key);
	json_t *body = json_pack("{s:s, s:s, s:s}", "origin", reg->verifier.name, "public_key",
	    buffer_text(&key), "version", KIYOME_VERSION);
	if (!body || buffer_check(&key, error) < 0) {
		json_decref(body);
		return error_set(error, ENOMEM, _("out of memory"));
	}
	int status = register_append(reg, "register.created", &actor, reg->verifier.name, body, NULL, error);
	json_decref(body);
	return status;
}

/* While it has no entries the file keeps SQLite's rollback journal, which leaves the whole content in the one
 * file that is renamed; the switch to WAL is the last change. */
static int fill(const char *path, struct reg *reg, struct error *error)
{
	int status = create_file(path, error);
	if (status == 0)
		status = store_open(path, &reg->store, error);
	if (status == 0)
		status = schema_create(&reg->store, error);
	if (status == 0)
		status = append_first_entry(reg, error);
	if (status == 0)
		status = store_run(
		    &reg->store, "PRAGMA journal_mode = WAL", _("switch the register to its log"), error);
	return status;
}

static int create_contents(struct creation *creation, const char *origin, struct error *error)
{
	CLEANUP(register_close) struct reg *reg = calloc(1, sizeof *reg);
	if (!reg)
		return error_set(error, ENOMEM, _("out of memory"));
	reg->mode = REGISTER_APPEND;
	int status = note_make_signer(origin, &reg->signer, error);
	if (status < 0)
		return status;
	reg->verifier = *note_signer_verifier(reg->signer);
	status = fill(creation->beside, reg, error);
	if (status < 0)
		return status;
	creation->has_key = true;
	return note_save_signer(reg->signer, creation->key, error);
}

static int publish(const struct creation *creation, struct error *error)
{
	if (rename(creation->beside, creation->path) < 0)
		return error_system(error, errno, _("could not put %s in its place"), creation->path);
	if (fsync(creation->directory) < 0)
		return error_system(error, errno, _("could not make %s durable"), creation->path);
	return 0;
}

int register_create(const char *home, const char *origin, struct error *error)
{
	CLEANUP(release_creation) struct creation creation = {.directory = -1, .lock = -1};
	if (!note_name_is_valid(origin, strlen(origin)))
		return error_refuse(error, EINVAL, _("a register cannot be named '%s'"), origin);
	int status = prepare_creation(home, &creation, error);
	if (status == 0)
		status = discard(&creation, file_exists(creation.beside), error);
	if (status < 0)
		return status;
	status = create_contents(&creation, origin, error);
	if (status == 0)
		return publish(&creation, error);
	struct error ignored = {0};
	(void)discard(&creation, creation.has_key, &ignored);
	return status;
}
