/* Passphrases and keys: in memory that is locked, left out of core dumps, empty in every child process, and
 * wiped in the scope that made it. */
#pragma once

#include "src/base/error.h"

#include <stddef.h>

enum { SECRET_CAPACITY = 4096 };

struct secret {
	char *bytes;   /* NUL behind the last one; NULL while there is no secret */
	size_t length; /* bytes, without that NUL */
};

#define SECRET_EMPTY ((struct secret){0})

/* Hardens the process before its first secret: no core dump, not traceable by its own user, and a locked heap
 * for OpenSSL's private keys, empty in every child process. Call once, first thing in main(). */
void secret_harden_process(void);

/* An empty secret with room for SECRET_CAPACITY − 1 bytes. */
int secret_allocate(struct secret *secret, struct error *error);

/* Reads a passphrase from a descriptor to its end, without the one line ending behind it. Refuses (-EINVAL)
 * an empty one, one of more than 1024 bytes, and one with a NUL or a second line. */
int secret_read_descriptor(int descriptor, const char *what, struct secret *secret, struct error *error);

/* The same from a file (or /dev/fd/N, or a systemd credential's path). */
int secret_read_file(const char *path, struct secret *secret, struct error *error);

/* Wipes and unmaps. */
void secret_release(struct secret *secret);

#define CLEANUP_SECRET CLEANUP(secret_release)
