/* Reads the PDFs that Kiyome writes: classic cross-reference tables, generation 0, no object streams (ISO
 * 32000-1 §7.5.4). Strict: what any other program may write besides is refused. Parses foreign bytes: for the
 * sandbox. */
#pragma once

#include "src/base/error.h"

#include <stddef.h>
#include <stdint.h>

enum { PDF_OBJECTS_MAXIMUM = 4096 };

struct pdf_span {
	const char *data;
	size_t length;
};

struct pdf_section {
	size_t offset;       /* of "xref" */
	size_t previous;     /* of the section before; 0 = none */
	size_t first_object; /* lowest offset of an object in this section */
	uint32_t size;       /* object numbers are below this */
	uint32_t root;
	uint32_t info; /* 0 = none */
};

struct pdf_document {
	const char *bytes;
	size_t length;
	struct pdf_section newest;
	size_t offsets[PDF_OBJECTS_MAXIMUM]; /* of objects, by number; 0 = none */
};

/* Reads all sections; bytes must outlive the document. -EBADMSG (a finding) for anything else than described,
 * also for bytes behind the last %%EOF. */
int pdf_read(const char *bytes, size_t length, struct pdf_document *document, struct error *error);

/* What is between "N 0 obj" and "endobj" of an object without a stream. */
int pdf_object(
    const struct pdf_document *document, uint32_t number, struct pdf_span *span, struct error *error);

/* The object's dictionary and its stream of the given direct /Length. */
int pdf_stream(
    const struct pdf_document *document, uint32_t number, struct pdf_span *stream, struct error *error);

/* The number N of "KEY N 0 R", or behind "KEY [ N 0 R", in an object; 0 when it is not there. */
uint32_t pdf_reference(struct pdf_span object, const char *key);

/* The first place of text in a span, or NULL. */
const char *pdf_find(struct pdf_span span, const char *text);
