/* Any bytes as the answer of the child that reads superblocks; and any text on its way to a terminal. */
#include "src/base/text.h"
#include "src/media/probe.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct error error;
	struct medium medium = {0};
	const struct probe_source source = {.device = "sda", .descriptor = -1};
	(void)probe_take_answer((const char *)data, size, &source, 1, &medium, &error);
	medium_release(&medium);

	char *text = strndup((const char *)data, size);
	CLEANUP_BUFFER struct buffer shown = BUFFER_EMPTY;
	text_append_for_terminal(&shown, text ? text : "");
	for (size_t i = 0; i < shown.length; i++)
		if ((unsigned char)shown.data[i] < 0x20 || shown.data[i] == 0x7f)
			abort();
	free(text);
	return 0;
}
