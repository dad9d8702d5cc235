#include "src/base/json.h"

#include "src/base/text.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

enum { MAXIMUM_DEPTH = 64 };

static bool is_plain_key(const char *key)
{
	for (; *key; key++)
		if ((unsigned char)*key < 0x20 || (unsigned char)*key > 0x7e)
			return false;
	return true;
}

/* Says why the value has no canonical form, or NULL. */
static const char *find_uncanonical(const json_t *value, int depth)
{
	if (depth > MAXIMUM_DEPTH)
		return N_("it is nested too deeply");
	switch (json_typeof(value)) {
	case JSON_REAL:
		return N_("it holds a number that is not an integer");
	case JSON_INTEGER:
		if (json_integer_value(value) > JSON_INTEGER_MAX ||
		    json_integer_value(value) < -JSON_INTEGER_MAX)
			return N_("it holds an integer beyond 2^53 - 1");
		return NULL;
	case JSON_ARRAY:
		for (size_t i = 0; i < json_array_size(value); i++) {
			const char *reason = find_uncanonical(json_array_get(value, i), depth + 1);
			if (reason)
				return reason;
		}
		return NULL;
	case JSON_OBJECT: {
		const char *key;
		json_t *member;
		json_object_foreach((json_t *)value, key, member)
		{
			if (!is_plain_key(key))
				return N_("it has a key outside ASCII");
			const char *reason = find_uncanonical(member, depth + 1);
			if (reason)
				return reason;
		}
		return NULL;
	}
	case JSON_STRING:
	case JSON_TRUE:
	case JSON_FALSE:
	case JSON_NULL:
		break;
	}
	return NULL;
}

int json_parse_strict(const char *text, size_t length, const char *what, json_t **value, struct error *error)
{
	json_error_t cause;
	json_t *parsed = json_loadb(text, length, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &cause);
	if (!parsed)
		return error_set(error, EBADMSG, _("%s is not valid JSON: line %d, column %d: %s"), what,
		    cause.line, cause.column, cause.text);
	const char *reason = find_uncanonical(parsed, 0);
	if (reason) {
		json_decref(parsed);
		return error_set(error, EBADMSG, _("%s is not accepted: %s"), what, _(reason));
	}
	*value = parsed;
	return 0;
}

/* jansson writes control characters as \u001F, RFC 8785 §3.2.2.2 wants \u001f. */
static void lower_case_escapes(char *text, size_t length)
{
	for (size_t i = 0; i + 1 < length; i++) {
		if (text[i] != '\\')
			continue;
		if (text[i + 1] == 'u')
			for (size_t k = i + 2; k < i + 6 && k < length; k++)
				if (text[k] >= 'A' && text[k] <= 'F')
					text[k] = (char)(text[k] - 'A' + 'a');
		i++;
	}
}

static int append_dump(const json_t *value, size_t flags, struct buffer *out, struct error *error)
{
	CLEANUP_FREE char *text = json_dumps(value, flags | JSON_ENCODE_ANY);
	if (!text)
		return error_set(error, ENOMEM, _("out of memory while writing JSON"));
	size_t length = strlen(text);
	lower_case_escapes(text, length);
	buffer_append(out, text, length);
	return buffer_check(out, error);
}

int json_write_canonical(const json_t *value, struct buffer *out, struct error *error)
{
	const char *reason = find_uncanonical(value, 0);
	if (reason)
		return error_set(error, EINVAL, _("this record has no canonical form: %s"), _(reason));
	return append_dump(value, JSON_COMPACT | JSON_SORT_KEYS, out, error);
}

int json_write_pretty(const json_t *value, struct buffer *out, struct error *error)
{
	return append_dump(value, JSON_INDENT(2), out, error);
}

const char *json_text(const json_t *object, const char *key, const char *fallback)
{
	const char *text = json_string_value(json_object_get(object, key));
	return text ? text : fallback;
}

uint64_t json_count(const json_t *object, const char *key, uint64_t fallback)
{
	const json_t *value = json_object_get(object, key);
	if (!json_is_integer(value) || json_integer_value(value) < 0)
		return fallback;
	return (uint64_t)json_integer_value(value);
}

json_t *json_from_count(uint64_t count)
{
	return count > (uint64_t)JSON_INTEGER_MAX ? json_null() : json_integer((json_int_t)count);
}

json_t *json_from_bytes(const char *text)
{
	if (!text)
		return json_null();
	CLEANUP_BUFFER struct buffer valid = BUFFER_EMPTY;
	text_append_valid(&valid, text, strlen(text));
	return json_string(buffer_text(&valid));
}
