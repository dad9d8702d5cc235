#include "src/media/scan.h"

#include "src/base/cleanup.h"
#include "src/media/describe.h"
#include "src/media/probe.h"
#include "src/media/sysfs.h"
#include "src/media/uses.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/cdrom.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

/* ── Contents ── */

static void close_sources(struct probe_source **sources)
{
	for (struct probe_source *source = *sources; source && source->device; source++)
		close(source->descriptor);
	free(*sources);
}

/* An optical drive is opened without waiting, for otherwise it would draw its tray in. */
static int open_for_probing(const struct medium *medium, const char *path)
{
	int flags = O_RDONLY | O_CLOEXEC | (medium->kind == KIND_OPTICAL ? O_NONBLOCK : 0);
	int descriptor = open(path, flags);
	if (descriptor >= 0 && medium->kind == KIND_OPTICAL &&
	    ioctl(descriptor, CDROM_DRIVE_STATUS, CDSL_CURRENT) != CDS_DISC_OK) {
		close(descriptor);
		errno = ENOMEDIUM;
		return -1;
	}
	return descriptor;
}

/* Opens the medium and its partitions. 0, or the errno why one could not be opened. */
static int open_sources(const struct medium *medium, struct probe_source *sources, size_t *count)
{
	for (size_t i = 0; i <= medium->partition_count; i++) {
		const struct medium_partition *partition = i ? &medium->partitions[i - 1] : NULL;
		int descriptor = open_for_probing(medium, partition ? partition->path : medium->path);
		if (descriptor < 0)
			return errno;
		sources[(*count)++] =
		    (struct probe_source){.device = partition                    ? partition->name
						    : medium->kind == KIND_IMAGE ? ""
										 : medium->name,
			.descriptor = descriptor};
	}
	return 0;
}

/* What cannot be read is said to be missing: a medium that cannot be probed is still a medium. */
static int read_contents(const struct media_place *place, struct medium *medium, struct error *error)
{
	if (medium->size_bytes == 0)
		return 0;
	if (!place->probe || place->root[0])
		return describe_contents_from_udev(place, medium, error);
	CLEANUP(close_sources)
	struct probe_source *sources = calloc(medium->partition_count + 2, sizeof *sources);
	size_t count = 0;
	if (!sources)
		return error_set(error, ENOMEM, _("out of memory"));
	int cause = open_sources(medium, sources, &count);
	if (cause == ENOMEDIUM) {
		medium->size_bytes = 0;
		return 0;
	}
	if (cause && medium->kind != KIND_IMAGE)
		return describe_contents_from_udev(place, medium, error);
	if (cause || probe_read_contents(sources, count, medium, error) < 0)
		return medium_add_missing(medium, "contents", error);
	return 0;
}

static int describe_wholly(
    const struct media_place *place, const char *name, struct medium *medium, struct error *error)
{
	int status = describe_device(place, name, medium, error);
	return status < 0 ? status : read_contents(place, medium, error);
}

/* ── All of them ── */

static bool is_listed(const struct media_place *place, const char *name)
{
	CLEANUP_CLOSE int directory = sysfs_open_block(place, name);
	if (directory < 0 || sysfs_has(directory, "partition") || sysfs_number(directory, "hidden", 0) != 0)
		return false;
	if (strncmp(name, "ram", 3) == 0)
		return false;
	bool may_be_empty = strncmp(name, "loop", 4) != 0 && strncmp(name, "zram", 4) != 0 &&
			    strncmp(name, "nbd", 3) != 0 && strncmp(name, "dm-", 3) != 0 &&
			    strncmp(name, "md", 2) != 0;
	return may_be_empty || sysfs_number(directory, "size", 0) > 0;
}

static int add_medium(
    const struct media_place *place, const char *name, struct media_list *list, struct error *error)
{
	struct medium *grown = reallocarray(list->media, list->count + 1, sizeof *grown);
	if (!grown)
		return error_set(error, ENOMEM, _("out of memory"));
	list->media = grown;
	grown[list->count] = (struct medium){0};
	int status = describe_wholly(place, name, &grown[list->count], error);
	if (status == 0) {
		list->count++;
		return 0;
	}
	medium_release(&grown[list->count]);
	/* Pulled out between the listing and the look. */
	return status == -ENODEV ? 0 : status;
}

/* Examines all, and forgets those that were pulled out meanwhile. */
static int examine_list(const struct uses *uses, struct media_list *list, struct error *error)
{
	size_t kept = 0;
	for (size_t i = 0; i < list->count; i++) {
		struct medium medium = list->media[i];
		int status = uses_examine(uses, &medium, error);
		list->media[i] = (struct medium){0};
		if (status == -ENODEV)
			medium_release(&medium);
		else
			list->media[kept++] = medium;
		if (status < 0 && status != -ENODEV)
			return status;
	}
	list->count = kept;
	return 0;
}

int media_scan(const struct media_place *place, struct media_list *list, struct error *error)
{
	CLEANUP(sysfs_release_names) struct name_list names = {0};
	CLEANUP(uses_release) struct uses uses = {0};
	*list = (struct media_list){0};
	int status = sysfs_list(place, "/sys/class/block", &names, error);
	if (status == 0 && names.count == 0 && place->root[0])
		status = error_refuse(
		    error, ENOENT, _("%s is no recorded tree: it has no sys/class/block"), place->root);
	for (size_t i = 0; status == 0 && i < names.count; i++)
		if (is_listed(place, names.names[i]))
			status = add_medium(place, names.names[i], list, error);
	if (status == 0)
		status = uses_read(place, &uses, error);
	if (status == 0)
		status = examine_list(&uses, list, error);
	if (status < 0)
		media_list_release(list);
	return status;
}

void media_list_release(struct media_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		medium_release(&list->media[i]);
	free(list->media);
	*list = (struct media_list){0};
}

/* ── One of them ── */

static int name_of_node(const struct media_place *place, const char *path, char **name, struct error *error)
{
	struct stat status;
	const char *slash = strrchr(path, '/');
	if (place->root[0]) {
		*name = strdup(slash ? slash + 1 : path);
		return *name ? 0 : error_set(error, ENOMEM, _("out of memory"));
	}
	if (stat(path, &status) < 0)
		return error_refuse(error, ENODEV, _("there is no device %s: %s"), path, strerror(errno));
	if (!S_ISBLK(status.st_mode))
		return error_refuse(error, ENOTBLK, _("%s is not a block device"), path);
	CLEANUP_CLOSE int directory = sysfs_open_number(place, status.st_rdev);
	*name = sysfs_kernel_name(directory);
	return *name ? 0 : error_refuse(error, ENODEV, _("the kernel knows no device behind %s"), path);
}

/* The kernel's own node, unless it is not there (a container with nodes of its own). */
static void keep_path_that_works(const struct media_place *place, const char *path, struct medium *medium)
{
	struct stat status;
	if (place->root[0] ||
	    (stat(medium->path, &status) == 0 && S_ISBLK(status.st_mode) && status.st_rdev == medium->number))
		return;
	char *own = strdup(path);
	if (own) {
		free(medium->path);
		medium->path = own;
	}
}

static int examine(const struct media_place *place, struct medium *medium, struct error *error)
{
	CLEANUP(uses_release) struct uses uses = {0};
	int status = uses_read(place, &uses, error);
	return status < 0 ? status : uses_examine(&uses, medium, error);
}

int media_find(const struct media_place *place, const char *path, struct medium *medium, struct error *error)
{
	CLEANUP_FREE char *name = NULL;
	*medium = (struct medium){0};
	int status = name_of_node(place, path, &name, error);
	if (status == 0)
		status = describe_device(place, name, medium, error);
	if (status == 0) {
		keep_path_that_works(place, path, medium);
		status = read_contents(place, medium, error);
	}
	if (status == 0)
		status = examine(place, medium, error);
	if (status < 0)
		medium_release(medium);
	return status;
}

static int describe_file(
    const char *path, const struct stat *file, struct medium *medium, struct error *error)
{
	char *whole = realpath(path, NULL);
	if (!whole)
		return error_system(error, errno, _("could not look at %s"), path);
	*medium = (struct medium){.path = whole,
	    .name = strdup(strrchr(whole, '/') + 1),
	    .bus = BUS_FILE,
	    .kind = KIND_IMAGE,
	    .number = file->st_dev,
	    .inode = file->st_ino,
	    .size_bytes = (uint64_t)file->st_size,
	    .logical_block_bytes = 512,
	    .physical_block_bytes = 512};
	if (!medium->name)
		return error_set(error, ENOMEM, _("out of memory"));
	if (file->st_size == 0)
		return medium_add_obstacle(medium, USE_EMPTY, "", NULL, error);
	return 0;
}

int media_describe_image(const char *path, struct medium *medium, struct error *error)
{
	static const struct media_place here = {.root = "", .probe = true};
	struct stat file;
	*medium = (struct medium){0};
	if (lstat(path, &file) < 0)
		return error_refuse(error, ENOENT, _("there is no file %s: %s"), path, strerror(errno));
	if (S_ISLNK(file.st_mode))
		return error_refuse(error, ENOTSUP, _("%s is a symbolic link: name the file itself"), path);
	if (!S_ISREG(file.st_mode))
		return error_refuse(error, ENOTSUP, _("%s is not a regular file"), path);
	int status = describe_file(path, &file, medium, error);
	if (status == 0)
		status = read_contents(&here, medium, error);
	if (status < 0)
		medium_release(medium);
	return status;
}
