#include "src/base/tlog_proof.h"

#include "src/base/base64.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

static const char first_line[] = "c2sp.org/tlog-proof@v1";
static const char extra_start[] = "extra ";
static const char index_start[] = "index ";

void proof_write(uint64_t index, const struct merkle_path *path, const char *checkpoint,
    size_t checkpoint_length, struct buffer *out)
{
	buffer_printf(out, "%s\n%s%" PRIu64 "\n", first_line, index_start, index);
	for (size_t i = 0; i < path->count; i++) {
		base64_append(out, path->hashes[i].bytes, sizeof path->hashes[i].bytes);
		buffer_append_text(out, "\n");
	}
	buffer_append_text(out, "\n");
	buffer_append(out, checkpoint, checkpoint_length);
}

struct proof {
	uint64_t index;
	struct merkle_path path;
	const char *checkpoint;
	size_t checkpoint_length;
};

struct lines {
	const char *next;
	const char *end;
};

static bool take_line(struct lines *lines, const char **line, size_t *length)
{
	size_t left = (size_t)(lines->end - lines->next);
	const char *newline = left ? memchr(lines->next, '\n', left) : NULL;
	if (!newline)
		return false;
	*line = lines->next;
	*length = (size_t)(newline - lines->next);
	lines->next = newline + 1;
	return true;
}

static bool starts_with(const char *line, size_t length, const char *start)
{
	return length >= strlen(start) && memcmp(line, start, strlen(start)) == 0;
}

static bool parse_proof(const char *text, size_t text_length, struct proof *proof)
{
	struct lines lines = {text, text + text_length};
	const char *line;
	size_t length;
	if (!take_line(&lines, &line, &length) || length != strlen(first_line) ||
	    !starts_with(line, length, first_line) || !take_line(&lines, &line, &length))
		return false;
	if (starts_with(line, length, extra_start)) {
		size_t start = strlen(extra_start);
		if (base64_size(line + start, length - start) == 0 || !take_line(&lines, &line, &length))
			return false;
	}
	size_t start = strlen(index_start);
	if (!starts_with(line, length, index_start) ||
	    note_parse_number(line + start, length - start, &proof->index) < 0)
		return false;
	proof->path.count = 0;
	while (take_line(&lines, &line, &length) && length > 0) {
		if (proof->path.count == MERKLE_PATH_MAX ||
		    base64_read(
			line, length, proof->path.hashes[proof->path.count].bytes, MERKLE_HASH_BYTES) < 0)
			return false;
		proof->path.count++;
	}
	proof->checkpoint = lines.next;
	proof->checkpoint_length = (size_t)(lines.end - lines.next);
	return length == 0;
}

static int read_checkpoint(
    const struct proof *proof, const char *vkey, struct note_checkpoint *checkpoint, struct error *error)
{
	struct note_verifier verifier;
	if (!vkey)
		return note_parse_checkpoint(proof->checkpoint, proof->checkpoint_length, checkpoint, error);
	int status = note_parse_verifier(vkey, strlen(vkey), &verifier, error);
	if (status < 0)
		return status;
	return note_verify_checkpoint(
	    proof->checkpoint, proof->checkpoint_length, &verifier, checkpoint, error);
}

int proof_check(const char *proof_text, size_t length, const unsigned char *entry_bytes, size_t entry_length,
    const char *vkey, struct proof_facts *out, struct error *error)
{
	struct proof proof;
	struct note_checkpoint checkpoint;
	struct merkle_hash leaf;
	if (!parse_proof(proof_text, length, &proof))
		return error_finding(
		    error, EBADMSG, _("this is not a proof in the form c2sp.org/tlog-proof@v1"));
	int status = read_checkpoint(&proof, vkey, &checkpoint, error);
	if (status == 0)
		status = merkle_hash_leaf(entry_bytes, entry_length, &leaf, error);
	if (status == 0)
		status = merkle_verify_inclusion(
		    proof.index, checkpoint.size, &leaf, &proof.path, &checkpoint.root, error);
	if (status < 0)
		return status;
	*out = (struct proof_facts){
	    .size = checkpoint.size, .index = proof.index, .signature_checked = vkey != NULL};
	memcpy(out->origin, checkpoint.origin, sizeof out->origin);
	memcpy(out->root, checkpoint.root.bytes, sizeof out->root);
	return 0;
}
