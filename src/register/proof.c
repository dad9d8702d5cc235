#include "src/base/tlog_proof.h"
#include "src/register/internal.h"

#include <errno.h>

struct proof_request {
	uint64_t seq;
	struct buffer *proof;
};

/* Handed out only when a stranger's check of it succeeds. */
static int check_own_proof(struct reg *reg, uint64_t seq, const struct buffer *proof, struct error *error)
{
	CLEANUP(register_entry_release) struct register_entry entry = {0};
	CLEANUP_BUFFER struct buffer key = BUFFER_EMPTY;
	struct proof_facts facts;
	int status = register_read(reg, seq, &entry, error);
	if (status < 0)
		return status;
	note_write_verifier(&reg->verifier, &key);
	status = buffer_check(&key, error);
	if (status == 0)
		status = proof_check(proof->data, proof->length, (const unsigned char *)entry.canonical.data,
		    entry.canonical.length, key.data, &facts, error);
	return status < 0 ? error_prefix(error, _("entry %llu cannot be proved"), (unsigned long long)seq)
			  : 0;
}

static int prove(struct reg *reg, void *argument, struct error *error)
{
	struct proof_request *request = argument;
	CLEANUP_BUFFER struct buffer note = BUFFER_EMPTY;
	CLEANUP_BUFFER struct buffer proof = BUFFER_EMPTY;
	const struct merkle_nodes nodes = {tree_read_node, reg};
	struct merkle_path path;
	uint64_t size = 0;
	int status = register_count(reg, &size, error);
	if (status == 0 && request->seq >= size)
		return error_refuse(
		    error, ENOENT, _("the register has no entry %llu"), (unsigned long long)request->seq);
	if (status == 0)
		status = merkle_prove_inclusion(&nodes, request->seq, size, &path, error);
	if (status == 0)
		status = register_checkpoint(reg, &note, error);
	if (status < 0)
		return status;
	proof_write(request->seq, &path, note.data, note.length, &proof);
	status = buffer_check(&proof, error);
	if (status == 0)
		status = check_own_proof(reg, request->seq, &proof, error);
	if (status < 0)
		return status;
	buffer_append(request->proof, proof.data, proof.length);
	return buffer_check(request->proof, error);
}

int register_proof(struct reg *reg, uint64_t seq, struct buffer *proof, struct error *error)
{
	struct proof_request request = {seq, proof};
	return register_transact(reg, STORE_BEGIN_READING, prove, &request, _("read the register"), error);
}
