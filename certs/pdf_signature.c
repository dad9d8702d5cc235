#include "certs/pdf_signature.h"

#include "src/base/clock.h"
#include "src/base/crypto.h"
#include "src/base/text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

/* The update's new objects, counted from the base's /Size. */
enum { NEW_ENTRY, NEW_ENTRY_SPEC, NEW_PROOF, NEW_PROOF_SPEC, NEW_SIGNATURE, NEW_FIELD, NEW_COUNT };

/* Room for what is known only when all is written: three numbers of up to ten digits. */
static const char byte_range_room[] = "/ByteRange [0 0000000000 0000000000 0000000000]";

struct writer {
	struct buffer *out;
	struct pdf_document base;
	uint32_t first; /* number of the first new object */
	uint32_t page;
	size_t new_offsets[NEW_COUNT];
	size_t root_offset;
	size_t page_offset;
	size_t byte_range;
	struct pdf_gap gap;
};

static void begin_new(struct writer *writer, int which)
{
	writer->new_offsets[which] = writer->out->length;
	buffer_printf(writer->out, "%" PRIu32 " 0 obj\n", writer->first + (uint32_t)which);
}

static void write_attachment(struct writer *writer, int which, struct pdf_span bytes, const char *type,
    const char *name, const char *relation, const char *description)
{
	struct buffer *out = writer->out;
	begin_new(writer, which);
	buffer_printf(out,
	    "<< /Type /EmbeddedFile /Subtype /%s /Params << /Size %zu >> /Length %zu >>\nstream\n", type,
	    bytes.length, bytes.length);
	buffer_append(out, bytes.data, bytes.length);
	buffer_append_text(out, "\nendstream\nendobj\n");
	begin_new(writer, which + 1);
	buffer_printf(out,
	    "<< /Type /Filespec /F (%s) /UF (%s) /EF << /F %" PRIu32 " 0 R /UF %" PRIu32 " 0 R >>\n"
	    "   /AFRelationship /%s /Desc (%s) >>\nendobj\n",
	    name, name, writer->first + (uint32_t)which, writer->first + (uint32_t)which, relation,
	    description);
}

/* A text string: UTF-16 in hexadecimal (ISO 32000-1 §7.9.2.2), which has nothing to escape. */
static void write_text(struct buffer *out, const char *text)
{
	buffer_append_text(out, "<FEFF");
	for (size_t left = strlen(text), step; left; text += step, left -= step) {
		uint32_t point = 0;
		step = text_decode(text, left, &point);
		if (step == 0) {
			step = 1;
			point = 0xfffd;
		}
		if (point > 0xffff)
			buffer_printf(out, "%04" PRIX32 "%04" PRIX32, 0xd800 + ((point - 0x10000) >> 10),
			    0xdc00 + ((point - 0x10000) & 0x3ff));
		else
			buffer_printf(out, "%04" PRIX32, point);
	}
	buffer_append_text(out, ">");
}

static void write_time(struct buffer *out, time_t time)
{
	struct tm parts;
	gmtime_r(&time, &parts);
	buffer_printf(out, "(D:%04d%02d%02d%02d%02d%02dZ)", parts.tm_year + 1900, parts.tm_mon + 1,
	    parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
}

static void write_signature(struct writer *writer, const struct pdf_update *update)
{
	static const char zeros[] = "0000000000000000000000000000000000000000000000000000000000000000";
	struct buffer *out = writer->out;
	begin_new(writer, NEW_SIGNATURE);
	buffer_append_text(out, "<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter /ETSI.CAdES.detached\n   ");
	writer->byte_range = out->length;
	buffer_append_text(out, byte_range_room);
	buffer_append_text(out, "\n   /M ");
	write_time(out, update->time);
	buffer_append_text(out, "\n   /Name ");
	write_text(out, update->signer);
	buffer_append_text(out, "\n   /Reason ");
	write_text(out, update->number);
	buffer_append_text(out, "\n   /Contents ");
	writer->gap.offset = out->length;
	buffer_append_text(out, "<");
	for (size_t i = 0; i < 2 * PDF_SIGNATURE_CAPACITY; i += sizeof zeros - 1)
		buffer_append_text(out, zeros);
	buffer_append_text(out, ">");
	writer->gap.length = out->length - writer->gap.offset;
	buffer_append_text(out, " >>\nendobj\n");
	begin_new(writer, NEW_FIELD);
	buffer_printf(out,
	    "<< /Type /Annot /Subtype /Widget /FT /Sig /T (Operator) /V %" PRIu32 " 0 R /P %" PRIu32
	    " 0 R /Rect [0 0 0 0] /F 132 >>\nendobj\n",
	    writer->first + NEW_SIGNATURE, writer->page);
}

/* An object of the base once more, with members added before the end of its dictionary. */
static int rewrite_object(
    struct writer *writer, uint32_t number, const char *members, size_t *offset, struct error *error)
{
	struct pdf_span object;
	int status = pdf_object(&writer->base, number, &object, error);
	if (status < 0)
		return status;
	size_t end = object.length;
	while (end && strchr(" \n", object.data[end - 1]))
		end--;
	if (end < 4 || memcmp(object.data, "<<", 2) != 0 || memcmp(object.data + end - 2, ">>", 2) != 0)
		return error_finding(
		    error, EBADMSG, _("the drawn page is not of the form expected of cairo"));
	*offset = writer->out->length;
	buffer_printf(writer->out, "%" PRIu32 " 0 obj\n", number);
	buffer_append(writer->out, object.data, end - 2);
	buffer_printf(writer->out, "%s>>\nendobj\n", members);
	return 0;
}

static int rewrite_catalogue(struct writer *writer, struct error *error)
{
	char members[512];
	uint32_t entry = writer->first + NEW_ENTRY_SPEC;
	uint32_t proof = writer->first + NEW_PROOF_SPEC;
	(void)snprintf(members, sizeof members,
	    "   /Lang (ja)\n   /ViewerPreferences << /DisplayDocTitle true >>\n"
	    "   /Names << /EmbeddedFiles << /Names [(entry.json) %" PRIu32 " 0 R (proof.txt) %" PRIu32
	    " 0 R] >> >>\n"
	    "   /AF [%" PRIu32 " 0 R %" PRIu32 " 0 R]\n   /AcroForm << /Fields [%" PRIu32
	    " 0 R] /SigFlags 3 >>\n",
	    entry, proof, entry, proof, writer->first + NEW_FIELD);
	return rewrite_object(writer, writer->base.newest.root, members, &writer->root_offset, error);
}

static int rewrite_page(struct writer *writer, struct error *error)
{
	char members[64];
	(void)snprintf(members, sizeof members, "   /Annots [%" PRIu32 " 0 R]\n", writer->first + NEW_FIELD);
	return rewrite_object(writer, writer->page, members, &writer->page_offset, error);
}

static void write_line(struct buffer *out, size_t offset)
{
	buffer_printf(out, "%010zu 00000 n \n", offset);
}

static int write_trailer(struct writer *writer, const struct pdf_update *update, struct error *error)
{
	struct buffer *out = writer->out;
	unsigned char digest[SHA256_BYTES];
	CLEANUP_BUFFER struct buffer id = BUFFER_EMPTY;
	const struct pdf_section *base = &writer->base.newest;
	int status = crypto_sha256(update->base.data, update->base.length, digest, error);
	if (status < 0)
		return status;
	text_append_hex(&id, digest, 16);
	size_t start = out->length;
	buffer_printf(out, "xref\n%" PRIu32 " 1\n", base->root);
	write_line(out, writer->root_offset);
	buffer_printf(out, "%" PRIu32 " 1\n", writer->page);
	write_line(out, writer->page_offset);
	buffer_printf(out, "%" PRIu32 " %d\n", writer->first, NEW_COUNT);
	for (size_t i = 0; i < NEW_COUNT; i++)
		write_line(out, writer->new_offsets[i]);
	buffer_printf(out,
	    "trailer\n<< /Size %" PRIu32 " /Root %" PRIu32 " 0 R /Info %" PRIu32
	    " 0 R\n   /ID [<%s> <%s>]\n   /Prev %zu >>\n"
	    "startxref\n%zu\n%%%%EOF\n",
	    writer->first + NEW_COUNT, base->root, base->info, buffer_text(&id), buffer_text(&id),
	    base->offset, start);
	return buffer_check(&id, error);
}

/* Members before the first page of the tree: /Root, /Pages, /Kids. */
static int find_page(struct writer *writer, struct error *error)
{
	struct pdf_span catalogue = {0};
	struct pdf_span tree = {0};
	int status = pdf_object(&writer->base, writer->base.newest.root, &catalogue, error);
	if (status == 0)
		status = pdf_object(&writer->base, pdf_reference(catalogue, "/Pages"), &tree, error);
	writer->page = status == 0 ? pdf_reference(tree, "/Kids") : 0;
	return status;
}

static void write_byte_range(struct writer *writer)
{
	size_t behind = writer->gap.offset + writer->gap.length;
	char range[sizeof byte_range_room];
	(void)snprintf(range, sizeof range, "/ByteRange [0 %010zu %010zu %010zu]", writer->gap.offset, behind,
	    writer->out->length - behind);
	memcpy(writer->out->data + writer->byte_range, range, sizeof range - 1);
}

int pdf_signature_prepare(
    const struct pdf_update *update, struct buffer *file, struct pdf_gap *gap, struct error *error)
{
	CLEANUP_FREE struct writer *writer = calloc(1, sizeof *writer);
	if (!writer)
		return error_set(error, ENOMEM, _("out of memory"));
	writer->out = file;
	int status = pdf_read(update->base.data, update->base.length, &writer->base, error);
	if (status == 0)
		status = find_page(writer, error);
	if (status < 0)
		return status;
	writer->first = writer->base.newest.size;
	buffer_append(file, update->base.data, update->base.length);
	write_attachment(writer, NEW_ENTRY, update->entry, "application#2Fjson", "entry.json", "Data",
	    "The register's entry in canonical JSON");
	write_attachment(writer, NEW_PROOF, update->proof, "text#2Fplain", "proof.txt", "Supplement",
	    "The proof that the entry is in the register");
	write_signature(writer, update);
	status = rewrite_catalogue(writer, error);
	if (status == 0)
		status = rewrite_page(writer, error);
	if (status == 0)
		status = write_trailer(writer, update, error);
	if (status == 0)
		status = buffer_check(file, error);
	if (status < 0)
		return status;
	write_byte_range(writer);
	*gap = writer->gap;
	return 0;
}

int pdf_signature_fill(
    struct buffer *file, const struct pdf_gap *gap, const void *der, size_t length, struct error *error)
{
	CLEANUP_BUFFER struct buffer hex = BUFFER_EMPTY;
	if (length > PDF_SIGNATURE_CAPACITY)
		return error_set(error, EFBIG,
		    _("the signature has %zu bytes, more than the %d there is room for"), length,
		    PDF_SIGNATURE_CAPACITY);
	text_append_hex(&hex, der, length);
	if (buffer_check(&hex, error) < 0)
		return error->code;
	memcpy(file->data + gap->offset + 1, hex.data, hex.length);
	return 0;
}
