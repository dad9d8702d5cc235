/* A command of the program: src/cli/ has one file for each, main.c the table. */
#pragma once

#include "src/base/buffer.h"
#include "src/base/error.h"
#include "src/base/policy.h"

#include <jansson.h>
#include <stdbool.h>

enum exit_status { EXIT_DONE = 0, EXIT_FINDING = 1, EXIT_MISUSE = 2, EXIT_COULD_NOT = 3 };

struct invocation {
	const char *home; /* --home, or /var/lib/kiyome */
	bool json;        /* --json */
};

/* A command gets its own words (argv[0] is its name, for getopt_long) and returns the exit status. --home and
 * --json are taken out before, wherever they stand. */
typedef int command_function(struct invocation *invocation, int argc, char **argv);

command_function command_setup, command_media, command_wipe, command_cert, command_register;

/* Prints "kiyome: SENTENCE" and the advice to standard error, escaped for the terminal; with --json also
 * {"error": …, "advice": …} to standard output. Returns the error's exit status. */
int command_fail(const struct invocation *invocation, const struct error *error);

/* Misuse of the command line: the sentence, then how to get help. Returns EXIT_MISUSE. */
int command_misuse(const struct invocation *invocation, const char *command, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Prints JSON and a line end to standard output; one line when compact. Steals the reference. */
int command_print_json(json_t *json, bool compact);

/* Whether a person looks at standard error. */
bool command_terminal_error(void);

/* Appends "LABEL  TEXT" and a line end, behind so many spaces: the label in a column of its own, the text
 * escaped for the terminal. */
void command_append_line(struct buffer *out, size_t indent, const char *label, const char *text);

/* Escaped for the terminal, to standard output. */
void command_print_escaped(const char *text);
