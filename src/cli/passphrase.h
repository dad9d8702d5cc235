/* Where a command gets the passphrase from: never from its words, which every process of the machine can
 * read. */
#pragma once

#include "src/base/error.h"
#include "src/base/secret.h"

#include <stdbool.h>

struct passphrase_source {
	const char *file; /* --passphrase-file; NULL = not given */
	int descriptor;   /* --passphrase-fd; -1 = not given */
};

#define PASSPHRASE_SOURCE_NONE ((struct passphrase_source){.descriptor = -1})

/* Takes the word behind --passphrase-fd. False when it is no descriptor's number. */
bool passphrase_take_descriptor(struct passphrase_source *source, const char *word);

/* The passphrase from the file, the descriptor, the systemd credential kiyome-passphrase
 * ($CREDENTIALS_DIRECTORY/kiyome-passphrase), or else from the person at the terminal, without an echo; asked
 * twice when it is a new one. Refused without any of these. The caller releases the secret. */
int passphrase_obtain(
    const struct passphrase_source *source, bool is_new, struct secret *secret, struct error *error);

/* Policy §5-9.3, privileged accounts: 12 or more characters, with an upper-case and a lower-case letter, a
 * digit and a symbol among them. */
bool passphrase_is_strong(const struct secret *secret);
