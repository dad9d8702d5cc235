/* A plan is a value: what will be done, in which order, and the same again from its record. */
#include "src/base/cleanup.h"
#include "src/base/json.h"
#include "wipe/plan.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct wipe_plan plan_of(const char *id, const char *verify)
{
	struct wipe_plan plan;
	struct method method;
	struct error error = {0};
	assert_int_equal(method_find(id, "00 ff random 0102", &method, &error), 0);
	assert_int_equal(plan_make(&method, verify, 3, 24 << 20, 512, &plan, &error), 0);
	return plan;
}

static void ways_to_verify_are_read(void **state)
{
	static const struct {
		const char *text;
		enum verify_mode mode;
		uint32_t percent;
	} ways[] = {{"none", VERIFY_NONE, 0}, {"last", VERIFY_LAST, 0}, {"all", VERIFY_ALL, 0},
	    {"sample:1%", VERIFY_SAMPLE, 1}, {"sample:10", VERIFY_SAMPLE, 10},
	    {"sample:100%", VERIFY_SAMPLE, 100}};
	(void)state;
	for (size_t i = 0; i < LENGTH_OF(ways); i++) {
		enum verify_mode mode;
		uint32_t percent;
		struct error error = {0};
		assert_int_equal(plan_parse_verify(ways[i].text, &mode, &percent, &error), 0);
		assert_int_equal(mode, ways[i].mode);
		assert_int_equal(percent, ways[i].percent);
	}
}

static void what_is_no_way_to_verify_is_refused(void **state)
{
	static const char *const texts[] = {"", "sample", "sample:", "sample:0%", "sample:101%", "sample:-1%",
	    "sample: 5%", "sample:5%%", "sample:5 %", "sample:99999999999999999999%", "Last", "none "};
	(void)state;
	for (size_t i = 0; i < LENGTH_OF(texts); i++) {
		enum verify_mode mode;
		uint32_t percent;
		struct error error = {0};
		assert_int_equal(plan_parse_verify(texts[i], &mode, &percent, &error), -EINVAL);
		assert_int_equal(error_exit_status(&error), 2);
	}
}

/* ── Steps ── */

static void assert_steps(const char *id, const char *verify, const char *expected)
{
	struct wipe_plan plan = plan_of(id, verify);
	struct step steps[STEPS_MAXIMUM];
	char text[1024] = "";
	size_t count = plan_steps(&plan, steps);
	for (size_t i = 0; i < count; i++)
		sprintf(text + strlen(text), "%s%s%u", i ? " " : "", plan_step_word(steps[i].kind),
		    steps[i].pass);
	assert_string_equal(text, expected);
}

static void the_steps_are_write_then_read_back(void **state)
{
	(void)state;
	assert_steps("dod-3", "none", "write0 write1 write2");
	assert_steps("dod-3", "last", "write0 write1 write2 verify2");
	assert_steps("dod-3", "sample:5%", "write0 write1 write2 verify2");
	assert_steps("dod-3", "all", "write0 verify0 write1 verify1 write2 verify2");
	assert_steps("nist-clear", "all", "write0 verify0");
}

static void a_last_pass_of_fixed_bytes_is_read_back_under_stamps(void **state)
{
	(void)state;
	assert_steps("zero", "last", "write0 stamp0 verify0 unstamp0");
	assert_steps("zero", "sample:1%", "write0 stamp0 verify0 unstamp0");
	assert_steps("zero", "none", "write0");
	assert_steps("ncsc-tg-025", "all", "write0 verify0 write1 verify1 write2 stamp2 verify2 unstamp2");
}

static void the_longest_method_fits_the_steps(void **state)
{
	struct method method;
	struct wipe_plan plan;
	struct error error = {0};
	struct step steps[STEPS_MAXIMUM];
	char text[3 * METHOD_MAXIMUM_PASSES + 1] = "";
	(void)state;
	for (int i = 0; i < METHOD_MAXIMUM_PASSES; i++)
		strcat(text, "00 ");
	assert_int_equal(method_find("custom", text, &method, &error), 0);
	assert_int_equal(plan_make(&method, "all", 0, 4096, 512, &plan, &error), 0);
	assert_int_equal(plan_steps(&plan, steps), STEPS_MAXIMUM);
}

/* ── Its record ── */

static void assert_same_plan(const struct wipe_plan *one, const struct wipe_plan *two)
{
	assert_string_equal(one->method_id, two->method_id);
	assert_string_equal(one->method_name, two->method_name);
	assert_string_equal(one->method_source, two->method_source);
	assert_int_equal(one->pass_count, two->pass_count);
	for (uint32_t i = 0; i < one->pass_count; i++) {
		assert_int_equal(one->passes[i].pattern.random, two->passes[i].pattern.random);
		assert_int_equal(one->passes[i].pattern.length, two->passes[i].pattern.length);
		assert_memory_equal(
		    one->passes[i].pattern.bytes, two->passes[i].pattern.bytes, PATTERN_MAXIMUM_BYTES);
		assert_memory_equal(one->passes[i].key, two->passes[i].key, KEYSTREAM_KEY_BYTES);
	}
	assert_int_equal(one->verify, two->verify);
	assert_int_equal(one->sample_percent, two->sample_percent);
	assert_memory_equal(one->seed, two->seed, KEYSTREAM_KEY_BYTES);
	assert_int_equal(one->retries, two->retries);
	assert_int_equal(one->size_bytes, two->size_bytes);
	assert_int_equal(one->block_bytes, two->block_bytes);
}

static void a_plan_survives_its_record(void **state)
{
	static const char *const ways[] = {"none", "last", "all", "sample:37%"};
	(void)state;
	for (size_t i = 0; i < method_count() + 1; i++) {
		struct method method = {.id = "custom"};
		struct wipe_plan again;
		struct error error = {0};
		CLEANUP_BUFFER struct buffer text = BUFFER_EMPTY;
		if (i < method_count())
			method_at(i, &method);
		struct wipe_plan plan = plan_of(method.id, ways[i % LENGTH_OF(ways)]);
		json_t *json = plan_to_json(&plan);
		assert_int_equal(json_write_canonical(json, &text, &error), 0);
		json_decref(json);
		assert_int_equal(json_parse_strict(text.data, text.length, "the plan", &json, &error), 0);
		assert_int_equal(plan_from_json(json, &again, &error), 0);
		assert_same_plan(&plan, &again);
		json_decref(json);
	}
}

/* "a/b/0" → the value's holder and the last key. */
static json_t *find(json_t *json, const char *path, char *key)
{
	char copy[128];
	(void)snprintf(copy, sizeof copy, "%s", path);
	char *slash;
	char *next = copy;
	while ((slash = strchr(next, '/'))) {
		*slash = '\0';
		json = *next >= '0' && *next <= '9' ? json_array_get(json, (size_t)atoi(next))
						    : json_object_get(json, next);
		next = slash + 1;
	}
	strcpy(key, next);
	return json;
}

static void a_damaged_record_is_no_plan(void **state)
{
	static const struct {
		const char *path;
		const char *value; /* JSON; NULL = the member is missing */
	} damages[] = {{"passes", NULL}, {"passes", "[]"}, {"passes", "{}"}, {"passes", "7"},
	    {"passes/0/pattern", NULL}, {"passes/0/pattern", "\"zz\""}, {"passes/0/pattern", "\"0\""},
	    {"passes/0/pattern", "3"}, {"passes/2/key", NULL}, {"passes/2/key", "\"00\""},
	    {"verification", NULL}, {"verification/mode", "\"most\""}, {"verification/mode", NULL},
	    {"verification/percent", NULL}, {"verification/percent", "0"}, {"verification/percent", "101"},
	    {"verification/percent", "-5"}, {"verification/seed", NULL}, {"verification/seed", "\"xyz\""},
	    {"size_bytes", NULL}, {"size_bytes", "0"}, {"size_bytes", "-1"}, {"size_bytes", "\"24\""},
	    {"logical_block_bytes", NULL}, {"logical_block_bytes", "0"}, {"logical_block_bytes", "511"},
	    {"logical_block_bytes", "131072"}};
	(void)state;
	for (size_t i = 0; i < LENGTH_OF(damages); i++) {
		struct wipe_plan plan = plan_of("dod-3", "sample:5%");
		struct error error = {0};
		char key[128];
		json_t *json = plan_to_json(&plan);
		json_t *holder = find(json, damages[i].path, key);
		assert_non_null(json_object_get(holder, key));
		if (damages[i].value)
			json_object_set_new(holder, key, json_loads(damages[i].value, JSON_DECODE_ANY, NULL));
		else
			json_object_del(holder, key);
		if (plan_from_json(json, &plan, &error) != -EBADMSG)
			fail_msg("%s = %s was taken", damages[i].path, damages[i].value);
		json_decref(json);
	}
	struct wipe_plan plan;
	struct error error = {0};
	assert_int_equal(plan_from_json(NULL, &plan, &error), -EBADMSG);
}

static void more_passes_than_a_method_has_are_no_plan(void **state)
{
	struct wipe_plan plan = plan_of("zero", "last");
	struct error error = {0};
	json_t *json = plan_to_json(&plan);
	json_t *passes = json_object_get(json, "passes");
	(void)state;
	while (json_array_size(passes) <= METHOD_MAXIMUM_PASSES)
		json_array_append_new(passes, json_pack("{s:s}", "pattern", "00"));
	assert_int_equal(plan_from_json(json, &plan, &error), -EBADMSG);
	json_decref(json);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(ways_to_verify_are_read),
	    cmocka_unit_test(what_is_no_way_to_verify_is_refused),
	    cmocka_unit_test(the_steps_are_write_then_read_back),
	    cmocka_unit_test(a_last_pass_of_fixed_bytes_is_read_back_under_stamps),
	    cmocka_unit_test(the_longest_method_fits_the_steps),
	    cmocka_unit_test(a_plan_survives_its_record),
	    cmocka_unit_test(a_damaged_record_is_no_plan),
	    cmocka_unit_test(more_passes_than_a_method_has_are_no_plan),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
