#include "wipe/plan.h"

#include "src/base/cleanup.h"
#include "src/base/crypto.h"
#include "src/base/json.h"
#include "src/base/text.h"

#include <errno.h>
#include <string.h>

static const char *const verify_words[] = {
    [VERIFY_NONE] = "none", [VERIFY_LAST] = "last", [VERIFY_ALL] = "all", [VERIFY_SAMPLE] = "sample"};

static const char *const step_words[] = {
    [STEP_WRITE] = "write", [STEP_STAMP] = "stamp", [STEP_VERIFY] = "verify", [STEP_UNSTAMP] = "unstamp"};

const char *plan_verify_word(enum verify_mode mode)
{
	return verify_words[mode];
}

const char *plan_step_word(enum step_kind kind)
{
	return step_words[kind];
}

static int parse_percent(const char *text, uint32_t *percent)
{
	char *end;
	if (*text < '0' || *text > '9')
		return -EINVAL;
	unsigned long value = strtoul(text, &end, 10);
	if ((*end && strcmp(end, "%") != 0) || value < 1 || value > 100)
		return -EINVAL;
	*percent = (uint32_t)value;
	return 0;
}

int plan_parse_verify(const char *text, enum verify_mode *mode, uint32_t *sample_percent, struct error *error)
{
	*sample_percent = 0;
	for (size_t i = 0; i < VERIFY_SAMPLE; i++)
		if (strcmp(text, verify_words[i]) == 0) {
			*mode = (enum verify_mode)i;
			return 0;
		}
	*mode = VERIFY_SAMPLE;
	if (strncmp(text, "sample:", strlen("sample:")) == 0 &&
	    parse_percent(text + strlen("sample:"), sample_percent) == 0)
		return 0;
	error_refuse(error, EINVAL, _("'%s' is no way to verify"), text);
	error_advise(error, _("it must be last, all, none, or sample:N%% with N from 1 to 100"));
	return error->code;
}

static bool copy_text(char *to, size_t size, const char *from)
{
	int length = snprintf(to, size, "%s", from);
	return length >= 0 && (size_t)length < size;
}

int plan_make(const struct method *method, const char *verify, uint32_t retries, uint64_t size_bytes,
    uint32_t block_bytes, struct wipe_plan *plan, struct error *error)
{
	*plan = (struct wipe_plan){.pass_count = (uint32_t)method->pass_count,
	    .retries = retries,
	    .size_bytes = size_bytes,
	    .block_bytes = block_bytes};
	if (!copy_text(plan->method_id, sizeof plan->method_id, method->id) ||
	    !copy_text(plan->method_name, sizeof plan->method_name, method->name) ||
	    !copy_text(plan->method_source, sizeof plan->method_source, method->source))
		return error_set(error, EINVAL, _("the method's name is too long"));
	int status = plan_parse_verify(verify, &plan->verify, &plan->sample_percent, error);
	if (status == 0)
		status = crypto_random(plan->seed, sizeof plan->seed, error);
	for (uint32_t i = 0; status == 0 && i < plan->pass_count; i++) {
		plan->passes[i].pattern = method->passes[i];
		if (plan->passes[i].pattern.random)
			status = crypto_random(plan->passes[i].key, sizeof plan->passes[i].key, error);
	}
	return status;
}

size_t plan_steps(const struct wipe_plan *plan, struct step steps[STEPS_MAXIMUM])
{
	size_t count = 0;
	for (uint32_t pass = 0; pass < plan->pass_count; pass++) {
		bool last = pass + 1 == plan->pass_count;
		bool stamped = last && !plan->passes[pass].pattern.random && plan->verify != VERIFY_NONE;
		steps[count++] = (struct step){STEP_WRITE, pass};
		if (stamped)
			steps[count++] = (struct step){STEP_STAMP, pass};
		if (plan->verify == VERIFY_ALL || (last && plan->verify != VERIFY_NONE))
			steps[count++] = (struct step){STEP_VERIFY, pass};
		if (stamped)
			steps[count++] = (struct step){STEP_UNSTAMP, pass};
	}
	return count;
}

static json_t *hex_json(const unsigned char *bytes, size_t length)
{
	CLEANUP_BUFFER struct buffer text = BUFFER_EMPTY;
	text_append_hex(&text, bytes, length);
	return json_string(buffer_text(&text));
}

static json_t *passes_to_json(const struct wipe_plan *plan)
{
	json_t *list = json_array();
	for (uint32_t i = 0; i < plan->pass_count; i++) {
		const struct planned_pass *pass = &plan->passes[i];
		char pattern[2 * PATTERN_MAXIMUM_BYTES + 1];
		pattern_format(&pass->pattern, pattern);
		json_t *item = json_pack("{s:s}", "pattern", pattern);
		if (pass->pattern.random)
			json_object_set_new(item, "key", hex_json(pass->key, sizeof pass->key));
		json_array_append_new(list, item);
	}
	return list;
}

json_t *plan_to_json(const struct wipe_plan *plan)
{
	json_t *verification = json_pack("{s:s, s:o}", "mode", verify_words[plan->verify], "seed",
	    hex_json(plan->seed, sizeof plan->seed));
	if (plan->verify == VERIFY_SAMPLE)
		json_object_set_new(verification, "percent", json_integer(plan->sample_percent));
	return json_pack("{s:{s:s, s:s, s:s, s:s}, s:o, s:o, s:i, s:o, s:i}", "method", "id", plan->method_id,
	    "name", plan->method_name, "source", plan->method_source, "technique", "overwrite", "passes",
	    passes_to_json(plan), "verification", verification, "retries", (int)plan->retries, "size_bytes",
	    json_from_count(plan->size_bytes), "logical_block_bytes", (int)plan->block_bytes);
}

static int damaged(struct error *error, const char *member)
{
	return error_set(error, EBADMSG, _("the recorded plan has no usable '%s'"), member);
}

static int read_passes(const json_t *list, struct wipe_plan *plan, struct error *error)
{
	size_t count = json_array_size(list);
	if (count == 0 || count > METHOD_MAXIMUM_PASSES)
		return damaged(error, "passes");
	plan->pass_count = (uint32_t)count;
	for (size_t i = 0; i < count; i++) {
		const json_t *item = json_array_get(list, i);
		struct planned_pass *pass = &plan->passes[i];
		if (pattern_parse(json_text(item, "pattern", ""), &pass->pattern, error) < 0 ||
		    (pass->pattern.random &&
			text_read_hex(json_text(item, "key", ""), pass->key, sizeof pass->key) < 0))
			return damaged(error, "passes");
	}
	return 0;
}

static int read_verification(const json_t *json, struct wipe_plan *plan, struct error *error)
{
	const char *word = json_text(json, "mode", "");
	size_t mode = 0;
	while (mode < LENGTH_OF(verify_words) && strcmp(verify_words[mode], word) != 0)
		mode++;
	plan->sample_percent = (uint32_t)json_count(json, "percent", 0);
	if (mode == LENGTH_OF(verify_words) ||
	    (mode == VERIFY_SAMPLE && (plan->sample_percent < 1 || plan->sample_percent > 100)) ||
	    text_read_hex(json_text(json, "seed", ""), plan->seed, sizeof plan->seed) < 0)
		return damaged(error, "verification");
	plan->verify = (enum verify_mode)mode;
	return 0;
}

int plan_from_json(const json_t *json, struct wipe_plan *plan, struct error *error)
{
	const json_t *method = json_object_get(json, "method");
	*plan = (struct wipe_plan){.retries = (uint32_t)json_count(json, "retries", 0),
	    .size_bytes = json_count(json, "size_bytes", 0),
	    .block_bytes = (uint32_t)json_count(json, "logical_block_bytes", 0)};
	if (!copy_text(plan->method_id, sizeof plan->method_id, json_text(method, "id", "")) ||
	    !copy_text(plan->method_name, sizeof plan->method_name, json_text(method, "name", "")) ||
	    !copy_text(plan->method_source, sizeof plan->method_source, json_text(method, "source", "")))
		return damaged(error, "method");
	if (plan->size_bytes == 0 || plan->block_bytes < 512 || plan->block_bytes > 65536 ||
	    (plan->block_bytes & (plan->block_bytes - 1)) || plan->retries > 10)
		return damaged(error, "size_bytes");
	int status = read_passes(json_object_get(json, "passes"), plan, error);
	if (status == 0)
		status = read_verification(json_object_get(json, "verification"), plan, error);
	return status;
}
