/* The page that a person reads: A4, Japanese with English beside it, drawn from the entry and its proof
 * alone, so that whoever has these two draws the very same bytes again (with the same cairo and fonts). */
#pragma once

#include "src/base/buffer.h"
#include "src/base/error.h"

#include <jansson.h>
#include <stddef.h>

/* Appends the PDF. entry_canonical is the canonical form of a `wipe.finished`; proof_text its inclusion
 * proof. Reads the fonts (type_files): for a process that may. -EBADMSG when the entry lacks what a page
 * needs, or claims more than its own evidence shows (evidence_check). */
int page_render(const char *entry_canonical, size_t length, const char *proof_text, size_t proof_length,
    struct buffer *pdf, struct error *error);

/* The same in a sandboxed child, which may read nothing but the two fonts. */
int page_render_sandboxed(const char *entry_canonical, size_t length, const char *proof_text,
    size_t proof_length, struct buffer *pdf, struct error *error);

/* Counts every change of what a page looks like or says: a page drawn by another layout is not compared. */
enum { PAGE_LAYOUT = 1 };

/* {"cairo", "font", "layout"}: what draws pages here, for the entry's `renderer`. font is the start of the
 * SHA-256 of the two font files. A new reference; NULL when the fonts cannot be read. */
json_t *page_describe_renderer(void);
