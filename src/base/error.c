#define ERROR_IMPLEMENTATION
#include "src/base/error.h"

#include <stdio.h>
#include <string.h>

static int record(
    struct error *error, int errnum, enum error_blame blame, const char *format, va_list arguments)
{
	error->code = -errnum;
	error->blame = blame;
	error->advice[0] = '\0';
	(void)vsnprintf(error->sentence, sizeof error->sentence, format, arguments);
	return error->code;
}

#define RECORD(blame)                                                                                        \
	va_list arguments;                                                                                   \
	va_start(arguments, format);                                                                         \
	int code = record(error, errnum, blame, format, arguments);                                          \
	va_end(arguments)

int error_set(struct error *error, int errnum, const char *format, ...)
{
	RECORD(ERROR_COULD_NOT);
	return code;
}

int error_system(struct error *error, int errnum, const char *format, ...)
{
	RECORD(ERROR_COULD_NOT);
	size_t used = strlen(error->sentence);
	char words[128];
	/* strerror_r is the GNU one: it returns the text, which need not be in the buffer. */
	const char *reason = strerror_r(errnum, words, sizeof words);
	(void)snprintf(error->sentence + used, sizeof error->sentence - used, ": %s", reason);
	return code;
}

int error_refuse(struct error *error, int errnum, const char *format, ...)
{
	RECORD(ERROR_REFUSED);
	return code;
}

int error_finding(struct error *error, int errnum, const char *format, ...)
{
	RECORD(ERROR_FINDING);
	return code;
}

void error_advise(struct error *error, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	(void)vsnprintf(error->advice, sizeof error->advice, format, arguments);
	va_end(arguments);
}

int error_prefix(struct error *error, const char *format, ...)
{
	char context[sizeof error->sentence];
	va_list arguments;
	va_start(arguments, format);
	(void)vsnprintf(context, sizeof context, format, arguments);
	va_end(arguments);
	char sentence[sizeof error->sentence];
	memcpy(sentence, error->sentence, sizeof sentence);
	size_t used = strnlen(context, sizeof context - 1);
	memcpy(error->sentence, context, used);
	(void)snprintf(error->sentence + used, sizeof error->sentence - used, ": %s", sentence);
	return error->code;
}

int error_exit_status(const struct error *error)
{
	if (error->code == 0)
		return 0;
	switch (error->blame) {
	case ERROR_FINDING:
		return 1;
	case ERROR_REFUSED:
		return 2;
	case ERROR_COULD_NOT:
		break;
	}
	return 3;
}
