#include "certs/page.h"

#include "certs/certificate.h"
#include "certs/evidence.h"
#include "certs/page_parts.h"
#include "src/base/crypto.h"
#include "src/base/file.h"
#include "src/base/json.h"
#include "src/base/text.h"
#include "src/base/worker.h"

#include <cairo-pdf.h>
#include <errno.h>
#include <openssl/evp.h>
#include <string.h>

enum { FONT_LIMIT = 32 * 1024 * 1024, RENDER_TIMEOUT_MS = 60000, FONT_DIGEST_SHOWN = 8 };

static cairo_status_t take_bytes(void *context, const unsigned char *bytes, unsigned length)
{
	struct buffer *out = context;
	if (out)
		buffer_append(out, bytes, length);
	return out && out->failed ? CAIRO_STATUS_NO_MEMORY : CAIRO_STATUS_SUCCESS;
}

static void set_metadata(cairo_surface_t *surface, const struct page *page)
{
	char title[256];
	(void)snprintf(title, sizeof title, "%s %s %s", page->paper->title.japanese,
	    page->paper->title.english, page->number);
	const char *organisation = json_text(json_object_get(page->body, "organisation"), "name", "");
	/* Newer cairo would choose compressed cross-references, which an incremental update could not follow.
	 */
	cairo_pdf_surface_restrict_to_version(surface, CAIRO_PDF_VERSION_1_5);
	cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_TITLE, title);
	cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_AUTHOR, organisation);
	cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_CREATOR, "Kiyome");
	cairo_pdf_surface_set_metadata(
	    surface, CAIRO_PDF_METADATA_CREATE_DATE, json_text(page->entry, "time", ""));
}

static int draw_parts(struct page *page, struct error *error)
{
	page_draw_head(page);
	page_draw_medium(page);
	page_draw_method(page);
	page_draw_passes(page);
	page_draw_map(page);
	page_draw_exceptions(page);
	return page_draw_foot(page, error);
}

/* Draws all pages; out NULL only counts them. */
static int draw(struct page *page, unsigned pages, struct buffer *out, struct error *error)
{
	cairo_surface_t *surface =
	    cairo_pdf_surface_create_for_stream(take_bytes, out, CANVAS_WIDTH, CANVAS_HEIGHT);
	set_metadata(surface, page);
	page->canvas.cairo = cairo_create(surface);
	page->canvas.page = 0;
	page->canvas.pages = pages;
	int status = draw_parts(page, error);
	cairo_show_page(page->canvas.cairo);
	cairo_status_t drawn = cairo_status(page->canvas.cairo);
	cairo_destroy(page->canvas.cairo);
	cairo_surface_finish(surface);
	if (drawn == CAIRO_STATUS_SUCCESS)
		drawn = cairo_surface_status(surface);
	cairo_surface_destroy(surface);
	if (status < 0)
		return status;
	if (drawn != CAIRO_STATUS_SUCCESS || page->canvas.failed)
		return error_set(error, EIO, _("could not draw the certificate's page: %s"),
		    cairo_status_to_string(drawn));
	return 0;
}

/* The signed note at the end of a tlog-proof: what is behind its first empty line. */
static const char *find_checkpoint(const char *proof_text)
{
	const char *end = strstr(proof_text, "\n\n");
	return end ? end + 2 : "";
}

static int prepare(struct page *page, const json_t *entry, const char *canonical, size_t length,
    const char *proof_text, struct error *error)
{
	unsigned char digest[SHA256_BYTES];
	CLEANUP_BUFFER struct buffer hex = BUFFER_EMPTY;
	page->entry = entry;
	page->body = json_object_get(entry, "body");
	int status = certificate_number(entry, page->number, sizeof page->number);
	if (status < 0)
		return error_set(
		    error, EBADMSG, _("this entry is not one that a certificate can be made of"));
	status = evidence_check(page->body, error);
	if (status == 0)
		status = crypto_sha256(canonical, length, digest, error);
	if (status < 0)
		return status;
	text_append_hex(&hex, digest, sizeof digest);
	(void)snprintf(page->digest, sizeof page->digest, "%s", buffer_text(&hex));
	page->checkpoint = find_checkpoint(proof_text);
	page->paper = words_paper(json_text(page->body, "result", ""));
	page->canvas.accent =
	    (struct ink){page->paper->red / 255.0, page->paper->green / 255.0, page->paper->blue / 255.0};
	page->canvas.begin_page = page_begin;
	page->canvas.context = page;
	return 0;
}

int page_render(const char *entry_canonical, size_t length, const char *proof_text, size_t proof_length,
    struct buffer *pdf, struct error *error)
{
	struct page page = {0};
	struct type *type;
	json_t *entry = NULL;
	/* Parsers of C strings follow: what holds a NUL is no text. */
	CLEANUP_FREE char *proof = strndup(proof_text, proof_length);
	if (!proof || strlen(proof) != proof_length)
		return error_set(error, EBADMSG, _("the proof is not text"));
	int status = json_parse_strict(entry_canonical, length, _("the entry"), &entry, error);
	if (status == 0)
		status = prepare(&page, entry, entry_canonical, length, proof, error);
	if (status == 0)
		status = type_open(&type, error);
	if (status == 0) {
		page.canvas.type = type;
		status = draw(&page, 0, NULL, error);
	}
	if (status == 0)
		status = draw(&page, page.canvas.page, pdf, error);
	json_decref(entry);
	return status < 0 ? status : buffer_check(pdf, error);
}

struct render_request {
	const char *entry;
	size_t length;
	const char *proof;
	size_t proof_length;
};

static int render_in_child(struct worker_channel *channel, void *argument, struct error *error)
{
	const struct render_request *request = argument;
	CLEANUP_BUFFER struct buffer pdf = BUFFER_EMPTY;
	int status =
	    page_render(request->entry, request->length, request->proof, request->proof_length, &pdf, error);
	if (status == 0)
		worker_send_result(channel, pdf.data, pdf.length);
	return status;
}

int page_render_sandboxed(const char *entry_canonical, size_t length, const char *proof_text,
    size_t proof_length, struct buffer *pdf, struct error *error)
{
	struct render_request request = {entry_canonical, length, proof_text, proof_length};
	const struct worker_options options = {.rights = WORKER_SANDBOXED, .readable_files = type_files};
	int status = worker_call(&options, render_in_child, &request, RENDER_TIMEOUT_MS, pdf, error);
	return status < 0 ? error_prefix(error, _("could not render the page")) : 0;
}

json_t *page_describe_renderer(void)
{
	struct error ignored;
	unsigned char digest[SHA256_BYTES];
	CLEANUP_BUFFER struct buffer fonts = BUFFER_EMPTY;
	CLEANUP_BUFFER struct buffer hex = BUFFER_EMPTY;
	for (const char *const *path = type_files; *path; path++)
		if (file_read(*path, FONT_LIMIT, &fonts, &ignored) < 0)
			return NULL;
	if (crypto_sha256(fonts.data, fonts.length, digest, &ignored) < 0)
		return NULL;
	buffer_append_text(&hex, "IPAex ");
	text_append_hex(&hex, digest, FONT_DIGEST_SHOWN);
	return json_pack("{s:s, s:s, s:i}", "cairo", cairo_version_string(), "font", buffer_text(&hex),
	    "layout", PAGE_LAYOUT);
}
