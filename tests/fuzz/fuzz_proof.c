/* Any bytes as a proof, and as a signed note. */
#include "src/base/note.h"
#include "src/base/tlog_proof.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct error error;
	struct proof_facts facts;
	struct note_checkpoint checkpoint;
	static const unsigned char entry[] = "{}";
	(void)proof_check((const char *)data, size, entry, sizeof entry - 1, NULL, &facts, &error);
	(void)note_parse_checkpoint((const char *)data, size, &checkpoint, &error);
	return 0;
}
