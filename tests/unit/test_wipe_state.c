/* A mark, written down and read again, is where the run stood; a damaged one is none. And the map that goes
 * with it. */
#include "src/base/cleanup.h"
#include "src/base/json.h"
#include "wipe/state.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { SIZE = (24 << 20) + 7 };

static struct wipe_plan plan_of(const char *method_id)
{
	struct wipe_plan plan;
	struct method method;
	struct error error = {0};
	assert_int_equal(method_find(method_id, NULL, &method, &error), 0);
	assert_int_equal(plan_make(&method, "all", 1, SIZE, 512, &plan, &error), 0);
	return plan;
}

static void fill_state(const struct wipe_plan *plan, struct wipe_state *state)
{
	state_start(plan, state);
	state->step = 3;
	state->offset_bytes = 7 << 20;
	state->stop = STOP_MEDIUM_GONE;
	for (uint32_t i = 0; i < plan->pass_count; i++) {
		clock_now(state->passes[i].started);
		state->passes[i].bytes_written = SIZE - i * 512;
		state->passes[i].elapsed_ns = (i + 1) * UINT64_C(5000000);
		state->passes[i].errors = i;
	}
	clock_now(state->passes[0].finished);
	state->read_bytes = 12345;
	state->read_ns = UINT64_C(77000000);
	state->mismatched_blocks = 9;
	state->aliased_blocks = 8;
	state->alias_distance_bytes = 16 << 20;
	state->stamp_count = 192;
	state->stamp_ns = UINT64_C(3000000);
	state->cache_dropped = true;
	ranges_add(&state->exceptions, 512, 512, RANGE_WRITE_ERROR);
	ranges_add(&state->exceptions, 1024, 512, RANGE_MISMATCH);
	state->exceptions.omitted = 4;
	map_add_error(&state->map, 0);
	map_add_error(&state->map, SIZE - 1);
}

/* The state through the register's bytes and back. */
static int reread(const struct wipe_plan *plan, json_t *json, struct wipe_state *state)
{
	CLEANUP_BUFFER struct buffer text = BUFFER_EMPTY;
	struct error error = {0};
	json_t *again = NULL;
	assert_int_equal(json_write_canonical(json, &text, &error), 0);
	assert_int_equal(json_parse_strict(text.data, text.length, "the mark", &again, &error), 0);
	int status = state_from_json(again, plan, state, &error);
	json_decref(again);
	return status;
}

static void a_state_survives_its_record(void **context)
{
	struct wipe_plan plan = plan_of("dod-3");
	struct wipe_state state, again;
	(void)context;
	fill_state(&plan, &state);
	json_t *json = state_to_json(&plan, &state);
	assert_int_equal(reread(&plan, json, &again), 0);
	assert_int_equal(again.step, state.step);
	assert_int_equal(again.offset_bytes, state.offset_bytes);
	assert_int_equal(again.stop, state.stop);
	assert_int_equal(again.read_bytes, state.read_bytes);
	assert_int_equal(again.read_ns, state.read_ns);
	assert_int_equal(again.mismatched_blocks, state.mismatched_blocks);
	assert_int_equal(again.aliased_blocks, state.aliased_blocks);
	assert_int_equal(again.alias_distance_bytes, state.alias_distance_bytes);
	assert_int_equal(again.stamp_count, state.stamp_count);
	assert_int_equal(again.stamp_ns, state.stamp_ns);
	assert_int_equal(again.cache_dropped, state.cache_dropped);
	assert_int_equal(again.exceptions.count, 2);
	assert_int_equal(again.exceptions.omitted, 4);
	assert_int_equal(again.map.cells[0].errors, 1);
	assert_int_equal(again.map.cells[again.map.cell_count - 1].errors, 1);
	for (uint32_t i = 0; i < plan.pass_count; i++) {
		assert_string_equal(again.passes[i].started, state.passes[i].started);
		assert_string_equal(again.passes[i].finished, state.passes[i].finished);
		assert_int_equal(again.passes[i].bytes_written, state.passes[i].bytes_written);
		assert_int_equal(again.passes[i].elapsed_ns, state.passes[i].elapsed_ns);
		assert_int_equal(again.passes[i].errors, state.passes[i].errors);
	}
	json_decref(json);
	state_release(&state);
	state_release(&again);
}

static void every_stop_survives_its_record(void **context)
{
	struct wipe_plan plan = plan_of("zero");
	(void)context;
	for (int stop = STOP_NONE; stop <= STOP_CRASHED; stop++) {
		struct wipe_state state, again;
		state_start(&plan, &state);
		state.stop = (enum wipe_stop)stop;
		json_t *json = state_to_json(&plan, &state);
		assert_int_equal(reread(&plan, json, &again), 0);
		assert_int_equal(again.stop, stop);
		assert_string_equal(json_text(json, "stop", ""), state_stop_word((enum wipe_stop)stop));
		json_decref(json);
		state_release(&again);
	}
}

static void a_damaged_record_is_no_state(void **context)
{
	static const struct {
		const char *object; /* or NULL for the top */
		const char *key;
		const char *value; /* NULL = missing */
	} damages[] = {{NULL, "passes", NULL}, {NULL, "passes", "[]"}, {NULL, "passes", "7"},
	    {NULL, "position", NULL}, {NULL, "position", "[]"}, {"position", "step", NULL},
	    {"position", "step", "7"}, {"position", "step", "-1"}, {"position", "step", "\"0\""},
	    {"position", "offset_bytes", NULL}, {"position", "offset_bytes", "-1"},
	    {"position", "offset_bytes", "25165832"}, {"position", "offset_bytes", "5"},
	    {NULL, "exceptions", "[{\"what\":\"surprise\"}]"}};
	(void)context;
	for (size_t i = 0; i < LENGTH_OF(damages); i++) {
		struct wipe_plan plan = plan_of("dod-3");
		struct wipe_state state, again;
		fill_state(&plan, &state);
		json_t *json = state_to_json(&plan, &state);
		json_t *holder = damages[i].object ? json_object_get(json, damages[i].object) : json;
		assert_non_null(json_object_get(holder, damages[i].key));
		if (damages[i].value)
			json_object_set_new(
			    holder, damages[i].key, json_loads(damages[i].value, JSON_DECODE_ANY, NULL));
		else
			json_object_del(holder, damages[i].key);
		if (reread(&plan, json, &again) != -EBADMSG)
			fail_msg("%s = %s was taken", damages[i].key, damages[i].value);
		json_decref(json);
		state_release(&state);
		state_release(&again);
	}
}

static void after_an_interruption_the_last_pass_is_read_back_anew(void **context)
{
	/* dod-3 with "all": write, read back, three times. */
	static const struct {
		enum verify_mode verify;
		size_t step, goes_on_at;
		uint64_t read_bytes, kept_bytes;
	} cases[] = {
	    {VERIFY_ALL, 1, 1, 700, 700},
	    {VERIFY_ALL, 4, 4, 2 * SIZE, 2 * SIZE},
	    {VERIFY_ALL, 5, 5, 2 * SIZE + 700, 2 * SIZE},
	    {VERIFY_ALL, 6, 5, 3 * SIZE, 2 * SIZE},
	    {VERIFY_LAST, 2, 2, 0, 0},
	    {VERIFY_LAST, 3, 3, 700, 0},
	    {VERIFY_LAST, 4, 3, SIZE, 0},
	    {VERIFY_SAMPLE, 1, 1, 0, 0},
	    {VERIFY_SAMPLE, 2, 2, 0, 0},
	    {VERIFY_SAMPLE, 4, 2, 700, 0},
	    {VERIFY_NONE, 3, 3, 0, 0},
	};
	(void)context;
	for (size_t i = 0; i < LENGTH_OF(cases); i++) {
		struct wipe_plan plan = plan_of("dod-3");
		struct wipe_state state;
		plan.verify = cases[i].verify;
		plan.sample_percent = 10;
		state_start(&plan, &state);
		state.step = cases[i].step;
		state.offset_bytes = 7 << 20;
		state.passes[2].bytes_written = 7 << 20;
		state.read_bytes = cases[i].read_bytes;
		state_step_back(&plan, &state);
		bool anew = cases[i].kept_bytes != cases[i].read_bytes || cases[i].step == 5;
		bool rewritten = cases[i].verify == VERIFY_SAMPLE && cases[i].step >= 2;
		assert_int_equal(state.step, cases[i].goes_on_at);
		assert_int_equal(state.read_bytes, cases[i].kept_bytes);
		assert_int_equal(state.offset_bytes, anew || rewritten ? 0 : 7 << 20);
		assert_int_equal(state.passes[2].bytes_written, rewritten ? 0 : 7 << 20);
		state_release(&state);
	}
}

static void an_unreadable_place_is_not_counted_as_read_after_an_interruption(void **context)
{
	struct wipe_plan plan = plan_of("dod-3");
	struct wipe_state state;
	(void)context;
	state_start(&plan, &state);
	state.step = 6;
	state.read_bytes = 3 * (SIZE - 512);
	ranges_add(&state.exceptions, 1024, 512, RANGE_READ_ERROR);
	state_step_back(&plan, &state);
	assert_int_equal(state.read_bytes, 2 * (SIZE - 512));
	state_release(&state);
}

static void a_map_covers_the_medium_in_at_most_240_cells(void **context)
{
	static const uint64_t sizes[] = {1, 512, 513, 240 * 512, 240 * 512 + 1, SIZE, UINT64_C(20) << 40};
	(void)context;
	for (size_t i = 0; i < LENGTH_OF(sizes); i++) {
		struct speed_map map;
		map_start(&map, sizes[i], 512);
		assert_in_range(map.cell_count, 1, MAP_CELLS_MAXIMUM);
		assert_int_equal(map.cell_bytes % 512, 0);
		assert_true(map.cell_bytes * map.cell_count >= sizes[i]);
		assert_true(map.cell_bytes * (map.cell_count - 1) < sizes[i]);
		map_add_error(&map, sizes[i] - 1);
		assert_int_equal(map.cells[map.cell_count - 1].errors, 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_state_survives_its_record),
	    cmocka_unit_test(every_stop_survives_its_record),
	    cmocka_unit_test(a_damaged_record_is_no_state),
	    cmocka_unit_test(after_an_interruption_the_last_pass_is_read_back_anew),
	    cmocka_unit_test(an_unreadable_place_is_not_counted_as_read_after_an_interruption),
	    cmocka_unit_test(a_map_covers_the_medium_in_at_most_240_cells),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
