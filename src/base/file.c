#include "src/base/file.h"

#include "src/base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

int file_write_all(int descriptor, const void *bytes, size_t length, const char *what, struct error *error)
{
	const char *next = bytes;
	while (length) {
		ssize_t written = write(descriptor, next, length);
		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return error_system(error, errno, _("could not write %s"), what);
		next += written;
		length -= (size_t)written;
	}
	return 0;
}

int file_read_descriptor(
    int descriptor, const char *what, size_t limit, struct buffer *out, struct error *error)
{
	char piece[16384];
	size_t total = 0;
	for (;;) {
		ssize_t got = read(descriptor, piece, sizeof piece);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return error_system(error, errno, _("could not read %s"), what);
		if (got == 0)
			return buffer_check(out, error);
		total += (size_t)got;
		if (total > limit)
			return error_set(
			    error, EFBIG, _("%s is larger than the %zu bytes it may have"), what, limit);
		buffer_append(out, piece, (size_t)got);
	}
}

int file_read(const char *path, size_t limit, struct buffer *out, struct error *error)
{
	CLEANUP_CLOSE int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (descriptor < 0)
		return error_system(error, errno, _("could not open %s"), path);
	return file_read_descriptor(descriptor, path, limit, out, error);
}

char *file_join(const char *directory, const char *name)
{
	char *path;
	return asprintf(&path, "%s/%s", directory, name) < 0 ? NULL : path;
}

static int sync_directory_of(const char *path, struct error *error)
{
	CLEANUP_FREE char *directory = strdup(path);
	if (!directory)
		return error_set(error, ENOMEM, _("out of memory"));
	char *slash = strrchr(directory, '/');
	if (slash == directory)
		slash[1] = '\0';
	else if (slash)
		*slash = '\0';
	CLEANUP_CLOSE int descriptor = open(slash ? directory : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (descriptor < 0 || fsync(descriptor) < 0)
		return error_system(error, errno, _("could not make %s durable"), path);
	return 0;
}

int file_replace(const char *path, const void *bytes, size_t length, mode_t mode, struct error *error)
{
	CLEANUP_FREE char *beside = NULL;
	if (asprintf(&beside, "%s.new", path) < 0)
		return error_set(error, ENOMEM, _("out of memory"));
	/* What a crash left here was never the file: it may go. */
	(void)unlink(beside);
	CLEANUP_CLOSE int descriptor =
	    open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
	if (descriptor < 0)
		return error_system(error, errno, _("could not create %s"), beside);
	int status = file_write_all(descriptor, bytes, length, path, error);
	if (status == 0 && fsync(descriptor) < 0)
		status = error_system(error, errno, _("could not make %s durable"), path);
	if (status == 0 && rename(beside, path) < 0)
		status = error_system(error, errno, _("could not put %s in its place"), path);
	if (status < 0) {
		(void)unlink(beside);
		return status;
	}
	return sync_directory_of(path, error);
}

int file_make_directory(const char *path, mode_t mode, struct error *error)
{
	if (mkdir(path, mode) < 0 && errno != EEXIST)
		return error_system(error, errno, _("could not create the directory %s"), path);
	return 0;
}

bool file_exists(const char *path)
{
	return access(path, F_OK) == 0;
}

char *file_attribute(int directory, const char *name)
{
	CLEANUP_CLOSE int descriptor = openat(directory, name, O_RDONLY | O_CLOEXEC);
	if (descriptor < 0)
		return NULL;
	char line[4096];
	ssize_t got = read(descriptor, line, sizeof line - 1);
	if (got <= 0)
		return NULL;
	line[got] = '\0';
	return text_trimmed(line, strcspn(line, "\n"));
}
