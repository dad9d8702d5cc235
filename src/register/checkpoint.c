#include "src/register/internal.h"

#include <errno.h>
#include <string.h>

int checkpoint_append(struct reg *reg, const struct merkle_frontier *frontier, struct error *error)
{
	CLEANUP_BUFFER struct buffer text = BUFFER_EMPTY;
	CLEANUP_BUFFER struct buffer note = BUFFER_EMPTY;
	CLEANUP_RESET sqlite3_stmt *statement = NULL;
	struct note_checkpoint checkpoint = {.size = frontier->size};
	bool row;
	memcpy(checkpoint.origin, reg->verifier.name, sizeof checkpoint.origin);
	int status = merkle_root(frontier, &checkpoint.root, error);
	if (status < 0)
		return status;
	note_write_checkpoint(&checkpoint, &text);
	status = buffer_check(&text, error);
	if (status == 0)
		status = note_sign(reg->signer, text.data, text.length, &note, error);
	if (status == 0)
		status = store_use(&reg->store, STORE_ADD_CHECKPOINT, &statement, error);
	if (status < 0)
		return status;
	(void)sqlite3_bind_int64(statement, 1, (sqlite3_int64)frontier->size);
	(void)sqlite3_bind_text64(statement, 2, note.data, note.length, SQLITE_TRANSIENT, SQLITE_UTF8);
	return store_step(&reg->store, statement, &row, _("append to the register"), error);
}

int register_checkpoint(struct reg *reg, struct buffer *note, struct error *error)
{
	CLEANUP_RESET sqlite3_stmt *statement = NULL;
	bool row = false;
	size_t length;
	int status = store_use(&reg->store, STORE_NEWEST_CHECKPOINT, &statement, error);
	if (status == 0)
		status = store_step(&reg->store, statement, &row, _("read the register"), error);
	if (status < 0)
		return status;
	if (!row)
		return error_finding(error, EBADMSG, _("the register has no checkpoint"));
	const char *text = store_column(statement, 0, &length);
	buffer_append(note, text, length);
	return buffer_check(note, error);
}

static int refuse_mismatch(struct error *error)
{
	error_finding(error, EBADMSG, _("the register is not what its newest checkpoint was signed over"));
	error_advise(
	    error, _("Nothing is appended to it any more; `kiyome register verify` tells what is wrong"));
	return error->code;
}

int checkpoint_match(struct reg *reg, const struct merkle_frontier *frontier, struct error *error)
{
	CLEANUP_BUFFER struct buffer note = BUFFER_EMPTY;
	struct note_checkpoint checkpoint = {0};
	struct merkle_hash root;
	int status = merkle_root(frontier, &root, error);
	if (status == 0)
		status = register_checkpoint(reg, &note, error);
	if (status == 0)
		status = note_verify_checkpoint(note.data, note.length, &reg->verifier, &checkpoint, error);
	if (status < 0)
		return status == -EBADMSG ? refuse_mismatch(error) : status;
	bool same = checkpoint.size == frontier->size && memcmp(&checkpoint.root, &root, sizeof root) == 0;
	return same ? 0 : refuse_mismatch(error);
}
