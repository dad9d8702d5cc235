#include "certs/page.h"
#include "tests/unit/certs_fixture.h"

#include <errno.h>

/* The page of an entry (stolen), in a scratch file whose name is returned. */
static char *render(json_t *entry, struct buffer *pdf)
{
	struct error error = {0};
	CLEANUP_BUFFER struct buffer bytes = BUFFER_EMPTY;
	CLEANUP_BUFFER struct buffer proof = BUFFER_EMPTY;
	wipe_entry_write(entry, &bytes);
	fixture_prove(&bytes, &proof);
	assert_done(
	    page_render_sandboxed(bytes.data, bytes.length, proof.data, proof.length, pdf, &error), error);
	char *home = fixture_home();
	char path[256];
	(void)snprintf(path, sizeof path, "%s/page.pdf", home);
	assert_done(file_replace(path, pdf->data, pdf->length, 0600, &error), error);
	return home;
}

/* Its text, as poppler reads it. */
static char *read_page(json_t *entry)
{
	CLEANUP_BUFFER struct buffer pdf = BUFFER_EMPTY;
	char *home = render(entry, &pdf);
	char *text = fixture_run("pdftotext -layout %s/page.pdf - 2>&1", home);
	fixture_remove(home);
	return text;
}

static void assert_says(const char *text, const char *wanted)
{
	if (!strstr(text, wanted))
		fail_msg("\"%s\" is not in:\n%s", wanted, text);
}

static void assert_never_says(const char *text, const char *unwanted)
{
	if (strstr(text, unwanted))
		fail_msg("\"%s\" is in:\n%s", unwanted, text);
}

static int try_render(json_t *entry, struct error *error)
{
	CLEANUP_BUFFER struct buffer bytes = BUFFER_EMPTY;
	CLEANUP_BUFFER struct buffer proof = BUFFER_EMPTY;
	CLEANUP_BUFFER struct buffer pdf = BUFFER_EMPTY;
	wipe_entry_write(entry, &bytes);
	fixture_prove(&bytes, &proof);
	return page_render_sandboxed(bytes.data, bytes.length, proof.data, proof.length, &pdf, error);
}

static void the_same_record_gives_the_same_bytes(void **state)
{
	(void)state;
	struct error error = {0};
	CLEANUP_BUFFER struct buffer bytes = BUFFER_EMPTY;
	CLEANUP_BUFFER struct buffer proof = BUFFER_EMPTY;
	struct buffer pages[2] = {BUFFER_EMPTY, BUFFER_EMPTY};
	wipe_entry_write(wipe_entry_hdd(), &bytes);
	fixture_prove(&bytes, &proof);
	for (int i = 0; i < 2; i++) {
		(void)setenv("TZ", i ? "Asia/Tokyo" : "America/New_York", 1);
		(void)setenv("LC_ALL", i ? "ja_JP.UTF-8" : "C", 1);
		assert_done(page_render_sandboxed(
				bytes.data, bytes.length, proof.data, proof.length, &pages[i], &error),
		    error);
	}
	assert_int_equal(pages[0].length, pages[1].length);
	assert_memory_equal(pages[0].data, pages[1].data, pages[0].length);
	buffer_release(&pages[0]);
	buffer_release(&pages[1]);
}

static void an_erasure_is_certified_with_all_that_identifies_the_medium(void **state)
{
	(void)state;
	char *text = read_page(wipe_entry_hdd());
	static const char *const wanted[] = {"消去証明書", "Certificate of Erasure", "消去完了",
	    "ERASED — Clear", "K3F9A12-2026-000012", "株式会社髙橋商事", "IT-2021-0457", "機密性 2",
	    "Seagate", "ST1000DM010-2EP102", "ZN1ABCDE", "CC43", "0x5000c500a1b2c3d4", "1,000,204,886,016",
	    "/dev/sdb", "経理 2019", "NIST SP 800-88 Clear", "(100 %)", "2026-01-31 04:12:09", "JST 13:12",
	    "山﨑 花子", "情報システム管理者", "印", "Destination", "k3f9a12, entry 12", "Kiyome 0.1.0",
	    "HPA"};
	for (size_t i = 0; i < LENGTH_OF(wanted); i++)
		assert_says(text, wanted[i]);
	free(text);
}

static void an_ordinary_certificate_is_one_sheet_in_the_two_embedded_fonts(void **state)
{
	(void)state;
	CLEANUP_BUFFER struct buffer pdf = BUFFER_EMPTY;
	char *home = render(wipe_entry_hdd(), &pdf);
	char *facts = fixture_run("TZ=UTC pdfinfo %s/page.pdf", home);
	assert_says(facts, "Pages:           1\n");
	assert_says(facts, "(A4)");
	assert_says(facts, "Sat Jan 31 08:49:45 2026"); /* the record's time, not the clock's */
	assert_says(facts, "PDF version:     1.5");
	free(facts);
	char *fonts = fixture_run(
	    "pdffonts %s/page.pdf | tail -n +3 | grep -Evc 'IPAex(Gothic|Mincho) .*yes yes yes'", home);
	assert_string_equal(fonts, "0\n");
	free(fonts);
	fixture_remove(home);
}

/* At the resolution of an office printer. */
static void the_qr_code_reads_as_number_digest_and_checkpoint(void **state)
{
	(void)state;
	CLEANUP_BUFFER struct buffer pdf = BUFFER_EMPTY;
	CLEANUP_BUFFER struct buffer bytes = BUFFER_EMPTY;
	char *home = render(wipe_entry_hdd(), &pdf);
	wipe_entry_write(wipe_entry_hdd(), &bytes);
	char *digest = fixture_run("printf %%s '%s' | sha256sum | cut -d' ' -f1", bytes.data);
	char *code = fixture_run(
	    "cd %s && pdftoppm -r 200 -png page.pdf page && zbarimg -q --nodbus --raw page-1.png", home);
	assert_int_equal(strlen(digest), 65);
	assert_says(code, "KIYOME1\nK3F9A12-2026-000012\n");
	assert_says(code, digest);
	assert_says(code, "\nk3f9a12.kiyome\n13\n");
	assert_says(code, "— k3f9a12.kiyome ");
	free(code);
	free(digest);
	fixture_remove(home);
}

struct failure {
	const char *result;
	const char *reason;
	const char *verdict;
	const char *english;
};

static const struct failure failures[] = {
    {"unverified", "not-verified", "未検証", "UNVERIFIED"},
    {"interrupted", "signal", "中断", "INTERRUPTED"},
    {"not-erased", "mismatches", "未消去", "NOT ERASED"},
    {"erased-with-exceptions", "write-errors", "例外あり", "NOT A COMPLETE ERASURE"},
};

static json_t *failed_entry(const struct failure *failure)
{
	json_t *entry = wipe_entry_hdd();
	wipe_entry_add_exceptions(entry, strcmp(failure->result, "erased-with-exceptions") == 0 ? 3 : 0);
	wipe_entry_set_result(entry, failure->result, failure->reason);
	return entry;
}

static void a_run_without_an_erasure_never_bears_the_word_of_success(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH_OF(failures); i++) {
		char *text = read_page(failed_entry(&failures[i]));
		assert_says(text, failures[i].verdict);
		assert_says(text, failures[i].english);
		assert_says(text, "達成レベル なし / Level: none");
		assert_never_says(text, "証明");
		assert_never_says(text, "ertificate");
		assert_never_says(text, "消去完了");
		assert_never_says(text, "ERASED —");
		assert_never_says(text, "Level: Clear");
		free(text);
	}
}

/* Of all words on the page the tallest. */
static char *find_largest_word(const char *home)
{
	return fixture_run(
	    "pdftotext -bbox %s/page.pdf - | sed -nE 's/.*yMin=\"([0-9.]+)\".*yMax=\"([0-9.]+)\">(.*)<.word>/"
	    "\\1 \\2 \\3/p' | awk '{ h = $2 - $1; if (h > best) { best = h; word = $3 } } END { print word "
	    "}'",
	    home);
}

static void the_verdict_is_the_largest_type_of_the_page(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH_OF(failures); i++) {
		CLEANUP_BUFFER struct buffer pdf = BUFFER_EMPTY;
		char *home = render(failed_entry(&failures[i]), &pdf);
		char *word = find_largest_word(home);
		assert_says(word, failures[i].verdict);
		free(word);
		fixture_remove(home);
	}
}

/* Each changes one thing of a sound entry that is called erased. */
static void break_passes(json_t *body)
{
	json_object_set_new(body, "passes", json_array());
}

static void break_pass_errors(json_t *body)
{
	json_object_set_new(json_array_get(json_object_get(body, "passes"), 0), "errors", json_integer(1));
}

static void break_pass_length(json_t *body)
{
	json_object_set_new(json_array_get(json_object_get(body, "passes"), 0), "bytes_written",
	    json_integer((json_int_t)WIPE_ENTRY_HDD_BYTES - 1));
}

static void break_verification(json_t *body)
{
	json_object_set_new(json_object_get(body, "verification"), "mode", json_string("none"));
}

static void break_mismatches(json_t *body)
{
	json_object_set_new(json_object_get(body, "verification"), "mismatches", json_integer(1));
}

static void break_coverage(json_t *body)
{
	json_object_set_new(json_object_get(body, "verification"), "bytes_read",
	    json_integer((json_int_t)WIPE_ENTRY_HDD_BYTES - 512));
}

static void break_level(json_t *body)
{
	json_object_set_new(body, "level", json_string("none"));
}

static void break_capacity(json_t *body)
{
	json_object_set_new(json_object_get(body, "capacity_check"), "aliased_blocks", json_integer(1));
}

static void break_coverage_of_all(json_t *body)
{
	json_t *passes = json_object_get(body, "passes");
	json_array_append_new(passes, json_deep_copy(json_array_get(passes, 0)));
	json_object_set_new(json_object_get(body, "verification"), "mode", json_string("all"));
}

static void break_coverage_of_sample(json_t *body)
{
	json_t *verification = json_object_get(body, "verification");
	json_object_set_new(verification, "mode", json_string("sample"));
	json_object_set_new(verification, "percent", json_integer(10));
	json_object_set_new(
	    verification, "bytes_read", json_integer((json_int_t)WIPE_ENTRY_HDD_BYTES / 10 - 512));
}

static void except(json_t *body)
{
	break_level(body);
	json_object_set_new(body, "result", json_string("erased-with-exceptions"));
}

static void break_excepted_mismatches(json_t *body)
{
	except(body);
	break_mismatches(body);
}

static void break_excepted_capacity(json_t *body)
{
	except(body);
	break_capacity(body);
}

static void break_exceptions(json_t *body)
{
	json_object_set_new(body, "exceptions",
	    json_pack("[{s:i, s:i, s:s}]", "length_bytes", 512, "offset_bytes", 0, "what", "read-error"));
}

static void break_omitted(json_t *body)
{
	json_object_set_new(body, "exceptions_omitted", json_integer(1));
}

static void break_purge(json_t *body)
{
	json_object_set_new(body, "level", json_string("purge"));
}

static void break_result(json_t *body)
{
	json_object_set_new(body, "result", json_string("interrupted"));
}

static void break_word(json_t *body)
{
	json_object_set_new(body, "result", json_string("perfect"));
}

static void break_member(json_t *body)
{
	json_object_del(body, "limits");
}

static void a_record_that_claims_more_than_its_evidence_gets_no_page(void **state)
{
	(void)state;
	static void (*const breaks[])(json_t *) = {break_passes, break_pass_errors, break_pass_length,
	    break_verification, break_mismatches, break_coverage, break_capacity, break_exceptions,
	    break_coverage_of_all, break_coverage_of_sample, break_excepted_mismatches,
	    break_excepted_capacity, break_omitted, break_level, break_purge, break_result, break_word,
	    break_member};
	for (size_t i = 0; i < LENGTH_OF(breaks); i++) {
		struct error error = {0};
		json_t *entry = wipe_entry_hdd();
		breaks[i](wipe_entry_body(entry));
		if (try_render(entry, &error) != -EBADMSG)
			fail_msg("break %zu was not noticed: %s", i, error.sentence);
		assert_int_equal(error.blame, ERROR_FINDING);
	}
}

static void what_a_medium_calls_itself_can_hide_nothing(void **state)
{
	(void)state;
	json_t *entry = wipe_entry_hdd();
	json_t *medium = json_object_get(wipe_entry_body(entry), "medium");
	json_object_set_new(medium, "serial",
	    json_string("A\x1b[31mB\n\xe2\x80\xae"
			"C\xe2\x80\x8b"
			"D\xc2\xad\xf0\x9f\x92\xa3"));
	json_object_set_new(medium, "model", json_null());
	json_object_set_new(medium, "vendor", json_string(""));
	char *text = read_page(entry);
	assert_says(text, "A\\u{001b}[31mB\\u{000a}\\u{202e}C\\u{200b}D\\u{00ad}\\u{1f4a3}");
	assert_never_says(text, "\x1b");
	free(text);
}

static void a_name_of_two_hundred_characters_is_wrapped_whole(void **state)
{
	(void)state;
	char name[201] = "";
	json_t *entry = wipe_entry_hdd();
	for (int i = 0; i < 200; i++)
		name[i] = (char)('A' + i % 26);
	json_object_set_new(json_object_get(wipe_entry_body(entry), "medium"), "model", json_string(name));
	CLEANUP_BUFFER struct buffer pdf = BUFFER_EMPTY;
	char *home = render(entry, &pdf);
	/* The wrapped lines are one behind the other in the page's reading order. */
	char *text = fixture_run("pdftotext -raw %s/page.pdf - | tr -d '\\n'", home);
	assert_says(text, name);
	free(text);
	fixture_remove(home);
}

static void thirty_five_passes_are_all_listed(void **state)
{
	(void)state;
	json_t *entry = wipe_entry_hdd();
	wipe_entry_set_passes(entry, 35);
	char *text = read_page(entry);
	assert_says(text, "35 passes");
	for (int i = 1; i <= 35; i++) {
		char started[32];
		(void)snprintf(started, sizeof started, "%02d 09:12:%02d", 1 + i % 28, i % 60);
		assert_says(text, started);
	}
	free(text);
}

static size_t count_lines(const char *text, const char *what)
{
	size_t count = 0;
	for (const char *next = text; (next = strstr(next, what)); next += strlen(what))
		count++;
	return count;
}

static void five_hundred_exceptions_are_all_listed(void **state)
{
	(void)state;
	json_t *entry = wipe_entry_hdd();
	wipe_entry_add_exceptions(entry, 500);
	char *text = read_page(entry);
	assert_says(text, "500 範囲 ranges");
	assert_says(text, "400,000,000,000");
	assert_says(text, "452,323,942,400"); /* the last */
	assert_int_equal(count_lines(text, "write-error") + count_lines(text, "read-error") +
			     count_lines(text, "mismatch"),
	    500);
	free(text);
}

static void more_exceptions_than_are_listed_are_counted(void **state)
{
	(void)state;
	json_t *entry = wipe_entry_hdd();
	wipe_entry_add_exceptions(entry, 600);
	json_object_set_new(wipe_entry_body(entry), "exceptions_omitted", json_integer(1000));
	char *text = read_page(entry);
	assert_says(text, "1,600 範囲 ranges");
	assert_says(text, "or more");
	assert_says(text, "1040 more ranges");
	free(text);
}

static void a_sample_is_called_a_sample_and_never_rounded_up(void **state)
{
	(void)state;
	json_t *entry = wipe_entry_hdd();
	json_t *verification = json_object_get(wipe_entry_body(entry), "verification");
	json_object_set_new(verification, "mode", json_string("sample"));
	json_object_set_new(verification, "percent", json_integer(99));
	json_object_set_new(
	    verification, "bytes_read", json_integer((json_int_t)WIPE_ENTRY_HDD_BYTES - 4096));
	char *text = read_page(entry);
	assert_says(text, "抜取り箇所の一致");
	assert_says(text, "(99.99 %)");
	assert_never_says(text, "(100 %)");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_same_record_gives_the_same_bytes),
	    cmocka_unit_test(an_erasure_is_certified_with_all_that_identifies_the_medium),
	    cmocka_unit_test(an_ordinary_certificate_is_one_sheet_in_the_two_embedded_fonts),
	    cmocka_unit_test(the_qr_code_reads_as_number_digest_and_checkpoint),
	    cmocka_unit_test(a_run_without_an_erasure_never_bears_the_word_of_success),
	    cmocka_unit_test(the_verdict_is_the_largest_type_of_the_page),
	    cmocka_unit_test(a_record_that_claims_more_than_its_evidence_gets_no_page),
	    cmocka_unit_test(what_a_medium_calls_itself_can_hide_nothing),
	    cmocka_unit_test(a_name_of_two_hundred_characters_is_wrapped_whole),
	    cmocka_unit_test(thirty_five_passes_are_all_listed),
	    cmocka_unit_test(five_hundred_exceptions_are_all_listed),
	    cmocka_unit_test(more_exceptions_than_are_listed_are_counted),
	    cmocka_unit_test(a_sample_is_called_a_sample_and_never_rounded_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
