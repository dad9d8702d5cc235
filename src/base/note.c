#include "src/base/note.h"

#include "src/base/base64.h"
#include "src/base/text.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

/* U+2014 and a space begin each signature line. */
static const char signature_start[] = "\xe2\x80\x94 ";

int note_parse_number(const char *text, size_t length, uint64_t *number)
{
	uint64_t value = 0;
	if (length == 0 || (length > 1 && text[0] == '0'))
		return -EINVAL;
	for (size_t i = 0; i < length; i++) {
		if (text[i] < '0' || text[i] > '9' || __builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(text[i] - '0'), &value))
			return -EINVAL;
	}
	if (value > MERKLE_SIZE_MAX)
		return -EINVAL;
	*number = value;
	return 0;
}

struct signature_line {
	const char *name;
	size_t name_length;
	const char *blob; /* base 64 of key id and signature */
	size_t blob_length;
};

static int refuse_note(struct error *error, const char *reason)
{
	return error_finding(error, EBADMSG, _("this is not a signed note: %s"), reason);
}

static int check_characters(const char *note, size_t length, struct error *error)
{
	while (length) {
		uint32_t point;
		size_t size = text_decode(note, length, &point);
		if (size == 0 || (point < 0x20 && point != '\n'))
			return refuse_note(error, _("it holds bytes that are no text"));
		note += size;
		length -= size;
	}
	return 0;
}

/* Reads the line, without its newline. */
static bool parse_signature_line(const char *line, size_t length, struct signature_line *signature)
{
	size_t start = strlen(signature_start);
	if (length < start || memcmp(line, signature_start, start) != 0)
		return false;
	signature->name = line + start;
	const char *space = memchr(signature->name, ' ', length - start);
	if (!space)
		return false;
	signature->name_length = (size_t)(space - signature->name);
	signature->blob = space + 1;
	signature->blob_length = length - (size_t)(signature->blob - line);
	return note_name_is_valid(signature->name, signature->name_length) &&
	       base64_size(signature->blob, signature->blob_length) > NOTE_KEY_ID_BYTES;
}

/* Whether the line claims to be of this key; then, whether it is in *good. */
static bool check_signature(const struct signature_line *line, const struct note_verifier *verifier,
    const char *text, size_t text_length, bool *good)
{
	unsigned char blob[NOTE_KEY_ID_BYTES + NOTE_SIGNATURE_BYTES];
	unsigned char first[6];
	if (line->name_length != strlen(verifier->name) ||
	    memcmp(line->name, verifier->name, line->name_length) != 0)
		return false;
	/* Eight characters hold the key's id whatever the length of the signature. */
	if (base64_read(line->blob, 8, first, base64_size(line->blob, 8)) < 0 ||
	    memcmp(first, verifier->id, NOTE_KEY_ID_BYTES) != 0)
		return false;
	*good = base64_read(line->blob, line->blob_length, blob, sizeof blob) == 0 &&
		note_verify_bytes(verifier, text, text_length, blob + NOTE_KEY_ID_BYTES);
	return true;
}

/* Where the text of the note ends: behind the newline before the last empty line. 0 when there is none. */
static size_t find_text_end(const char *note, size_t length)
{
	for (size_t end = length; end >= 2; end--)
		if (note[end - 1] == '\n' && note[end - 2] == '\n')
			return end - 1;
	return 0;
}

/* Reads all lines; verifier NULL = the form alone. */
static int read_note(const char *note, size_t length, const struct note_verifier *verifier,
    size_t *text_length, struct error *error)
{
	if (length == 0 || length > NOTE_SIZE_MAX || note[length - 1] != '\n')
		return refuse_note(error, _("it has no end"));
	int status = check_characters(note, length, error);
	if (status < 0)
		return status;
	size_t text_end = find_text_end(note, length);
	if (text_end == 0 || text_end + 1 == length)
		return refuse_note(error, _("it has no signature"));
	unsigned count = 0;
	bool signed_by_key = false;
	for (const char *line = note + text_end + 1; line < note + length;) {
		const char *end = memchr(line, '\n', (size_t)(note + length - line));
		struct signature_line signature;
		if (++count > NOTE_SIGNATURES_MAX ||
		    !parse_signature_line(line, (size_t)(end - line), &signature))
			return refuse_note(error, _("a line behind its text is no signature"));
		bool good = false;
		if (verifier && check_signature(&signature, verifier, note, text_end, &good)) {
			if (!good)
				return error_finding(
				    error, EBADMSG, _("the signature of %s is wrong"), verifier->name);
			signed_by_key = true;
		}
		line = end + 1;
	}
	if (verifier && !signed_by_key)
		return error_finding(error, EBADMSG, _("it is not signed by the key of %s"), verifier->name);
	*text_length = text_end;
	return 0;
}

int note_parse(const char *note, size_t length, size_t *text_length, struct error *error)
{
	return read_note(note, length, NULL, text_length, error);
}

int note_verify(const char *note, size_t length, const struct note_verifier *verifier, size_t *text_length,
    struct error *error)
{
	return read_note(note, length, verifier, text_length, error);
}

int note_sign(const struct note_signer *signer, const char *text, size_t length, struct buffer *out,
    struct error *error)
{
	const struct note_verifier *verifier = note_signer_verifier(signer);
	unsigned char blob[NOTE_KEY_ID_BYTES + NOTE_SIGNATURE_BYTES];
	if (length == 0 || text[length - 1] != '\n')
		return error_set(error, EINVAL, _("a note's text must end in a newline"));
	memcpy(blob, verifier->id, NOTE_KEY_ID_BYTES);
	int status = note_sign_bytes(signer, text, length, blob + NOTE_KEY_ID_BYTES, error);
	if (status < 0)
		return status;
	buffer_append(out, text, length);
	buffer_printf(out, "\n%s%s ", signature_start, verifier->name);
	base64_append(out, blob, sizeof blob);
	buffer_append_text(out, "\n");
	return buffer_check(out, error);
}

/* ── Checkpoints ── */

void note_write_checkpoint(const struct note_checkpoint *checkpoint, struct buffer *out)
{
	buffer_printf(out, "%s\n%" PRIu64 "\n", checkpoint->origin, checkpoint->size);
	base64_append(out, checkpoint->root.bytes, sizeof checkpoint->root.bytes);
	buffer_append_text(out, "\n");
}

/* Takes the next line of the text; false at its end or at an empty line, which no checkpoint has. */
static bool take_line(const char **text, const char *end, const char **line, size_t *length)
{
	const char *newline = *text < end ? memchr(*text, '\n', (size_t)(end - *text)) : NULL;
	if (!newline || newline == *text)
		return false;
	*line = *text;
	*length = (size_t)(newline - *text);
	*text = newline + 1;
	return true;
}

static int read_checkpoint(
    const char *text, size_t text_length, struct note_checkpoint *checkpoint, struct error *error)
{
	struct note_checkpoint parsed = {0};
	const char *end = text + text_length;
	const char *line;
	size_t length;
	bool valid = take_line(&text, end, &line, &length) && length < sizeof parsed.origin;
	if (valid)
		memcpy(parsed.origin, line, length);
	valid = valid && take_line(&text, end, &line, &length) &&
		note_parse_number(line, length, &parsed.size) == 0 && take_line(&text, end, &line, &length) &&
		base64_read(line, length, parsed.root.bytes, sizeof parsed.root.bytes) == 0;
	while (valid && text < end)
		valid = take_line(&text, end, &line, &length);
	if (!valid)
		return error_finding(
		    error, EBADMSG, _("this is not a checkpoint: its lines are not origin, size and root"));
	*checkpoint = parsed;
	return 0;
}

int note_parse_checkpoint(
    const char *note, size_t length, struct note_checkpoint *checkpoint, struct error *error)
{
	size_t text_length = 0;
	int status = note_parse(note, length, &text_length, error);
	return status < 0 ? status : read_checkpoint(note, text_length, checkpoint, error);
}

int note_verify_checkpoint(const char *note, size_t length, const struct note_verifier *verifier,
    struct note_checkpoint *checkpoint, struct error *error)
{
	size_t text_length = 0;
	int status = note_verify(note, length, verifier, &text_length, error);
	if (status == 0)
		status = read_checkpoint(note, text_length, checkpoint, error);
	if (status == 0 && strcmp(checkpoint->origin, verifier->name) != 0)
		return error_finding(error, EBADMSG,
		    _("the checkpoint is of the register %s, its signature of %s"), checkpoint->origin,
		    verifier->name);
	return status;
}
