/* Any bytes as a certificate's PDF: the reader, every object and stream of what it accepts. */
#include "certs/pdf_reader.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct error error;
	struct pdf_document *document = calloc(1, sizeof *document);
	if (document && pdf_read((const char *)data, size, document, &error) == 0) {
		for (uint32_t number = 0; number <= document->newest.size && number < PDF_OBJECTS_MAXIMUM;
		     number++) {
			struct pdf_span span;
			if (pdf_object(document, number, &span, &error) == 0)
				(void)pdf_reference(span, "/Root");
			(void)pdf_stream(document, number, &span, &error);
		}
	}
	free(document);
	return 0;
}
