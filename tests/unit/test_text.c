/* What a medium calls itself reaches the terminal as text and as nothing else. */
#include "src/base/text.h"

#include "src/base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void assert_shown(const char *text, const char *wanted)
{
	CLEANUP_BUFFER struct buffer out = BUFFER_EMPTY;
	text_append_for_terminal(&out, text);
	assert_string_equal(buffer_text(&out), wanted);
}

static void no_text_commands_the_terminal(void **state)
{
	(void)state;
	assert_shown("写真 ﾃｽﾄ é", "写真 ﾃｽﾄ é");
	assert_shown("a\x1b[2Jb\x07\r\n", "a\\u{001b}[2Jb\\u{0007}\\u{000d}\\u{000a}");
	assert_shown("\x7f\xc2\x9b", "\\u{007f}\\u{009b}");      /* DEL, C1 CSI in UTF-8 */
	assert_shown("\x9b\xff", "\\x9b\\xff");                  /* C1 CSI as a byte */
	assert_shown("gpj.\xe2\x80\xaetxt", "gpj.\\u{202e}txt"); /* right-to-left override */
	assert_shown("a\xe2\x80\x8b"
		     "b",
	    "a\\u{200b}b"); /* zero-width space */
	assert_shown("\\", "\\\\");
	assert_shown("\xc0\xaf\xed\xa0\x80\xf4\x90\x80\x80", "\\xc0\\xaf\\xed\\xa0\\x80\\xf4\\x90\\x80\\x80");
}

static void assert_size(uint64_t bytes, const char *wanted)
{
	CLEANUP_BUFFER struct buffer out = BUFFER_EMPTY;
	text_append_size(&out, bytes);
	assert_string_equal(out.data, wanted);
}

static void sizes_read_as_printed_on_media(void **state)
{
	(void)state;
	assert_size(0, "0 B");
	assert_size(999, "999 B");
	assert_size(1000, "1.00 kB");
	assert_size(9994, "9.99 kB");
	assert_size(9996, "10.0 kB");
	assert_size(99960, "100 kB");
	assert_size(999600, "1.00 MB");
	assert_size(UINT64_C(1500301910016), "1.50 TB");
	assert_size(UINT64_MAX, "18.4 EB");
	CLEANUP_BUFFER struct buffer grouped = BUFFER_EMPTY;
	text_append_grouped(&grouped, UINT64_C(1500301910016));
	buffer_append_text(&grouped, " ");
	text_append_grouped(&grouped, 999);
	buffer_append_text(&grouped, " ");
	text_append_grouped(&grouped, 1000);
	assert_string_equal(grouped.data, "1,500,301,910,016 999 1,000");
}

static void hexadecimal_is_read_whole_or_not_at_all(void **state)
{
	(void)state;
	unsigned char bytes[2];
	assert_int_equal(text_read_hex("0aFf", bytes, 2), 0);
	assert_int_equal(bytes[0], 0x0a);
	assert_int_equal(bytes[1], 0xff);
	assert_true(text_read_hex("0aF", bytes, 2) < 0);
	assert_true(text_read_hex("0aFg", bytes, 2) < 0);
	assert_true(text_read_hex("0aFf00", bytes, 2) < 0);
	assert_true(text_read_hex("", bytes, 2) < 0);
}

static void times_are_read_back_as_written(void **state)
{
	(void)state;
	char text[CLOCK_TEXT_SIZE];
	time_t seconds;
	clock_format(1793457599, text);
	assert_string_equal(text, "2026-10-31T14:39:59Z");
	assert_int_equal(clock_parse(text, &seconds), 0);
	assert_int_equal(seconds, 1793457599);
	assert_true(clock_parse("2026-02-30T00:00:00Z", &seconds) < 0);
	assert_true(clock_parse("2026-02-03T00:00:00", &seconds) < 0);
	assert_true(clock_parse("2026-02-03T00:00:00Zx", &seconds) < 0);
	assert_true(clock_parse("2026-2-3T00:00:00Z", &seconds) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(no_text_commands_the_terminal),
	    cmocka_unit_test(sizes_read_as_printed_on_media),
	    cmocka_unit_test(hexadecimal_is_read_whole_or_not_at_all),
	    cmocka_unit_test(times_are_read_back_as_written),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
