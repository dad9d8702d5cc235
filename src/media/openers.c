#include "src/media/openers.h"

#include "src/base/cleanup.h"
#include "src/base/file.h"
#include "src/media/sysfs.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

static const struct media_place here = {.root = ""};

/* What is looked for: a file, or (inode 0) any block device. */
struct wanted {
	dev_t file_system;
	uint64_t inode;
};

/* Without synchronising: an open file on a server that hangs must not hang us. */
static bool read_status(int descriptors, const char *name, struct statx *status)
{
	return statx(descriptors, name, AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT, STATX_TYPE | STATX_INO,
		   status) == 0;
}

static bool is_wanted(const struct statx *status, const struct wanted *wanted)
{
	if (wanted->inode == 0)
		return S_ISBLK(status->stx_mode);
	return S_ISREG(status->stx_mode) && status->stx_ino == wanted->inode &&
	       makedev(status->stx_dev_major, status->stx_dev_minor) == wanted->file_system;
}

static int add_opener(
    int process, pid_t number, const struct statx *status, struct opener_list *list, struct error *error)
{
	bool block = S_ISBLK(status->stx_mode);
	CLEANUP_FREE char *name = file_attribute(process, "comm");
	struct opener opener = {
	    .process = number,
	    .number = block ? makedev(status->stx_rdev_major, status->stx_rdev_minor)
			    : makedev(status->stx_dev_major, status->stx_dev_minor),
	    .inode = block ? 0 : status->stx_ino,
	};
	(void)snprintf(opener.name, sizeof opener.name, "%s", name ? name : "?");
	struct opener *grown = reallocarray(list->openers, list->count + 1, sizeof *grown);
	if (!grown)
		return error_set(error, ENOMEM, _("out of memory"));
	list->openers = grown;
	grown[list->count++] = opener;
	return 0;
}

static int read_process(
    const char *name, const struct wanted *wanted, struct opener_list *list, struct error *error)
{
	CLEANUP(sysfs_release_names) struct name_list descriptors = {0};
	CLEANUP_FREE char *path = NULL;
	pid_t number = (pid_t)strtol(name, NULL, 10);
	if (number == getpid())
		return 0;
	if (asprintf(&path, "/proc/%s", name) < 0)
		return error_set(error, ENOMEM, _("out of memory"));
	CLEANUP_CLOSE int process = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CLEANUP_CLOSE int directory = sysfs_open_below(process, "fd");
	int status = sysfs_list_below(process, "fd", &descriptors, error);
	for (size_t i = 0; status == 0 && i < descriptors.count; i++) {
		struct statx found;
		if (read_status(directory, descriptors.names[i], &found) && is_wanted(&found, wanted))
			status = add_opener(process, number, &found, list, error);
	}
	return status;
}

static int read_all(const struct wanted *wanted, struct opener_list *list, struct error *error)
{
	CLEANUP(sysfs_release_names) struct name_list processes = {0};
	*list = (struct opener_list){0};
	int status = sysfs_list(&here, "/proc", &processes, error);
	for (size_t i = 0; status == 0 && i < processes.count; i++)
		if (isdigit((unsigned char)processes.names[i][0]))
			status = read_process(processes.names[i], wanted, list, error);
	return status;
}

int openers_read_devices(struct opener_list *list, struct error *error)
{
	return read_all(&(struct wanted){0}, list, error);
}

int openers_read_file(dev_t file_system, uint64_t inode, struct opener_list *list, struct error *error)
{
	return read_all(&(struct wanted){.file_system = file_system, .inode = inode}, list, error);
}

void openers_release(struct opener_list *list)
{
	free(list->openers);
	*list = (struct opener_list){0};
}
