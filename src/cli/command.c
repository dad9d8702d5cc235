#include "src/cli/command.h"

#include "src/base/json.h"
#include "src/base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void print_escaped(FILE *stream, const char *text)
{
	CLEANUP_BUFFER struct buffer safe = BUFFER_EMPTY;
	text_append_for_terminal(&safe, text);
	(void)fputs(buffer_text(&safe), stream);
}

void command_append_line(struct buffer *out, size_t indent, const char *label, const char *text)
{
	enum { LABEL_COLUMNS = 15 };
	buffer_printf(out, "%*s", (int)indent, "");
	text_append_columns(out, label, LABEL_COLUMNS, true);
	text_append_for_terminal(out, text);
	buffer_append_text(out, "\n");
}

void command_print_escaped(const char *text)
{
	print_escaped(stdout, text);
}

int command_fail(const struct invocation *invocation, const struct error *error)
{
	(void)fputs("kiyome: ", stderr);
	print_escaped(stderr, error->sentence);
	(void)fputc('\n', stderr);
	if (error->advice[0]) {
		(void)fputs("  → ", stderr);
		print_escaped(stderr, error->advice);
		(void)fputc('\n', stderr);
	}
	if (invocation->json)
		(void)command_print_json(json_pack("{s:o, s:o}", "error", json_from_bytes(error->sentence),
					     "advice", json_from_bytes(error->advice)),
		    true);
	return error_exit_status(error);
}

int command_misuse(const struct invocation *invocation, const char *command, const char *format, ...)
{
	struct error error = {0};
	char sentence[512];
	va_list arguments;
	va_start(arguments, format);
	(void)vsnprintf(sentence, sizeof sentence, format, arguments);
	va_end(arguments);
	error_refuse(&error, 22, "%s", sentence);
	if (*command)
		error_advise(&error, _("`kiyome %s --help` tells how it is used"), command);
	else
		error_advise(&error, "%s", _("`kiyome --help` tells how it is used"));
	return command_fail(invocation, &error);
}

int command_print_json(json_t *json, bool compact)
{
	if (!json)
		return EXIT_COULD_NOT;
	int status = json_dumpf(json, stdout,
	    (compact ? JSON_COMPACT : JSON_INDENT(2)) | JSON_ENCODE_ANY | JSON_REAL_PRECISION(12));
	json_decref(json);
	return status < 0 || putchar('\n') == EOF || fflush(stdout) == EOF ? EXIT_COULD_NOT : EXIT_DONE;
}

bool command_terminal_error(void)
{
	return isatty(STDERR_FILENO);
}
