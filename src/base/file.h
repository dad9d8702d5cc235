/* The only way Kiyome writes a file: beside, synced, renamed; and the loops around read and write. */
#pragma once

#include "src/base/buffer.h"
#include "src/base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Writes all of length bytes; what names the file in the error's sentence. */
int file_write_all(int descriptor, const void *bytes, size_t length, const char *what, struct error *error);

/* Appends the whole content of path, a regular file, pipe or terminal, to out. A file of more than limit
 * bytes is refused with -EFBIG. */
int file_read(const char *path, size_t limit, struct buffer *out, struct error *error);

/* The same from an open descriptor, from where it stands to its end. */
int file_read_descriptor(
    int descriptor, const char *what, size_t limit, struct buffer *out, struct error *error);

/* Replaces or makes path with these bytes: whoever opens it, after whatever crash, finds all of the old
 * bytes or all of the new. The directory must exist. */
int file_replace(const char *path, const void *bytes, size_t length, mode_t mode, struct error *error);

/* Makes one directory; no error when it is there already. */
int file_make_directory(const char *path, mode_t mode, struct error *error);

bool file_exists(const char *path);

/* "directory/name" as a new string (the caller frees it), or NULL without memory. */
char *file_join(const char *directory, const char *name);

/* The first line of a small file below a directory descriptor (sysfs, proc), trimmed; NULL when it cannot be
 * read or is empty. The caller frees it. */
char *file_attribute(int directory, const char *name);
