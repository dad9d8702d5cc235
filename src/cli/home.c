#include "src/cli/home.h"

#include "src/base/cleanup.h"
#include "src/base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

int home_refuse_existing(const char *home, struct error *error)
{
	CLEANUP_FREE char *register_path = file_join(home, "register.db");
	if (register_path && file_exists(register_path)) {
		error_refuse(error, EEXIST, _("%s is set up already; nothing was touched"), home);
		error_advise(error, _("its register and keys stay; another set-up needs another --home"));
		return error->code;
	}
	DIR *directory = opendir(home);
	if (!directory && errno == ENOENT)
		return 0;
	if (!directory)
		return error_system(error, errno, _("could not look into %s"), home);
	const struct dirent *entry;
	CLEANUP_FREE char *found = NULL;
	while (!found && (entry = readdir(directory)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			found = strdup(entry->d_name);
	closedir(directory);
	if (!found)
		return 0;
	error_refuse(error, ENOTEMPTY,
	    _("%s is not empty (it holds %s) and has no register; nothing was touched"), home, found);
	error_advise(error, _("name a directory that is empty or does not exist yet with --home"));
	return error->code;
}

/* What an interrupted set-up left in HOME.setup was never used: it goes. */
static void clear_staging(const char *staging)
{
	static const char *const names[] = {"ca.pem", "kiyome.conf", "register.db", "register.db-wal",
	    "register.db-shm", "register.db-journal", "keys/ca.key", "keys/operator.key", "keys/operator.pem",
	    "keys/log.key"};
	for (size_t i = 0; i < LENGTH_OF(names); i++) {
		CLEANUP_FREE char *path = file_join(staging, names[i]);
		CLEANUP_FREE char *beside = NULL;
		if (path)
			(void)unlink(path);
		if (path && asprintf(&beside, "%s.new", path) > 0)
			(void)unlink(beside);
	}
	CLEANUP_FREE char *keys = file_join(staging, "keys");
	if (keys)
		(void)rmdir(keys);
}

int home_enter(const char *home, struct home_place *place, struct error *error)
{
	place->home = realpath(home, NULL);
	if (!place->home)
		place->home = strdup(home);
	size_t length = place->home ? strlen(place->home) : 0;
	while (length > 1 && place->home[length - 1] == '/')
		place->home[--length] = '\0';
	if (length == 0 || asprintf(&place->staging, "%s.setup", place->home) < 0)
		return error_set(error, ENOMEM, _("out of memory"));
	int status = home_refuse_existing(place->home, error);
	if (status == 0)
		status = file_make_directory(place->staging, 0700, error);
	if (status < 0)
		return status;
	place->lock = open(place->staging, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (place->lock < 0 || fchmod(place->lock, 0700) < 0)
		return error_system(error, errno, _("could not open %s"), place->staging);
	if (flock(place->lock, LOCK_EX | LOCK_NB) < 0) {
		close(place->lock); /* what is in there is not ours to remove */
		place->lock = -1;
		return error_refuse(error, EBUSY, _("another set-up of %s is running"), place->home);
	}
	clear_staging(place->staging);
	return 0;
}

int home_publish(struct home_place *place, struct error *error)
{
	if (fsync(place->lock) < 0)
		return error_system(error, errno, _("could not make %s durable"), place->staging);
	if (rename(place->staging, place->home) < 0) {
		error_system(error, errno, _("could not put the new home %s in its place"), place->home);
		if (error->code == -EBUSY || error->code == -EXDEV)
			error_advise(error, _("it is a mount point: name a directory below it with --home"));
		return error->code;
	}
	place->published = true;
	CLEANUP_CLOSE int parent = openat(place->lock, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (parent < 0 || fsync(parent) < 0)
		return error_system(error, errno, _("could not make %s durable"), place->home);
	return 0;
}

void home_leave(struct home_place *place)
{
	if (place->lock >= 0 && !place->published) {
		clear_staging(place->staging);
		(void)rmdir(place->staging);
	}
	if (place->lock >= 0)
		close(place->lock);
	free(place->home);
	free(place->staging);
}
