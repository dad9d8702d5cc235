/* Is this certificate genuine? Needs the file, the authority's certificate (or only its fingerprint), and
 * nothing else: no register, no network. The foreign bytes are read in a sandboxed child.
 *
 * A PDF is taken apart, and built again from the entry and the proof in it: pages, attachments, signature
 * part. It is valid only when every byte of the rebuilt file is the given one, when the signature over it is
 * right, its certificate the authority's at the time of signing, the signer the operator whom the entry
 * names, the entry canonical and free of contradictions, and the proof one of this entry. A page that cannot
 * be compared (it was drawn by another cairo, or the fonts are missing) is not valid either, but told apart:
 * all else of it was checked. */
#pragma once

#include "certs/cms.h"
#include "src/base/error.h"

#include <jansson.h>
#include <stdbool.h>

enum { VERIFY_FILE_LIMIT = 32 * 1024 * 1024, VERIFY_SIGNATURE_LIMIT = 65536 };

struct verify_request {
	struct cms_bytes file;      /* a PDF, or the JSON of an entry */
	struct cms_bytes signature; /* the .p7s beside the JSON; not used for a PDF */
	struct cms_trust trust;
	const char *log_key; /* the log's verifier key "NAME+ID+KEY" to check the checkpoint with; or NULL */
};

/* Whether the pages show what the record says. */
enum verified_page {
	VERIFIED_PAGE_NONE, /* there is none (a .json), or there were reasons enough without it */
	VERIFIED_PAGE_SAME,
	VERIFIED_PAGE_DIFFERENT,
	VERIFIED_PAGE_NOT_COMPARED, /* this machine cannot draw it as it says it was drawn */
};

struct verification {
	bool valid; /* no reasons */
	enum verified_page page;
	json_t *reasons;    /* sentences: why it is not valid */
	json_t *notes;      /* sentences: what could not be compared, and does not make it invalid */
	json_t *signatures; /* [{"role", "name", "sha256", "time", "valid"}] */
	json_t *proof; /* {"origin", "size", "index", "root", "signature_checked", "valid"}; JSON null without
			  one */
	json_t *certificate; /* {"number", "result", "level", "subject", "seq", "time"}; JSON null when it
				cannot be read */
};

/* Negative only when the check could not run; what it found is in *out. */
int verify_certificate(const struct verify_request *request, struct verification *out, struct error *error);
void verification_release(struct verification *verification);

/* {"valid", "page", "reasons", "notes", "signatures", "proof", "certificate"}, a new reference. */
json_t *verification_to_json(const struct verification *verification);
