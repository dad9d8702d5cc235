/* The way back: pdf_signature_dissect(). */
#include "certs/pdf_signature.h"
#include "src/base/clock.h"
#include "src/base/text.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

/* Places of the update's objects, counted from the base's /Size: as pdf_signature.c numbers them. */
enum { AT_ENTRY = 0, AT_PROOF = 2, AT_SIGNATURE = 4 };

static int damaged(struct error *error, const char *what)
{
	return error_finding(error, EBADMSG, _("the certificate's signature part is damaged: %s"), what);
}

/* "(D:20260131235959Z)" */
static bool read_time(struct pdf_span object, time_t *time)
{
	const char *found = pdf_find(object, "/M (D:");
	char text[CLOCK_TEXT_SIZE];
	if (!found || (size_t)(object.data + object.length - found) < strlen("/M (D:20260131235959Z)"))
		return false;
	const char *d = found + strlen("/M (D:");
	(void)snprintf(
	    text, sizeof text, "%.4s-%.2s-%.2sT%.2s:%.2s:%.2sZ", d, d + 4, d + 6, d + 8, d + 10, d + 12);
	return clock_parse(text, time) == 0;
}

/* The DER says itself how long it is (X.690 §8.1.3); what is behind it in the gap must be zeros, which the
 * comparison with the rebuilt file checks. */
static bool cut_der(struct buffer *der)
{
	const unsigned char *bytes = (const unsigned char *)der->data;
	if (der->length < 4 || bytes[0] != 0x30)
		return false;
	size_t digits = bytes[1] & 0x7f;
	size_t length = bytes[1];
	if (bytes[1] & 0x80) {
		if (digits == 0 || digits > 2)
			return false;
		length = 0;
		for (size_t i = 0; i < digits; i++)
			length = length << 8 | bytes[2 + i];
		length += digits;
	}
	if (length + 2 > der->length)
		return false;
	der->length = length + 2;
	return true;
}

static int read_contents(
    struct pdf_span object, const char *bytes, struct pdf_gap *gap, struct buffer *der, struct error *error)
{
	static const char key[] = "/Contents <";
	const char *found = pdf_find(object, key);
	size_t digits = 2 * PDF_SIGNATURE_CAPACITY;
	if (!found)
		return damaged(error, _("there is no signature in it"));
	const char *hex = found + strlen(key);
	size_t left = (size_t)(object.data + object.length - hex);
	if (left < digits + 1 || hex[digits] != '>')
		return damaged(error, _("the signature has not its length"));
	CLEANUP_FREE char *text = strndup(hex, digits);
	CLEANUP_FREE unsigned char *binary = malloc(PDF_SIGNATURE_CAPACITY);
	if (!text || !binary)
		return error_set(error, ENOMEM, _("out of memory"));
	if (text_read_hex(text, binary, PDF_SIGNATURE_CAPACITY) < 0)
		return damaged(error, _("the signature is not hexadecimal"));
	buffer_append(der, binary, PDF_SIGNATURE_CAPACITY);
	if (buffer_check(der, error) < 0)
		return error->code;
	if (!cut_der(der))
		return damaged(error, _("the signature is not DER"));
	*gap = (struct pdf_gap){.offset = (size_t)(hex - 1 - bytes), .length = digits + 2};
	return 0;
}

static int dissect(const struct pdf_document *whole, const struct pdf_document *base,
    struct pdf_update *update, struct pdf_gap *gap, struct buffer *der, struct error *error)
{
	struct pdf_span signature = {0};
	uint32_t first = base->newest.size;
	int status = pdf_stream(whole, first + AT_ENTRY, &update->entry, error);
	if (status == 0)
		status = pdf_stream(whole, first + AT_PROOF, &update->proof, error);
	if (status == 0)
		status = pdf_object(whole, first + AT_SIGNATURE, &signature, error);
	if (status == 0 && !read_time(signature, &update->time))
		status = damaged(error, _("it does not say when it was signed"));
	return status < 0 ? status : read_contents(signature, whole->bytes, gap, der, error);
}

int pdf_signature_dissect(const char *bytes, size_t length, struct pdf_update *update, struct pdf_gap *gap,
    struct buffer *der, struct error *error)
{
	CLEANUP_FREE struct pdf_document *whole = calloc(1, sizeof *whole);
	CLEANUP_FREE struct pdf_document *base = calloc(1, sizeof *base);
	if (!whole || !base)
		return error_set(error, ENOMEM, _("out of memory"));
	*update = (struct pdf_update){0};
	int status = pdf_read(bytes, length, whole, error);
	if (status < 0)
		return status;
	if (whole->newest.previous == 0)
		return damaged(error, _("it is not signed"));
	/* The update begins where its first object does, directly behind the drawn pages. */
	update->base = (struct pdf_span){bytes, whole->newest.first_object};
	status = pdf_read(bytes, update->base.length, base, error);
	if (status == 0 && (base->newest.previous != 0 || whole->newest.previous != base->newest.offset))
		status = damaged(error, _("it was changed after it was signed"));
	return status < 0 ? status : dissect(whole, base, update, gap, der, error);
}
