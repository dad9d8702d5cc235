#include "wipe/method.h"

#include "src/base/cleanup.h"
#include "src/base/text.h"

#include <errno.h>
#include <string.h>

struct row {
	const char *id;
	const char *name;
	const char *source;
	const char *sequence;
	bool verifies;
	const char *remark;
};

#define GUTMANN_RANDOM "random random random random "
#define GUTMANN_STEPS "00 11 22 33 44 55 66 77 88 99 aa bb cc dd ee ff "

static const struct row rows[] = {
    {"nist-clear", "NIST SP 800-88 Clear",
	"NIST SP 800-88 Rev. 1 table A-5; Rev. 2 (2025): one pass is enough", "random", true, NULL},
    {"zero", "One pass of 00", "plain overwrite", "00", false, NULL},
    {"one", "One pass of FF", "plain overwrite", "ff", false, NULL},
    {"random", "One pass of random data", "plain overwrite", "random", false, NULL},
    {"dod-3", "DoD 5220.22-M, 3 passes",
	"NISPOM 1995 clearing and sanitization matrix, item d: a character, its complement, random, verify",
	"00 ff random", true, NULL},
    {"dod-7", "DoD 5220.22-M ECE, 7 passes",
	"NISPOM items d, c, d together: a character, its complement, random; a character; a character, its "
	"complement, random",
	"00 ff random aa 00 ff random", true, NULL},
    {"ops-ii", "RCMP TSSIT OPS-II", "RCMP TSSIT OPS-II: six alternating passes, then random, verify",
	"00 ff 00 ff 00 ff random", true, NULL},
    {"gutmann", "Gutmann, 35 passes",
	"P. Gutmann, Secure Deletion of Data from Magnetic and Solid-State Memory, USENIX Security 1996",
	GUTMANN_RANDOM "55 aa 924924 492492 249249 " GUTMANN_STEPS
		       "924924 492492 249249 6db6db b6db6d db6db6 " GUTMANN_RANDOM,
	false, NULL},
    {"schneier", "Schneier, 7 passes", "B. Schneier, Applied Cryptography, 2nd edition 1996, §10.9",
	"ff 00 random random random random random", false, NULL},
    {"is5-baseline", "HMG Infosec Standard 5, Baseline", "HMG IA Standard No. 5, Baseline: 00, verify", "00",
	true, NULL},
    {"is5-enhanced", "HMG Infosec Standard 5, Enhanced",
	"HMG IA Standard No. 5, Enhanced: 00, FF, random, verify", "00 ff random", true, NULL},
    {"vsitr", "BSI VSITR", "BSI VS-IT-Richtlinien: six alternating passes, then AA", "00 ff 00 ff 00 ff aa",
	false, NULL},
    {"bsi-gs", "BSI-GS", "BSI IT-Grundschutz, overwrite step: random, verify", "random", true,
	N_("the overwrite step alone: BSI-GS also opens hidden areas and ends with the drive's own erase "
	   "command")},
    {"navso-mfm", "NAVSO P-5239-26, MFM",
	"NAVSO P-5239-26 (1993) §3.3.c.1, MFM drives: all ones, the code's pattern, random, verify; with the "
	"pass of 01 that tools in use add",
	"ff 01 7fffffff random", true, NULL},
    {"navso-rll", "NAVSO P-5239-26, RLL",
	"NAVSO P-5239-26 (1993) §3.3.c.1, RLL drives: all ones, the code's pattern, random, verify; with the "
	"pass of 01 that tools in use add",
	"ff 01 27ffffff random", true, NULL},
    {"afssi-5020", "AFSSI-5020",
	"US Air Force System Security Instruction 5020 (1996): 00, FF, random, verify", "00 ff random", true,
	NULL},
    {"gost", "GOST R 50739-95", "GOST R 50739-95 as commonly implemented: 00, random, verify", "00 random",
	true, NULL},
    {"ar-380-19", "US Army AR 380-19", "AR 380-19 (1998): random, a character, its complement",
	"random 00 ff", true, NULL},
    {"ncsc-tg-025", "NCSC-TG-025", "NCSC-TG-025 (1991): three different characters", "00 ff aa", true, NULL},
    {"bmb21", "BMB21-2019", "BMB21-2019: FF, 00, random three times, FF", "ff 00 random random random ff",
	false, NULL},
    {"nnsa", "NNSA NAP-14.1-C (NSA 130-2)", "NSA Manual 130-2 as used in Japan: random twice, 00, verify",
	"random random 00", true, NULL},
    {"nato", "NATO standard, 7 passes", "NATO as used in Japan: six alternating passes, then random",
	"00 ff 00 ff 00 ff random", false, NULL},
};

int pattern_parse(const char *text, struct pattern *pattern, struct error *error)
{
	size_t digits = strlen(text);
	*pattern = (struct pattern){0};
	if (strcmp(text, "random") == 0) {
		pattern->random = true;
		return 0;
	}
	pattern->length = digits / 2;
	if (digits == 0 || digits % 2 || pattern->length > PATTERN_MAXIMUM_BYTES ||
	    text_read_hex(text, pattern->bytes, pattern->length) < 0)
		return error_refuse(error, EINVAL,
		    _("'%s' is no pass: it must be 'random' or 2 to %d hexadecimal digits, two for each "
		      "byte"),
		    text, 2 * PATTERN_MAXIMUM_BYTES);
	return 0;
}

void pattern_format(const struct pattern *pattern, char *text)
{
	if (pattern->random) {
		strcpy(text, "random");
		return;
	}
	for (size_t i = 0; i < pattern->length; i++)
		(void)snprintf(text + 2 * i, 3, "%02x", pattern->bytes[i]);
}

static int read_sequence(const char *sequence, struct method *method, struct error *error)
{
	CLEANUP_FREE char *copy = strdup(sequence);
	if (!copy)
		return error_set(error, ENOMEM, _("out of memory"));
	char *rest = NULL;
	method->pass_count = 0;
	for (char *word = strtok_r(copy, " ,\t", &rest); word; word = strtok_r(NULL, " ,\t", &rest)) {
		if (method->pass_count == METHOD_MAXIMUM_PASSES)
			return error_refuse(
			    error, EINVAL, _("a method has at most %d passes"), METHOD_MAXIMUM_PASSES);
		int status = pattern_parse(word, &method->passes[method->pass_count++], error);
		if (status < 0)
			return status;
	}
	if (method->pass_count == 0)
		return error_refuse(error, EINVAL, _("the method has no pass"));
	return 0;
}

size_t method_count(void)
{
	return LENGTH_OF(rows);
}

void method_at(size_t index, struct method *method)
{
	const struct row *row = &rows[index];
	struct error impossible;
	*method = (struct method){.id = row->id,
	    .name = row->name,
	    .source = row->source,
	    .verifies = row->verifies,
	    .remark = row->remark};
	(void)read_sequence(row->sequence, method, &impossible);
}

int method_find(const char *id, const char *custom_sequence, struct method *method, struct error *error)
{
	for (size_t i = 0; i < LENGTH_OF(rows); i++)
		if (strcmp(rows[i].id, id) == 0) {
			method_at(i, method);
			return 0;
		}
	if (strcmp(id, "custom") == 0) {
		*method =
		    (struct method){.id = "custom", .name = "Custom", .source = "kiyome.conf, [wipe] custom"};
		int status = read_sequence(custom_sequence, method, error);
		return status < 0 ? error_prefix(error, _("the setting [wipe] custom")) : 0;
	}
	error_refuse(error, EINVAL, _("there is no method '%s'"), id);
	error_advise(error, _("`kiyome wipe --list-methods` prints them"));
	return error->code;
}
