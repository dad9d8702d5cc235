#include "certs/pdf_reader.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

enum { XREF_LINE = 20, TAIL_BYTES = 64, SECTIONS_MAXIMUM = 8 };

static int malformed(struct error *error, const char *what)
{
	return error_finding(error, EBADMSG, _("this is no PDF of the form Kiyome writes: %s"), what);
}

/* A place in the file from which tokens are taken; stays inside. */
struct cursor {
	const char *next;
	const char *end;
};

static bool take(struct cursor *cursor, const char *text)
{
	size_t length = strlen(text);
	if ((size_t)(cursor->end - cursor->next) < length || memcmp(cursor->next, text, length) != 0)
		return false;
	cursor->next += length;
	return true;
}

static void skip_white(struct cursor *cursor)
{
	static const char white[] = {' ', '\n', '\r', '\t'};
	while (cursor->next < cursor->end && memchr(white, *cursor->next, sizeof white))
		cursor->next++;
}

static bool take_number(struct cursor *cursor, uint64_t *number)
{
	const char *start = cursor->next;
	*number = 0;
	for (; cursor->next < cursor->end && *cursor->next >= '0' && *cursor->next <= '9'; cursor->next++)
		if (__builtin_mul_overflow(*number, 10U, number) ||
		    __builtin_add_overflow(*number, (uint64_t)(*cursor->next - '0'), number))
			return false;
	return cursor->next > start;
}

const char *pdf_find(struct pdf_span span, const char *text)
{
	return memmem(span.data, span.length, text, strlen(text));
}

/* "KEY N" in a span; false when it is not there. */
static bool find_number(struct pdf_span span, const char *key, uint64_t *number)
{
	const char *found = pdf_find(span, key);
	if (!found)
		return false;
	struct cursor cursor = {found + strlen(key), span.data + span.length};
	skip_white(&cursor);
	if (take(&cursor, "["))
		skip_white(&cursor);
	return take_number(&cursor, number);
}

uint32_t pdf_reference(struct pdf_span object, const char *key)
{
	uint64_t number;
	const char *found = pdf_find(object, key);
	if (!found || !find_number(object, key, &number) || number >= PDF_OBJECTS_MAXIMUM)
		return 0;
	struct cursor cursor = {found + strlen(key), object.data + object.length};
	skip_white(&cursor);
	if (take(&cursor, "["))
		skip_white(&cursor);
	uint64_t again;
	return take_number(&cursor, &again) && take(&cursor, " 0 R") ? (uint32_t)number : 0;
}

/* "startxref\nN\n%%EOF\n", exactly at the end of length bytes. */
static bool read_tail(const char *bytes, size_t length, size_t *offset)
{
	size_t window = length < TAIL_BYTES ? length : TAIL_BYTES;
	struct pdf_span tail = {bytes + length - window, window};
	const char *found = pdf_find(tail, "startxref\n");
	uint64_t number;
	if (!found)
		return false;
	struct cursor cursor = {found, bytes + length};
	if (!take(&cursor, "startxref\n") || !take_number(&cursor, &number) || !take(&cursor, "\n%%EOF\n") ||
	    cursor.next != cursor.end || number >= length)
		return false;
	*offset = (size_t)number;
	return true;
}

/* One line of a cross-reference table: "OOOOOOOOOO GGGGG n \n". Sections come newest first: what is known
 * stays. */
static bool take_line(
    struct cursor *cursor, struct pdf_document *document, struct pdf_section *section, uint64_t object)
{
	struct cursor line = {cursor->next, cursor->next + XREF_LINE};
	uint64_t offset;
	uint64_t generation;
	if (cursor->end - cursor->next < XREF_LINE || !take_number(&line, &offset) || !take(&line, " ") ||
	    !take_number(&line, &generation) || !take(&line, " "))
		return false;
	bool used = take(&line, "n");
	if (!(used || take(&line, "f")) || line.end - line.next != 2 || (used && generation != 0))
		return false;
	cursor->next += XREF_LINE;
	if (!used)
		return object == 0;
	if (object == 0 || offset >= document->length)
		return false;
	if (document->offsets[object] == 0)
		document->offsets[object] = (size_t)offset;
	if (offset < section->first_object)
		section->first_object = (size_t)offset;
	return true;
}

static int read_table(
    struct cursor *cursor, struct pdf_document *document, struct pdf_section *section, struct error *error)
{
	if (!take(cursor, "xref\n"))
		return malformed(error, _("no cross-reference table where it should be"));
	while (!take(cursor, "trailer")) {
		uint64_t first;
		uint64_t count;
		uint64_t end;
		bool sound = take_number(cursor, &first) && take(cursor, " ") &&
			     take_number(cursor, &count) && take(cursor, "\n") &&
			     !__builtin_add_overflow(first, count, &end) && end <= PDF_OBJECTS_MAXIMUM;
		for (uint64_t i = 0; sound && i < count; i++)
			sound = take_line(cursor, document, section, first + i);
		if (!sound)
			return malformed(error, _("its cross-reference table is damaged"));
	}
	return 0;
}

static int read_section(
    struct pdf_document *document, size_t offset, struct pdf_section *section, struct error *error)
{
	struct cursor cursor = {document->bytes + offset, document->bytes + document->length};
	*section = (struct pdf_section){.offset = offset, .first_object = document->length};
	int status = read_table(&cursor, document, section, error);
	if (status < 0)
		return status;
	struct pdf_span trailer = {cursor.next, (size_t)(cursor.end - cursor.next)};
	const char *end = pdf_find(trailer, "startxref");
	if (!end)
		return malformed(error, _("its trailer has no end"));
	trailer.length = (size_t)(end - trailer.data);
	uint64_t size;
	uint64_t previous = 0;
	if (!find_number(trailer, "/Size", &size) || size == 0 || size > PDF_OBJECTS_MAXIMUM ||
	    pdf_reference(trailer, "/Root") == 0)
		return malformed(error, _("its trailer is damaged"));
	if (pdf_find(trailer, "/Prev") && (!find_number(trailer, "/Prev", &previous) || previous >= offset))
		return malformed(error, _("its sections do not follow each other"));
	section->size = (uint32_t)size;
	section->root = pdf_reference(trailer, "/Root");
	section->info = pdf_reference(trailer, "/Info");
	section->previous = (size_t)previous;
	return 0;
}

int pdf_read(const char *bytes, size_t length, struct pdf_document *document, struct error *error)
{
	size_t offset;
	*document = (struct pdf_document){.bytes = bytes, .length = length};
	if (length < 5 || memcmp(bytes, "%PDF-", 5) != 0)
		return malformed(error, _("it does not begin as one"));
	if (!read_tail(bytes, length, &offset))
		return malformed(error, _("it does not end as one (cut off, or something was appended)"));
	int status = read_section(document, offset, &document->newest, error);
	struct pdf_section older = document->newest;
	for (int i = 1; status == 0 && older.previous; i++) {
		if (i == SECTIONS_MAXIMUM)
			return malformed(error, _("it was changed too often"));
		status = read_section(document, older.previous, &older, error);
	}
	return status;
}

/* Behind "N 0 obj\n". */
static int enter_object(
    const struct pdf_document *document, uint32_t number, struct cursor *cursor, struct error *error)
{
	uint64_t found;
	if (number == 0 || number >= PDF_OBJECTS_MAXIMUM || document->offsets[number] == 0)
		return malformed(error, _("an object is missing"));
	*cursor =
	    (struct cursor){document->bytes + document->offsets[number], document->bytes + document->length};
	if (!take_number(cursor, &found) || found != number || !take(cursor, " 0 obj\n"))
		return malformed(error, _("an object is not where it should be"));
	return 0;
}

int pdf_object(
    const struct pdf_document *document, uint32_t number, struct pdf_span *span, struct error *error)
{
	struct cursor cursor;
	int status = enter_object(document, number, &cursor, error);
	if (status < 0)
		return status;
	struct pdf_span rest = {cursor.next, (size_t)(cursor.end - cursor.next)};
	const char *end = pdf_find(rest, "endobj");
	if (!end)
		return malformed(error, _("an object has no end"));
	*span = (struct pdf_span){rest.data, (size_t)(end - rest.data)};
	return 0;
}

int pdf_stream(
    const struct pdf_document *document, uint32_t number, struct pdf_span *stream, struct error *error)
{
	struct cursor cursor;
	uint64_t length;
	int status = enter_object(document, number, &cursor, error);
	if (status < 0)
		return status;
	struct pdf_span rest = {cursor.next, (size_t)(cursor.end - cursor.next)};
	const char *begin = pdf_find(rest, "\nstream\n");
	struct pdf_span dictionary = {rest.data, begin ? (size_t)(begin - rest.data) : 0};
	if (!begin || !find_number(dictionary, "/Length", &length))
		return malformed(error, _("an attachment is damaged"));
	cursor.next = begin + strlen("\nstream\n");
	if (length > (uint64_t)(cursor.end - cursor.next))
		return malformed(error, _("an attachment is cut off"));
	*stream = (struct pdf_span){cursor.next, (size_t)length};
	cursor.next += length;
	if (!take(&cursor, "\nendstream\nendobj\n"))
		return malformed(error, _("an attachment has another length than it says"));
	return 0;
}
