#include "src/media/sysfs.h"

#include "src/base/cleanup.h"
#include "src/base/file.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

enum { DIRECTORY_FLAGS = O_RDONLY | O_DIRECTORY | O_CLOEXEC };

int sysfs_open_block(const struct media_place *place, const char *name)
{
	CLEANUP_FREE char *path = NULL;
	if (strchr(name, '/') || asprintf(&path, "%s/sys/class/block/%s", place->root, name) < 0)
		return -1;
	return open(path, DIRECTORY_FLAGS);
}

int sysfs_open_number(const struct media_place *place, dev_t number)
{
	CLEANUP_FREE char *path = NULL;
	if (asprintf(&path, "%s/sys/dev/block/%u:%u", place->root, major(number), minor(number)) < 0)
		return -1;
	return open(path, DIRECTORY_FLAGS);
}

int sysfs_open_below(int directory, const char *name)
{
	return directory < 0 ? -1 : openat(directory, name, DIRECTORY_FLAGS);
}

char *sysfs_device_path(const struct media_place *place, const char *name)
{
	CLEANUP_FREE char *path = NULL;
	char target[PATH_MAX];
	if (asprintf(&path, "%s/sys/class/block/%s", place->root, name) < 0)
		return NULL;
	ssize_t length = readlink(path, target, sizeof target - 1);
	return length > 0 ? strndup(target, (size_t)length) : NULL;
}

uint64_t sysfs_number(int directory, const char *name, uint64_t fallback)
{
	CLEANUP_FREE char *text = directory < 0 ? NULL : file_attribute(directory, name);
	char *end = NULL;
	if (!text || !isdigit((unsigned char)text[0]))
		return fallback;
	errno = 0;
	unsigned long long value = strtoull(text, &end, 10);
	return errno || *end ? fallback : value;
}

bool sysfs_parse_device_number(const char *text, dev_t *number)
{
	char *end = NULL;
	if (!isdigit((unsigned char)text[0]))
		return false;
	unsigned long first = strtoul(text, &end, 10);
	if (*end != ':' || !isdigit((unsigned char)end[1]))
		return false;
	unsigned long second = strtoul(end + 1, &end, 10);
	if (*end || first > UINT_MAX || second > UINT_MAX)
		return false;
	*number = makedev((unsigned)first, (unsigned)second);
	return true;
}

bool sysfs_device_number(int directory, dev_t *number)
{
	CLEANUP_FREE char *text = directory < 0 ? NULL : file_attribute(directory, "dev");
	return text && sysfs_parse_device_number(text, number);
}

bool sysfs_has(int directory, const char *name)
{
	return directory >= 0 && faccessat(directory, name, F_OK, 0) == 0;
}

char *sysfs_node_name(int directory)
{
	CLEANUP_CLOSE int descriptor = directory < 0 ? -1 : openat(directory, "uevent", O_RDONLY | O_CLOEXEC);
	char text[4096];
	ssize_t length = descriptor < 0 ? -1 : read(descriptor, text, sizeof text - 1);
	if (length <= 0)
		return NULL;
	text[length] = '\0';
	char *rest = text;
	for (char *line = strsep(&rest, "\n"); line; line = strsep(&rest, "\n"))
		if (strncmp(line, "DEVNAME=", strlen("DEVNAME=")) == 0)
			return strdup(line + strlen("DEVNAME="));
	return NULL;
}

char *sysfs_kernel_name(int directory)
{
	char *name = sysfs_node_name(directory);
	for (char *slash = name ? strchr(name, '/') : NULL; slash; slash = strchr(slash, '/'))
		*slash = '!';
	return name;
}

/* ── Names ── */

/* Letters of one run: those of one driver (the same two first letters) count on, z to aa. */
static int compare_letters(const char *one, size_t one_length, const char *other, size_t other_length)
{
	if (one_length != other_length && one_length >= 2 && other_length >= 2 && strncmp(one, other, 2) == 0)
		return one_length < other_length ? -1 : 1;
	int order = strncmp(one, other, one_length < other_length ? one_length : other_length);
	return order ? order : (one_length > other_length) - (one_length < other_length);
}

static size_t run_length(const char *text)
{
	bool digits = isdigit((unsigned char)text[0]);
	size_t length = 0;
	while (text[length] && !isdigit((unsigned char)text[length]) == !digits)
		length++;
	return length;
}

static int compare_digits(const char *one, const char *other)
{
	unsigned long long first = strtoull(one, NULL, 10);
	unsigned long long second = strtoull(other, NULL, 10);
	return (first > second) - (first < second);
}

int sysfs_compare_names(const char *one, const char *other)
{
	while (*one && *other) {
		size_t one_length = run_length(one);
		size_t other_length = run_length(other);
		int order = isdigit((unsigned char)*one) && isdigit((unsigned char)*other)
				? compare_digits(one, other)
				: compare_letters(one, one_length, other, other_length);
		if (order)
			return order;
		one += one_length;
		other += other_length;
	}
	return (*one != '\0') - (*other != '\0');
}

static int compare_entries(const void *one, const void *other)
{
	return sysfs_compare_names(*(char *const *)one, *(char *const *)other);
}

static int add_name(struct name_list *list, const char *name)
{
	char **grown = reallocarray(list->names, list->count + 1, sizeof *grown);
	if (!grown)
		return -ENOMEM;
	list->names = grown;
	grown[list->count] = strdup(name);
	if (!grown[list->count])
		return -ENOMEM;
	list->count++;
	return 0;
}

static void close_stream(DIR *const *stream)
{
	if (*stream)
		closedir(*stream);
}

/* Takes the descriptor. */
static int list_directory(int descriptor, struct name_list *list, struct error *error)
{
	*list = (struct name_list){0};
	if (descriptor < 0)
		return 0;
	CLEANUP(close_stream) DIR *stream = fdopendir(descriptor);
	if (!stream) {
		int cause = errno;
		close(descriptor);
		/* What the directory told of, a process or a device, has gone since it was opened: it lists
		 * nothing. */
		return cause == ENOMEM ? error_set(error, ENOMEM, _("out of memory")) : 0;
	}
	for (const struct dirent *entry = readdir(stream); entry; entry = readdir(stream)) {
		if (entry->d_name[0] == '.')
			continue;
		if (add_name(list, entry->d_name) < 0) {
			sysfs_release_names(list);
			return error_set(error, ENOMEM, _("out of memory"));
		}
	}
	if (list->count)
		qsort(list->names, list->count, sizeof *list->names, compare_entries);
	return 0;
}

int sysfs_list(const struct media_place *place, const char *path, struct name_list *list, struct error *error)
{
	CLEANUP_FREE char *whole = NULL;
	if (asprintf(&whole, "%s%s", place->root, path) < 0)
		return error_set(error, ENOMEM, _("out of memory"));
	return list_directory(open(whole, DIRECTORY_FLAGS), list, error);
}

int sysfs_list_below(int directory, const char *name, struct name_list *list, struct error *error)
{
	return list_directory(sysfs_open_below(directory, name), list, error);
}

void sysfs_release_names(struct name_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->names[i]);
	free(list->names);
	*list = (struct name_list){0};
}
