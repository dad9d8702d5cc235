#include "certs/ossl.h"

#include <openssl/err.h>
#include <stdarg.h>

int ossl_fail(struct error *error, int errnum, const char *format, ...)
{
	char sentence[sizeof error->sentence];
	va_list arguments;
	va_start(arguments, format);
	(void)vsnprintf(sentence, sizeof sentence, format, arguments);
	va_end(arguments);
	const char *reason = ERR_reason_error_string(ERR_peek_last_error());
	ERR_clear_error();
	if (reason)
		return error_set(error, errnum, "%s: %s", sentence, reason);
	return error_set(error, errnum, "%s", sentence);
}
