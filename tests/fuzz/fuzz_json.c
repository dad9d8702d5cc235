/* Any bytes: the strict reader, the canonical writer, and that canonical form is a fixed point. */
#include "src/base/json.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct error error;
	json_t *value = NULL;
	if (json_parse_strict((const char *)data, size, "input", &value, &error) < 0)
		return 0;
	CLEANUP_BUFFER struct buffer first = BUFFER_EMPTY;
	CLEANUP_BUFFER struct buffer second = BUFFER_EMPTY;
	json_t *again = NULL;
	if (json_write_canonical(value, &first, &error) < 0 ||
	    json_parse_strict(first.data, first.length, "canonical", &again, &error) < 0 ||
	    json_write_canonical(again, &second, &error) < 0 || first.length != second.length ||
	    memcmp(first.data, second.data, first.length) != 0)
		abort();
	json_decref(value);
	json_decref(again);
	return 0;
}
