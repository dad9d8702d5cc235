#include "src/media/mounts.h"

#include "src/base/cleanup.h"
#include "src/base/file.h"
#include "src/media/sysfs.h"

#include <ctype.h>
#include <errno.h>
#include <libmount/libmount.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

static void release_table(struct libmnt_table **table)
{
	mnt_unref_table(*table);
}

static void release_iterator(struct libmnt_iter **iterator)
{
	mnt_free_iter(*iterator);
}

/* ── Mounts ── */

static char *copy(const char *text, bool *failed)
{
	char *made = text ? strdup(text) : NULL;
	*failed |= text && !made;
	return made;
}

static bool is_same(const struct mount_entry *entry, dev_t number, const char *point, const char *source)
{
	return entry->number == number && strcmp(entry->point, point) == 0 &&
	       strcmp(entry->source ? entry->source : "", source ? source : "") == 0;
}

static int add_mount(struct mount_list *list, struct libmnt_fs *fs, bool ours, struct error *error)
{
	const char *point = mnt_fs_get_target(fs);
	const char *source = mnt_fs_get_source(fs);
	if (!point)
		return 0;
	for (size_t i = 0; i < list->count; i++) {
		if (is_same(&list->entries[i], mnt_fs_get_devno(fs), point, source)) {
			list->entries[i].ours |= ours;
			return 0;
		}
	}
	struct mount_entry *grown = reallocarray(list->entries, list->count + 1, sizeof *grown);
	if (!grown)
		return error_set(error, ENOMEM, _("out of memory"));
	bool failed = false;
	list->entries = grown;
	grown[list->count++] = (struct mount_entry){
	    .number = mnt_fs_get_devno(fs),
	    .source = copy(source, &failed),
	    .type = copy(mnt_fs_get_fstype(fs), &failed),
	    .point = copy(point, &failed),
	    .options = copy(mnt_fs_get_fs_options(fs), &failed),
	    .ours = ours,
	};
	return failed ? error_set(error, ENOMEM, _("out of memory")) : 0;
}

static int read_mountinfo(const char *path, bool ours, struct mount_list *list, struct error *error)
{
	CLEANUP(release_table) struct libmnt_table *table = mnt_new_table();
	CLEANUP(release_iterator) struct libmnt_iter *iterator = mnt_new_iter(MNT_ITER_FORWARD);
	struct libmnt_fs *fs;
	if (!table || !iterator)
		return error_set(error, ENOMEM, _("out of memory"));
	/* One that cannot be read belongs to a process that has ended, or to somebody else. */
	if (mnt_table_parse_file(table, path) != 0)
		return 0;
	while (mnt_table_next_fs(table, iterator, &fs) == 0)
		if (add_mount(list, fs, ours, error) < 0)
			return error->code;
	return 0;
}

/* What a process sees of mounts: its namespace, and the root it sees it from. */
static char *view_of(const struct media_place *place, const char *process)
{
	CLEANUP_FREE char *namespace = NULL;
	CLEANUP_FREE char *root = NULL;
	char namespace_name[128];
	char root_name[PATH_MAX];
	char *view = NULL;
	if (asprintf(&namespace, "%s/proc/%s/ns/mnt", place->root, process) < 0 ||
	    asprintf(&root, "%s/proc/%s/root", place->root, process) < 0)
		return NULL;
	ssize_t namespace_length = readlink(namespace, namespace_name, sizeof namespace_name);
	ssize_t root_length = readlink(root, root_name, sizeof root_name);
	if (namespace_length < 0 || root_length < 0)
		return NULL;
	return asprintf(
		   &view, "%.*s %.*s", (int)namespace_length, namespace_name, (int)root_length, root_name) < 0
		   ? NULL
		   : view;
}

static bool take_view(struct name_list *views, char *view)
{
	if (!view)
		return true;
	for (size_t i = 0; i < views->count; i++)
		if (strcmp(views->names[i], view) == 0)
			return free(view), false;
	char **grown = reallocarray(views->names, views->count + 1, sizeof *grown);
	if (!grown)
		return free(view), true;
	views->names = grown;
	grown[views->count++] = view;
	return true;
}

int mounts_read(const struct media_place *place, struct mount_list *list, struct error *error)
{
	CLEANUP(sysfs_release_names) struct name_list processes = {0};
	CLEANUP(sysfs_release_names) struct name_list views = {0};
	*list = (struct mount_list){0};
	CLEANUP_FREE char *self = NULL;
	if (asprintf(&self, "%s/proc/self/mountinfo", place->root) < 0)
		return error_set(error, ENOMEM, _("out of memory"));
	if (!place->root[0] && !file_exists(self))
		return error_set(
		    error, ENOENT, _("could not read %s: without it no mount can be seen"), self);
	int status = read_mountinfo(self, true, list, error);
	if (status == 0)
		status = sysfs_list(place, "/proc", &processes, error);
	for (size_t i = 0; status == 0 && i < processes.count; i++) {
		const char *process = processes.names[i];
		CLEANUP_FREE char *path = NULL;
		if (!isdigit((unsigned char)process[0]) || !take_view(&views, view_of(place, process)))
			continue;
		if (asprintf(&path, "%s/proc/%s/mountinfo", place->root, process) < 0)
			return error_set(error, ENOMEM, _("out of memory"));
		status = read_mountinfo(path, strcmp(process, "1") == 0, list, error);
	}
	return status;
}

static bool lies_below(const char *path, const char *point)
{
	size_t length = strlen(point);
	if (length == 1)
		return true;
	return strncmp(path, point, length) == 0 && (path[length] == '/' || path[length] == '\0');
}

const struct mount_entry *mounts_cover(const struct mount_list *list, const char *path)
{
	const struct mount_entry *best = NULL;
	for (size_t i = 0; i < list->count; i++) {
		const struct mount_entry *entry = &list->entries[i];
		if (entry->ours && lies_below(path, entry->point) &&
		    (!best || strlen(entry->point) >= strlen(best->point)))
			best = entry;
	}
	return best;
}

void mounts_release(struct mount_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		free(list->entries[i].source);
		free(list->entries[i].type);
		free(list->entries[i].point);
		free(list->entries[i].options);
	}
	free(list->entries);
	*list = (struct mount_list){0};
}

/* ── Swap ── */

static int add_swap(struct swap_list *list, struct libmnt_fs *fs, struct error *error)
{
	const char *path = mnt_fs_get_source(fs);
	const char *type = mnt_fs_get_swaptype(fs);
	if (!path)
		return 0;
	struct swap_entry *grown = reallocarray(list->entries, list->count + 1, sizeof *grown);
	if (!grown)
		return error_set(error, ENOMEM, _("out of memory"));
	list->entries = grown;
	grown[list->count] =
	    (struct swap_entry){.path = strdup(path), .is_file = type && strcmp(type, "file") == 0};
	return grown[list->count++].path ? 0 : error_set(error, ENOMEM, _("out of memory"));
}

int mounts_read_swaps(const struct media_place *place, struct swap_list *list, struct error *error)
{
	CLEANUP(release_table) struct libmnt_table *table = mnt_new_table();
	CLEANUP(release_iterator) struct libmnt_iter *iterator = mnt_new_iter(MNT_ITER_FORWARD);
	CLEANUP_FREE char *path = NULL;
	struct libmnt_fs *fs;
	*list = (struct swap_list){0};
	if (!table || !iterator || asprintf(&path, "%s/proc/swaps", place->root) < 0)
		return error_set(error, ENOMEM, _("out of memory"));
	/* A kernel without swap has no such file. */
	if (!file_exists(path) || mnt_table_parse_swaps(table, path) != 0)
		return 0;
	while (mnt_table_next_fs(table, iterator, &fs) == 0)
		if (add_swap(list, fs, error) < 0)
			return error->code;
	return 0;
}

void mounts_release_swaps(struct swap_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->entries[i].path);
	free(list->entries);
	*list = (struct swap_list){0};
}
