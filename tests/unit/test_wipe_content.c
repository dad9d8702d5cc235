/* What a pass puts at each address: fixed bytes, the published random stream, stamps; and telling them apart
 * again. */
#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "wipe/block_io.h"
#include "wipe/content.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { CHUNK = 3 * 4096 * 16 }; /* of whole patterns of 1, 2, 3, 4 and 6 bytes */

static const uint64_t sizes[] = {512, 1024, 1536, 2048, 2560, 4096, 4096 + 512, 3 * 4096 + 7, 1, 511, 513,
    131072, 131072 + 512, 131072 + 1, 1048576 - 1, 1048576, 3 * 1048576 + 7, UINT64_C(64) << 20,
    (UINT64_C(1) << 41) + 12345 * 512, UINT64_C(1) << 52};
static const uint32_t blocks[] = {512, 4096, 65536};

static struct wipe_plan plan_of(const char *sequence, uint64_t size_bytes, uint32_t block_bytes)
{
	struct wipe_plan plan;
	struct method method;
	struct error error = {0};
	assert_int_equal(method_find("custom", sequence, &method, &error), 0);
	assert_int_equal(plan_make(&method, "last", 3, size_bytes, block_bytes, &plan, &error), 0);
	return plan;
}

static struct content *open_content(const struct wipe_plan *plan, bool stamped)
{
	struct content *content = NULL;
	struct error error = {0};
	assert_int_equal(content_open(plan, 0, stamped, CHUNK, &content, &error), 0);
	return content;
}

/* ── The stream ── */

static void read_openssl(const unsigned char key[32], uint64_t offset, unsigned char *out, size_t length)
{
	CLEANUP_BUFFER struct buffer command = BUFFER_EMPTY;
	buffer_append_text(&command, "head -c ");
	buffer_printf(&command, "%zu /dev/zero | openssl enc -aes-256-ctr -K ", length);
	text_append_hex(&command, key, 32);
	buffer_printf(&command, " -iv %032llx", (unsigned long long)(offset / 16));
	FILE *stream = popen(command.data, "r");
	assert_non_null(stream);
	assert_int_equal(fread(out, 1, length, stream), length);
	assert_int_equal(pclose(stream), 0);
}

static void a_random_pass_is_what_openssl_prints_for_its_key(void **state)
{
	static const uint64_t offsets[] = {
	    0, 512, 1048576, (UINT64_C(1) << 36) - 512, UINT64_C(18) * 1000 * 1000 * 1000 * 1000};
	static unsigned char ours[262144 + 7], theirs[sizeof ours];
	struct wipe_plan plan = plan_of("random", UINT64_C(20) * 1000 * 1000 * 1000 * 1000, 512);
	struct content *content = open_content(&plan, false);
	(void)state;
	for (size_t i = 0; i < LENGTH_OF(offsets); i++) {
		content_fill(content, offsets[i], ours, sizeof ours);
		read_openssl(plan.passes[0].key, offsets[i], theirs, sizeof theirs);
		assert_memory_equal(ours, theirs, sizeof ours);
	}
	content_close(&content);
}

static void each_random_pass_and_each_plan_has_its_own_key(void **state)
{
	struct wipe_plan one = plan_of("random random", 4096, 512);
	struct wipe_plan two = plan_of("random random", 4096, 512);
	(void)state;
	assert_memory_not_equal(one.passes[0].key, one.passes[1].key, KEYSTREAM_KEY_BYTES);
	assert_memory_not_equal(one.passes[0].key, two.passes[0].key, KEYSTREAM_KEY_BYTES);
	assert_memory_not_equal(one.seed, two.seed, KEYSTREAM_KEY_BYTES);
	assert_memory_not_equal(one.seed, one.passes[0].key, KEYSTREAM_KEY_BYTES);
}

/* ── Fixed bytes ── */

static void fixed_bytes_repeat_from_the_start_of_the_medium(void **state)
{
	static const char *const sequences[] = {
	    "00", "ff", "a55a", "924924", "7fffffff", "0102030405", "010203040506"};
	static unsigned char bytes[100000];
	(void)state;
	for (size_t i = 0; i < LENGTH_OF(sequences); i++) {
		struct wipe_plan plan = plan_of(sequences[i], UINT64_C(1) << 40, 512);
		struct content *content = open_content(&plan, false);
		size_t length = strlen(sequences[i]) / 2;
		for (uint64_t offset = 0; offset < UINT64_C(1) << 40; offset = offset * 7 + 512 * 17) {
			content_fill(content, offset, bytes, sizeof bytes);
			for (size_t at = 0; at < sizeof bytes; at++) {
				unsigned value = 0;
				sscanf(sequences[i] + 2 * ((offset + at) % length), "%2x", &value);
				if (bytes[at] != value)
					fail_msg(
					    "%s at %llu + %zu", sequences[i], (unsigned long long)offset, at);
			}
		}
		content_close(&content);
	}
}

/* ── Stamps ── */

static void stamps_lie_at_equal_distances_and_in_the_last_block(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH_OF(sizes) * LENGTH_OF(blocks); i++) {
		uint64_t size = sizes[i / LENGTH_OF(blocks)];
		uint32_t block = blocks[i % LENGTH_OF(blocks)];
		struct wipe_plan plan = plan_of("00", size, block);
		uint64_t count = stamp_count(&plan);
		uint64_t last = (size - 1) / block * block;
		uint64_t spacing = count > 2 ? stamp_offset(&plan, 1) : last;
		assert_in_range(count, 1, 1026);
		assert_int_equal(stamp_offset(&plan, 0), 0);
		assert_int_equal(stamp_offset(&plan, count - 1), last);
		assert_int_equal(stamp_length(&plan, count - 1), size - last);
		for (uint64_t n = 0; n + 1 < count; n++) {
			assert_int_equal(stamp_offset(&plan, n), n * spacing);
			assert_int_equal(stamp_length(&plan, n), block);
		}
		/* A medium of a gigabyte or more gets about a thousand; none is wider apart than that. */
		assert_true(
		    spacing % block == 0 && last - (count > 1 ? (count - 2) * spacing : 0) <= spacing);
		assert_true(size < (UINT64_C(1) << 30) || count > 1000);
	}
}

/* The stream of the seed at the stamps, the pass everywhere else. */
static void expect_stamped(const struct wipe_plan *plan, const char *digits, unsigned char *out)
{
	struct keystream *seed = NULL;
	struct error error = {0};
	size_t length = strlen(digits) / 2;
	for (uint64_t at = 0; at < plan->size_bytes; at++) {
		unsigned value = 0;
		sscanf(digits + 2 * (at % length), "%2x", &value);
		out[at] = (unsigned char)value;
	}
	assert_int_equal(keystream_open(plan->seed, &seed, &error), 0);
	for (uint64_t i = 0; i < stamp_count(plan); i++) {
		unsigned char *all = malloc(stamp_offset(plan, i) + plan->block_bytes);
		keystream_generate(seed, 0, all, stamp_offset(plan, i) + stamp_length(plan, i));
		memcpy(out + stamp_offset(plan, i), all + stamp_offset(plan, i), stamp_length(plan, i));
		free(all);
	}
	keystream_close(&seed);
}

static void check_stamped(const char *digits, uint64_t size, uint32_t block)
{
	struct wipe_plan plan = plan_of(digits, size, block);
	struct content *content = open_content(&plan, true);
	unsigned char *expected = malloc(size);
	unsigned char *out = malloc(size);
	size_t piece = 12 * (size_t)block;
	expect_stamped(&plan, digits, expected);
	for (uint64_t at = 0; at < size; at += piece) {
		size_t length = size - at < piece ? (size_t)(size - at) : piece;
		const void *constant = content_constant(content, at, length);
		content_fill(content, at, out + at, length);
		if (constant)
			assert_memory_equal(constant, expected + at, length);
	}
	assert_memory_equal(out, expected, size);
	assert_true(content_equals(content, 0, expected, size));
	for (int i = 0; i < 200; i++) {
		size_t at = i == 0 ? 0 : i == 1 ? size - 1 : (size_t)random() % size;
		expected[at] ^= (unsigned char)(1 << random() % 8);
		assert_false(content_equals(content, 0, expected, size));
		expected[at] = out[at];
	}
	free(expected);
	free(out);
	content_close(&content);
}

static void stamped_content_is_the_pass_with_the_seeds_stream_at_the_stamps(void **state)
{
	static const char *const digits[] = {"00", "924924", "7fffffff"};
	(void)state;
	srandom(1);
	for (size_t i = 0; i < LENGTH_OF(digits); i++)
		for (size_t j = 0; j < LENGTH_OF(sizes) && sizes[j] <= 1048576; j++)
			for (size_t k = 0; k < 2; k++)
				check_stamped(digits[i], sizes[j], blocks[k]);
	check_stamped("a5", 3 * 1048576 + 7, 512);
	check_stamped("a5", 3 * 1048576 + 4096, 65536);
}

static void a_block_under_a_stamp_is_never_constant(void **state)
{
	struct wipe_plan plan = plan_of("00", 16 << 20, 4096);
	struct content *content = open_content(&plan, true);
	(void)state;
	for (uint64_t i = 0; i < stamp_count(&plan); i++)
		assert_null(content_constant(content, stamp_offset(&plan, i), 4096));
	assert_non_null(content_constant(content, 4096, 4096));
	content_close(&content);
}

/* ── Whose content is it? ── */

static void a_block_tells_the_address_it_was_written_for(void **state)
{
	static const char *const sequences[] = {"random", "00"};
	unsigned char block[512];
	(void)state;
	for (int fixed = 0; fixed < 2; fixed++) {
		struct wipe_plan plan = plan_of(sequences[fixed], (UINT64_C(1) << 40) + 512, 512);
		struct content *content = open_content(&plan, fixed);
		for (uint64_t i = 0; i < stamp_count(&plan); i++) {
			uint64_t found = 1;
			content_fill(content, stamp_offset(&plan, i), block, sizeof block);
			assert_true(content_locate(content, block, &found));
			assert_int_equal(found, stamp_offset(&plan, i));
			block[3] ^= 1;
			assert_false(content_locate(content, block, &found));
		}
		content_close(&content);
	}
}

static void what_was_there_before_has_no_address(void **state)
{
	struct wipe_plan plan = plan_of("random", 1 << 20, 512);
	struct content *content = open_content(&plan, false);
	unsigned char block[512] = "this was never written by a pass";
	uint64_t found;
	(void)state;
	assert_false(content_locate(content, block, &found));
	memset(block, 0, sizeof block);
	assert_false(content_locate(content, block, &found));
	content_close(&content);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_random_pass_is_what_openssl_prints_for_its_key),
	    cmocka_unit_test(each_random_pass_and_each_plan_has_its_own_key),
	    cmocka_unit_test(fixed_bytes_repeat_from_the_start_of_the_medium),
	    cmocka_unit_test(stamps_lie_at_equal_distances_and_in_the_last_block),
	    cmocka_unit_test(stamped_content_is_the_pass_with_the_seeds_stream_at_the_stamps),
	    cmocka_unit_test(a_block_under_a_stamp_is_never_constant),
	    cmocka_unit_test(a_block_tells_the_address_it_was_written_for),
	    cmocka_unit_test(what_was_there_before_has_no_address),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
