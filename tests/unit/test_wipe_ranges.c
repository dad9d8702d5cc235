/* The list of bad places is exact: against a bitmap that does the same slowly. */
#include "src/base/cleanup.h"
#include "wipe/ranges.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { KINDS = 3, PLACES = 160 };

#define CLEANUP_RANGES CLEANUP(ranges_release)

static void assert_range(
    const struct ranges *ranges, size_t index, uint64_t offset, uint64_t length, enum range_what what)
{
	assert_true(index < ranges->count);
	assert_int_equal(ranges->items[index].offset_bytes, offset);
	assert_int_equal(ranges->items[index].length_bytes, length);
	assert_int_equal(ranges->items[index].what, what);
}

static void adjacent_ranges_of_one_kind_become_one(void **state)
{
	CLEANUP_RANGES struct ranges ranges = {0};
	(void)state;
	ranges_add(&ranges, 1024, 512, RANGE_WRITE_ERROR);
	ranges_add(&ranges, 2048, 512, RANGE_WRITE_ERROR);
	assert_int_equal(ranges.count, 2);
	ranges_add(&ranges, 1536, 512, RANGE_WRITE_ERROR);
	assert_int_equal(ranges.count, 1);
	assert_range(&ranges, 0, 1024, 1536, RANGE_WRITE_ERROR);
}

static void ranges_of_other_kinds_stay_apart(void **state)
{
	CLEANUP_RANGES struct ranges ranges = {0};
	(void)state;
	ranges_add(&ranges, 512, 512, RANGE_MISMATCH);
	ranges_add(&ranges, 0, 512, RANGE_READ_ERROR);
	ranges_add(&ranges, 0, 512, RANGE_WRITE_ERROR);
	assert_int_equal(ranges.count, 3);
	assert_range(&ranges, 0, 0, 512, RANGE_WRITE_ERROR);
	assert_range(&ranges, 1, 0, 512, RANGE_READ_ERROR);
	assert_range(&ranges, 2, 512, 512, RANGE_MISMATCH);
	assert_true(ranges_contain(&ranges, 0, 512, RANGE_WRITE_ERROR));
	assert_false(ranges_contain(&ranges, 0, 513, RANGE_WRITE_ERROR));
	assert_false(ranges_contain(&ranges, 512, 512, RANGE_WRITE_ERROR));
	assert_int_equal(ranges_count(&ranges, RANGE_MISMATCH), 1);
}

static void an_empty_range_is_none(void **state)
{
	CLEANUP_RANGES struct ranges ranges = {0};
	(void)state;
	ranges_add(&ranges, 4096, 0, RANGE_MISMATCH);
	assert_int_equal(ranges.count, 0);
	assert_int_equal(ranges.omitted, 0);
}

static void beyond_the_maximum_ranges_are_counted_not_lost(void **state)
{
	CLEANUP_RANGES struct ranges ranges = {0};
	(void)state;
	for (uint64_t i = 0; i < RANGES_MAXIMUM + 7; i++)
		ranges_add(&ranges, i * 1024, 512, RANGE_READ_ERROR);
	assert_int_equal(ranges.count, RANGES_MAXIMUM);
	assert_int_equal(ranges.omitted, 7);
	assert_range(&ranges, RANGES_MAXIMUM - 1, (RANGES_MAXIMUM - 1) * 1024, 512, RANGE_READ_ERROR);
	/* One that touches its neighbour needs no room. */
	ranges_add(&ranges, 512, 512, RANGE_READ_ERROR);
	assert_int_equal(ranges.count, RANGES_MAXIMUM - 1);
	assert_int_equal(ranges.omitted, 7);
	assert_range(&ranges, 0, 0, 1536, RANGE_READ_ERROR);
}

/* ── Against a bitmap ── */

static size_t runs_of(const bool *map)
{
	size_t runs = 0;
	for (size_t i = 0; i < PLACES; i++)
		runs += map[i] && (i == 0 || !map[i - 1]);
	return runs;
}

static void assert_equals_bitmap(const struct ranges *ranges, bool maps[KINDS][PLACES])
{
	size_t runs = 0;
	for (int kind = 0; kind < KINDS; kind++) {
		bool seen[PLACES] = {false};
		runs += runs_of(maps[kind]);
		for (size_t i = 0; i < ranges->count; i++) {
			const struct range *item = &ranges->items[i];
			for (uint64_t at = 0; (int)item->what == kind && at < item->length_bytes; at++)
				seen[item->offset_bytes + at] = true;
		}
		assert_memory_equal(seen, maps[kind], sizeof seen);
		assert_int_equal(ranges_count(ranges, (enum range_what)kind), runs_of(maps[kind]));
	}
	assert_int_equal(ranges->count, runs);
	for (size_t i = 1; i < ranges->count; i++) {
		const struct range *left = &ranges->items[i - 1];
		const struct range *right = &ranges->items[i];
		assert_true(left->offset_bytes < right->offset_bytes ||
			    (left->offset_bytes == right->offset_bytes && left->what < right->what));
	}
}

static bool all_set(const bool *map, size_t start, size_t length)
{
	for (size_t i = start; i < start + length; i++)
		if (!map[i])
			return false;
	return true;
}

static void any_sequence_of_ranges_is_what_a_bitmap_would_hold(void **state)
{
	(void)state;
	srandom(20260131);
	for (int round = 0; round < 400; round++) {
		CLEANUP_RANGES struct ranges ranges = {0};
		bool maps[KINDS][PLACES] = {{false}};
		for (int i = 0; i < 40; i++) {
			size_t start = (size_t)random() % PLACES;
			size_t length = 1 + (size_t)random() % (random() % 4 ? 3 : 20);
			int kind = (int)(random() % KINDS);
			length = length < PLACES - start ? length : PLACES - start;
			ranges_add(&ranges, start, length, (enum range_what)kind);
			memset(maps[kind] + start, true, length);
			assert_equals_bitmap(&ranges, maps);
			start = (size_t)random() % (PLACES - 4);
			assert_int_equal(ranges_contain(&ranges, start, 4, (enum range_what)kind),
			    all_set(maps[kind], start, 4));
		}
	}
}

/* ── JSON ── */

static void a_list_survives_its_json(void **state)
{
	CLEANUP_RANGES struct ranges ranges = {0};
	CLEANUP_RANGES struct ranges again = {0};
	struct error error = {0};
	(void)state;
	ranges_add(&ranges, 0, 512, RANGE_MISMATCH);
	ranges_add(&ranges, 0, 4096, RANGE_READ_ERROR);
	ranges_add(&ranges, UINT64_C(1) << 52, 512, RANGE_WRITE_ERROR);
	json_t *json = ranges_to_json(&ranges);
	assert_int_equal(ranges_from_json(json, &again, &error), 0);
	assert_int_equal(again.count, 3);
	assert_range(&again, 0, 0, 4096, RANGE_READ_ERROR);
	assert_range(&again, 1, 0, 512, RANGE_MISMATCH);
	assert_range(&again, 2, UINT64_C(1) << 52, 512, RANGE_WRITE_ERROR);
	json_decref(json);
}

static void an_unknown_kind_is_refused(void **state)
{
	CLEANUP_RANGES struct ranges ranges = {0};
	struct error error = {0};
	(void)state;
	json_t *json =
	    json_pack("[{s:i, s:i, s:s}]", "offset_bytes", 0, "length_bytes", 1, "what", "write_error");
	assert_int_equal(ranges_from_json(json, &ranges, &error), -EBADMSG);
	json_decref(json);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(adjacent_ranges_of_one_kind_become_one),
	    cmocka_unit_test(ranges_of_other_kinds_stay_apart),
	    cmocka_unit_test(an_empty_range_is_none),
	    cmocka_unit_test(beyond_the_maximum_ranges_are_counted_not_lost),
	    cmocka_unit_test(any_sequence_of_ranges_is_what_a_bitmap_would_hold),
	    cmocka_unit_test(a_list_survives_its_json),
	    cmocka_unit_test(an_unknown_kind_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
