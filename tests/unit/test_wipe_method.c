/* The methods are the standards' sequences, and a custom one is read as it was written. */
#include "src/base/cleanup.h"
#include "wipe/method.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define TWICE(text) text " " text
#define GUTMANN_FOUR TWICE("random random")

/* Written from the standards, not from the program. */
static const struct {
	const char *id;
	size_t passes;
	const char *sequence;
} standards[] = {
    {"nist-clear", 1, "random"},
    {"zero", 1, "00"},
    {"one", 1, "ff"},
    {"random", 1, "random"},
    {"dod-3", 3, "00 ff random"},
    {"dod-7", 7, "00 ff random aa 00 ff random"},
    {"ops-ii", 7, "00 ff 00 ff 00 ff random"},
    {"gutmann", 35,
	GUTMANN_FOUR " 55 aa 924924 492492 249249 00 11 22 33 44 55 66 77 88 99 aa bb cc dd ee ff"
		     " 924924 492492 249249 6db6db b6db6d db6db6 " GUTMANN_FOUR},
    {"schneier", 7, "ff 00 random random random random random"},
    {"is5-baseline", 1, "00"},
    {"is5-enhanced", 3, "00 ff random"},
    {"vsitr", 7, "00 ff 00 ff 00 ff aa"},
    {"bsi-gs", 1, "random"},
    {"navso-mfm", 4, "ff 01 7fffffff random"},
    {"navso-rll", 4, "ff 01 27ffffff random"},
    {"afssi-5020", 3, "00 ff random"},
    {"gost", 2, "00 random"},
    {"ar-380-19", 3, "random 00 ff"},
    {"ncsc-tg-025", 3, "00 ff aa"},
    {"bmb21", 6, "ff 00 random random random ff"},
    {"nnsa", 3, "random random 00"},
    {"nato", 7, "00 ff 00 ff 00 ff random"},
};

static void join(const struct method *method, char *out)
{
	out[0] = '\0';
	for (size_t i = 0; i < method->pass_count; i++) {
		char text[2 * PATTERN_MAXIMUM_BYTES + 1];
		pattern_format(&method->passes[i], text);
		strcat(out, i ? " " : "");
		strcat(out, text);
	}
}

static void every_method_has_the_passes_of_its_standard(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH_OF(standards); i++) {
		struct method method;
		struct error error = {0};
		char sequence[METHOD_MAXIMUM_PASSES * 16];
		assert_int_equal(method_find(standards[i].id, NULL, &method, &error), 0);
		join(&method, sequence);
		assert_string_equal(sequence, standards[i].sequence);
		assert_int_equal(method.pass_count, standards[i].passes);
		assert_true(method.name[0] && method.source[0]);
	}
}

static void no_method_is_unknown_to_this_test(void **state)
{
	(void)state;
	assert_int_equal(method_count(), LENGTH_OF(standards));
	for (size_t i = 0; i < method_count(); i++) {
		struct method method;
		size_t known = 0;
		method_at(i, &method);
		for (size_t j = 0; j < LENGTH_OF(standards); j++)
			known += strcmp(standards[j].id, method.id) == 0;
		assert_int_equal(known, 1);
	}
}

static void a_method_that_does_not_exist_is_refused(void **state)
{
	static const char *const words[] = {"", "dod", "ZERO", "zero ", "dod-35", "gutmann\n"};
	(void)state;
	for (size_t i = 0; i < LENGTH_OF(words); i++) {
		struct method method;
		struct error error = {0};
		assert_int_equal(method_find(words[i], "00", &method, &error), -EINVAL);
		assert_int_equal(error_exit_status(&error), 2);
		assert_non_null(strstr(error.advice, "--list-methods"));
	}
}

static void a_pattern_is_read_as_it_is_written(void **state)
{
	char longest[2 * PATTERN_MAXIMUM_BYTES + 1];
	memset(longest, 'a', sizeof longest - 1);
	longest[sizeof longest - 1] = '\0';
	const char *const texts[] = {"random", "00", "ff", "924924", "7fffffff", longest};
	(void)state;
	for (size_t i = 0; i < LENGTH_OF(texts); i++) {
		struct pattern pattern;
		struct error error = {0};
		char again[2 * PATTERN_MAXIMUM_BYTES + 1];
		assert_int_equal(pattern_parse(texts[i], &pattern, &error), 0);
		pattern_format(&pattern, again);
		assert_string_equal(again, texts[i]);
		assert_int_equal(pattern.random, i == 0);
		assert_int_equal(pattern.length, i == 0 ? 0 : strlen(texts[i]) / 2);
	}
}

static void the_bytes_of_a_pattern_are_its_digits(void **state)
{
	static const unsigned char bytes[] = {0x7f, 0xff, 0x00, 0xa5};
	struct pattern pattern;
	struct error error = {0};
	(void)state;
	assert_int_equal(pattern_parse("7FfF00a5", &pattern, &error), 0);
	assert_int_equal(pattern.length, sizeof bytes);
	assert_memory_equal(pattern.bytes, bytes, sizeof bytes);
}

static void what_is_no_pattern_is_refused(void **state)
{
	char too_long[2 * PATTERN_MAXIMUM_BYTES + 3];
	memset(too_long, '0', sizeof too_long - 1);
	too_long[sizeof too_long - 1] = '\0';
	const char *const texts[] = {
	    "", "0", "000", "0x00", "gg", "0 ", " 00", "-1", "Random", "random ", "00\n", "é", too_long};
	(void)state;
	for (size_t i = 0; i < LENGTH_OF(texts); i++) {
		struct pattern pattern;
		struct error error = {0};
		assert_int_equal(pattern_parse(texts[i], &pattern, &error), -EINVAL);
		assert_int_equal(error_exit_status(&error), 2);
	}
}

static void a_custom_sequence_is_what_the_settings_say(void **state)
{
	struct method method;
	struct error error = {0};
	char sequence[256];
	(void)state;
	assert_int_equal(method_find("custom", " 00,ff\trandom  a5a5 ", &method, &error), 0);
	join(&method, sequence);
	assert_string_equal(sequence, "00 ff random a5a5");
	assert_int_equal(method_find("custom", "", &method, &error), -EINVAL);
	assert_int_equal(method_find("custom", "00 nonsense", &method, &error), -EINVAL);
	assert_non_null(strstr(error.sentence, "[wipe] custom"));
}

static void a_custom_sequence_has_at_most_so_many_passes(void **state)
{
	char text[3 * (METHOD_MAXIMUM_PASSES + 1) + 1] = "";
	struct method method;
	struct error error = {0};
	(void)state;
	for (int i = 0; i < METHOD_MAXIMUM_PASSES; i++)
		strcat(text, "00 ");
	assert_int_equal(method_find("custom", text, &method, &error), 0);
	assert_int_equal(method.pass_count, METHOD_MAXIMUM_PASSES);
	strcat(text, "00");
	assert_int_equal(method_find("custom", text, &method, &error), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_method_has_the_passes_of_its_standard),
	    cmocka_unit_test(no_method_is_unknown_to_this_test),
	    cmocka_unit_test(a_method_that_does_not_exist_is_refused),
	    cmocka_unit_test(a_pattern_is_read_as_it_is_written),
	    cmocka_unit_test(the_bytes_of_a_pattern_are_its_digits),
	    cmocka_unit_test(what_is_no_pattern_is_refused),
	    cmocka_unit_test(a_custom_sequence_is_what_the_settings_say),
	    cmocka_unit_test(a_custom_sequence_has_at_most_so_many_passes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
