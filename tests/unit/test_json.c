/* The strict reader and the canonical writer (RFC 8785). */
#include "src/base/json.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static int parse(const char *text)
{
	struct error error = {0};
	json_t *value = NULL;
	int status = json_parse_strict(text, strlen(text), "the test", &value, &error);
	if (status < 0)
		assert_true(strlen(error.sentence) > 0);
	json_decref(value);
	return status;
}

static void canonical_form_is_that_of_the_standard(void **state)
{
	(void)state;
	/* Keys out of order, white space, escapes that need none, control characters in capitals. */
	static const char text[] = "{ \"b\" : [ 1, -2 , true,null ], "
				   "\"a\\u0062\":\"\\u001F\\u20ac/\\/\\u0022\\\\u001F\\n\", \"a\":{}}";
	static const char wanted[] =
	    "{\"a\":{},\"ab\":\"\\u001f€//\\\"\\\\u001F\\n\",\"b\":[1,-2,true,null]}";
	struct error error;
	json_t *value = NULL;
	CLEANUP_BUFFER struct buffer out = BUFFER_EMPTY;
	assert_int_equal(json_parse_strict(text, strlen(text), "the test", &value, &error), 0);
	assert_int_equal(json_write_canonical(value, &out, &error), 0);
	assert_string_equal(out.data, wanted);
	json_decref(value);
}

static void what_has_two_meanings_is_refused(void **state)
{
	(void)state;
	static const char *const bad[] = {"", " ", "{", "{}{}", "{\"a\":1,\"a\":2}", "1.0", "[1e3]",
	    "9007199254740992", "-9007199254740992", "123456789012345678901234567890", "{\"é\":1}",
	    "{\"a\\u0007\":1}", "\"\\u0000\"", "\"\xff\"", "\"\\ud800\"", "nul", "{\"a\":}", "[1,]", "'a'",
	    "// a\n1"};
	for (size_t i = 0; i < LENGTH_OF(bad); i++)
		assert_int_equal(parse(bad[i]), -EBADMSG);
	assert_int_equal(parse("9007199254740991"), 0);
	assert_int_equal(parse("{\"a\":[{}]}"), 0);
}

static void deep_nesting_is_refused_not_followed(void **state)
{
	(void)state;
	char text[400] = "";
	for (int i = 0; i < 100; i++)
		text[i] = '[';
	for (int i = 100; i < 200; i++)
		text[i] = ']';
	assert_int_equal(parse(text), -EBADMSG);
}

static void bytes_that_are_no_text_become_text(void **state)
{
	(void)state;
	json_t *value = json_from_bytes("a\xff\xc3(\xe3\x81\x82");
	assert_string_equal(json_string_value(value), "a\xef\xbf\xbd\xef\xbf\xbd(あ");
	json_decref(value);
	assert_true(json_is_null(json_from_bytes(NULL)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(canonical_form_is_that_of_the_standard),
	    cmocka_unit_test(what_has_two_meanings_is_refused),
	    cmocka_unit_test(deep_nesting_is_refused_not_followed),
	    cmocka_unit_test(bytes_that_are_no_text_become_text),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
