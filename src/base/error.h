/* The one error idiom: a function that can fail returns 0 or a negative errno and, when it fails,
 * has put one sentence into the struct error of its caller. The sentence is made where the cause is
 * known, says what failed, on what and why (no full stop at its end), and is already translated.
 * Callers add context with error_prefix(); nobody copies, prints or exits below src/cli/. */
#pragma once

#include <libintl.h>
#include <stdarg.h>

/* Marks what a person will read for translation. */
#define _(text) gettext(text)
/* Marks a text in a table; the table's reader translates it with _(). */
#define N_(text) (text)

enum error_blame {
	ERROR_COULD_NOT = 0, /* the world did not let us: exit status 3 */
	ERROR_REFUSED, /* misuse, or a thing that must not be done: exit status 2, nothing was touched */
	ERROR_FINDING, /* the check ran and found something: exit status 1 */
};

struct error {
	int code; /* negative errno; 0 = no error */
	enum error_blame blame;
	char sentence[1024];
	char advice[512]; /* what to do next, one sentence; may be empty */
};

/* Records that something could not be done. errnum is a positive errno; returns -errnum. */
int error_set(struct error *error, int errnum, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* As error_set(), with ": " and the errno's own words after the sentence. */
int error_system(struct error *error, int errnum, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Records a refusal (exit status 2). */
int error_refuse(struct error *error, int errnum, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Records a finding (exit status 1). */
int error_finding(struct error *error, int errnum, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Says what the person should do next. */
void error_advise(struct error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Puts "context: " before the sentence. Returns error->code, so that it can end a function. */
int error_prefix(struct error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The exit status a command ends with because of this error: 0, 1, 2 or 3. */
int error_exit_status(const struct error *error);

/* The static analyser does not look into error.c: an error that was recorded is negative. */
#if defined(__clang_analyzer__) && !defined(ERROR_IMPLEMENTATION)
#define error_set(...) (error_set(__VA_ARGS__), -1)
#define error_system(...) (error_system(__VA_ARGS__), -1)
#define error_refuse(...) (error_refuse(__VA_ARGS__), -1)
#define error_finding(...) (error_finding(__VA_ARGS__), -1)
#define error_prefix(...) (error_prefix(__VA_ARGS__), -1)
#endif
