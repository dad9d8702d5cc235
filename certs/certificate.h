/* A certificate: one entry of the register as a signed page, and the same entry as JSON with a detached
 * signature. docs/formats.md, "The certificate". */
#pragma once

#include "certs/identity.h"
#include "src/base/buffer.h"
#include "src/base/error.h"

#include <jansson.h>
#include <stdbool.h>

enum { CERTIFICATE_NUMBER_SIZE = 64 };

/* STATION-YEAR-SEQ of the entry: its body's station in capitals, the year of its time, six digits of its seq.
 * -EBADMSG when the entry lacks one of them, or the station is not letters and digits. */
int certificate_number(const json_t *entry, char *out, size_t size);

struct certificate {
	char number[CERTIFICATE_NUMBER_SIZE];
	bool is_report; /* of a run that did not erase: not to be called a certificate */
	struct buffer pdf;
	struct buffer json;      /* the entry's canonical form */
	struct buffer signature; /* CMS, DER, detached, over json */
};

/* Makes it from the canonical form of a `wipe.finished` and its inclusion proof: renders the page in a
 * sandboxed child, attaches both, signs. Refused (-EKEYREJECTED) when the entry names another operator than
 * the identity; -EBADMSG when the entry claims more than its evidence. */
int certificate_make(const char *entry_canonical, size_t length, const char *proof_text, size_t proof_length,
    const struct identity *identity, struct certificate *out, struct error *error);

void certificate_release(struct certificate *certificate);

/* Where a certificate lies. */
struct certificate_paths {
	char *pdf;
	char *json;
	char *signature;
};

/* Writes the three files below HOME/certificates, or HOME/reports for a report (0600, directories 0700).
 * paths may be NULL. */
int certificate_store(const char *home, const struct certificate *certificate,
    struct certificate_paths *paths, struct error *error);
/* The paths that certificate_store() uses. */
int certificate_locate(const char *home, const char *number, bool is_report, struct certificate_paths *paths,
    struct error *error);
void certificate_paths_release(struct certificate_paths *paths);
