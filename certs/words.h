/* What the page says, in Japanese and English: constants and not translations, since a certificate is the
 * same whatever the language of the terminal it was made on. */
#pragma once

#include "src/base/buffer.h"

#include <stdbool.h>

struct words {
	const char *japanese;
	const char *english;
};

/* The words for a fixed word of the records; set is "kind", "bus", "reason", "limit", "mode", "what",
 * "through" or "capacity". A word that is unknown here stands for itself. */
struct words words_find(const char *set, const char *word);

/* Appends "日本語 English". */
void words_append(struct buffer *out, const char *set, const char *word);

/* What the result makes of the paper. */
struct paper {
	const char *result; /* the record's word */
	struct words title;
	struct words verdict; /* the largest type of the page */
	struct words statement;
	unsigned char red, green, blue;
	bool certifies; /* the only one that bears the word of success */
	bool is_report; /* of a run without an erasure: must not be called a certificate */
};

/* NULL for a word that is no result. */
const struct paper *words_paper(const char *result);
