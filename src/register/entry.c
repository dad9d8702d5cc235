#include "src/register/internal.h"

#include "src/base/clock.h"
#include "src/base/json.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

static const struct {
	const char *name;
	json_type type;
} members[] = {
    {"actor", JSON_OBJECT},
    {"body", JSON_OBJECT},
    {"kind", JSON_STRING},
    {"seq", JSON_INTEGER},
    {"subject", JSON_STRING},
    {"time", JSON_STRING},
};

const char *entry_find_fault(const json_t *entry)
{
	time_t seconds;
	if (!json_is_object(entry) || json_object_size(entry) != LENGTH_OF(members))
		return N_("it does not have the six members of an entry");
	for (size_t i = 0; i < LENGTH_OF(members); i++) {
		const json_t *member = json_object_get(entry, members[i].name);
		if (!member || json_typeof(member) != members[i].type)
			return N_("it does not have the six members of an entry");
	}
	if (clock_parse(json_text(entry, "time", ""), &seconds) < 0)
		return N_("its time is not a time");
	return NULL;
}

int entry_build(uint64_t seq, const char *kind, const struct actor *actor, const char *subject,
    const json_t *body, struct register_entry *entry, struct error *error)
{
	char now[CLOCK_TEXT_SIZE];
	clock_now(now);
	entry->seq = seq;
	entry->json = json_pack("{s:o, s:o, s:s, s:o, s:o, s:s}", "actor", actor_to_json(actor), "body",
	    json_deep_copy(body), "kind", kind, "seq", json_from_count(seq), "subject",
	    json_from_bytes(subject ? subject : ""), "time", now);
	if (!entry->json)
		return error_set(error, ENOMEM, _("out of memory"));
	const char *fault = entry_find_fault(entry->json);
	if (fault)
		return error_set(error, EINVAL, _("this is no entry: %s"), _(fault));
	return json_write_canonical(entry->json, &entry->canonical, error);
}

static int find_change(uint64_t seq, const char *reason, struct error *error)
{
	error_finding(error, EBADMSG, _("entry %" PRIu64 " of the register was changed: %s"), seq, reason);
	error_advise(error, _("`kiyome register verify` tells everything that is wrong"));
	return error->code;
}

int entry_from_row(sqlite3_stmt *row, struct register_entry *entry, struct error *error)
{
	size_t text_length;
	size_t hash_length;
	struct merkle_hash hash;
	const char *text = store_column(row, 1, &text_length);
	const void *stored_hash = store_column(row, 2, &hash_length);
	entry->seq = (uint64_t)sqlite3_column_int64(row, 0);
	int status = merkle_hash_leaf(text, text_length, &hash, error);
	if (status < 0)
		return status;
	if (hash_length != sizeof hash.bytes || memcmp(hash.bytes, stored_hash, hash_length) != 0)
		return find_change(entry->seq, _("it does not have its hash"), error);
	if (json_parse_strict(text, text_length, _("the entry"), &entry->json, error) < 0 ||
	    entry_find_fault(entry->json) || json_count(entry->json, "seq", UINT64_MAX) != entry->seq)
		return find_change(entry->seq, _("it is no entry"), error);
	buffer_append(&entry->canonical, text, text_length);
	return buffer_check(&entry->canonical, error);
}

void register_entry_release(struct register_entry *entry)
{
	buffer_release(&entry->canonical);
	json_decref(entry->json);
	*entry = (struct register_entry){0};
}
