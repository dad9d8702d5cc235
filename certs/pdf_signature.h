/* The signature in the PDF: an incremental update (ISO 32000-1 §7.5.6) behind the bytes that cairo drew, with
 * the two attachments and a PAdES B-B signature over the whole file (ETSI EN 319 142-1; §12.8 of ISO
 * 32000-1). docs/formats.md, "The certificate". The update is a function of its inputs, so that a verifier
 * builds it again and compares every byte. */
#pragma once

#include "certs/pdf_reader.h"
#include "src/base/buffer.h"
#include "src/base/error.h"

#include <time.h>

enum { PDF_SIGNATURE_CAPACITY = 8192 /* bytes of DER; a time stamp will need room too */ };

struct pdf_update {
	struct pdf_span base;  /* the drawn pages: a whole PDF */
	struct pdf_span entry; /* attached as entry.json */
	struct pdf_span proof; /* attached as proof.txt */
	const char *signer;    /* the operator's name */
	const char *number;    /* of the certificate */
	time_t time;           /* when it is signed */
};

/* Where the signature goes: the offset of the '<' before its hexadecimal digits. */
struct pdf_gap {
	size_t offset;
	size_t length; /* with '<' and '>' */
};

/* Appends base and update, with a signature of zeros. */
int pdf_signature_prepare(
    const struct pdf_update *update, struct buffer *file, struct pdf_gap *gap, struct error *error);

/* Puts the signature into the gap; -EFBIG when it is too long for it. */
int pdf_signature_fill(
    struct buffer *file, const struct pdf_gap *gap, const void *der, size_t length, struct error *error);

/* Takes a signed file apart into what it was made from; the spans point into bytes. signer and number stay
 * NULL: they come from the entry. The gap and the DER (owned by the caller's buffer) are the signature's. A
 * finding (-EBADMSG) for any file that has not this form. */
int pdf_signature_dissect(const char *bytes, size_t length, struct pdf_update *update, struct pdf_gap *gap,
    struct buffer *der, struct error *error);
