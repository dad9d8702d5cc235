/* From an outcome in the register to the document in a person's hand: render, sign, store, record. */
#pragma once

#include "certs/certificate.h"
#include "src/base/actor.h"
#include "src/base/error.h"
#include "src/base/secret.h"
#include "src/register/register.h"

struct issued {
	uint64_t seq; /* of the outcome */
	char number[CERTIFICATE_NUMBER_SIZE];
	bool is_report; /* of a run that did not erase: not to be called a certificate */
	struct certificate_paths paths;
};

void issued_release(struct issued *issued);

/* Makes the document of a `wipe.finished` entry and appends its `certificate.issued`. reg is open for
 * appending; passphrase unlocks the operator's key. */
int issue_document(struct reg *reg, const char *home, const struct actor *actor,
    const struct secret *passphrase, const struct register_entry *entry, struct issued *issued,
    struct error *error);

/* Makes the documents of all outcomes that have none: a crash, a full disk or a lost key came between. Calls
 * told for each. Stops at the first that cannot be made. */
typedef void issue_told(void *context, const struct issued *issued);
int issue_missing(
    const char *home, const struct secret *passphrase, issue_told *told, void *context, struct error *error);
