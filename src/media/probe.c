#include "src/media/probe.h"

#include "src/base/cleanup.h"
#include "src/base/json.h"
#include "src/base/worker.h"

#include <blkid/blkid.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	TIMEOUT_MS = 10000,
	FINDINGS_PER_DEVICE = 32, /* a medium made to look like everything must not fill the memory */
	TEXT_LIMIT = 1024,
};

struct probe_request {
	const struct probe_source *sources;
	size_t count;
};

/* ── In the sandbox ── */

static json_t *value_of(blkid_probe probe, const char *name)
{
	const char *data = NULL;
	size_t length = 0;
	if (blkid_probe_lookup_value(probe, name, &data, &length) < 0 || !data || !data[0])
		return json_null();
	CLEANUP_FREE char *text = strndup(data, length);
	return json_from_bytes(text);
}

/* What blkid_do_probe() found last: a superblock or a partition table. */
static void append_finding(blkid_probe probe, size_t source, json_t *findings)
{
	bool table = blkid_probe_has_value(probe, "PTTYPE");
	if (!table && !blkid_probe_has_value(probe, "TYPE"))
		return;
	json_t *type = value_of(probe, table ? "PTTYPE" : "TYPE");
	json_t *uuid = value_of(probe, table ? "PTUUID" : "UUID");
	json_t *usage = table ? json_string("partition-table") : value_of(probe, "USAGE");
	(void)json_array_append_new(findings,
	    json_pack("{s:I, s:o, s:o, s:o, s:o, s:o}", "source", (json_int_t)source, "type", type, "uuid",
		uuid, "usage", usage, "label", table ? json_null() : value_of(probe, "LABEL"), "version",
		table ? json_null() : value_of(probe, "VERSION")));
}

static void probe_source(const struct probe_source *source, size_t index, json_t *findings)
{
	blkid_probe probe = blkid_new_probe();
	if (!probe)
		return;
	if (blkid_probe_set_device(probe, source->descriptor, 0, 0) == 0 &&
	    blkid_probe_enable_superblocks(probe, 1) == 0 &&
	    blkid_probe_set_superblocks_flags(probe, BLKID_SUBLKS_LABEL | BLKID_SUBLKS_UUID |
							 BLKID_SUBLKS_TYPE | BLKID_SUBLKS_USAGE |
							 BLKID_SUBLKS_VERSION) == 0 &&
	    blkid_probe_enable_partitions(probe, 1) == 0)
		for (int i = 0; i < FINDINGS_PER_DEVICE && blkid_do_probe(probe) == 0; i++)
			append_finding(probe, index, findings);
	blkid_free_probe(probe);
}

static int probe_in_sandbox(struct worker_channel *channel, void *argument, struct error *error)
{
	const struct probe_request *request = argument;
	CLEANUP_BUFFER struct buffer answer = BUFFER_EMPTY;
	json_t *findings = json_array();
	for (size_t i = 0; i < request->count; i++)
		probe_source(&request->sources[i], i, findings);
	int status = json_write_canonical(findings, &answer, error);
	json_decref(findings);
	if (status == 0)
		worker_send_result(channel, answer.data, answer.length);
	return status;
}

/* ── In the parent ── */

/* A member's text in writable memory of its own; NULL when it is absent, no string or senselessly long. */
static char *text_of(const json_t *finding, const char *key)
{
	const char *text = json_text(finding, key, NULL);
	return text && text[0] && strlen(text) <= TEXT_LIMIT ? strdup(text) : NULL;
}

/* The same thing found twice (a backup superblock, a second copy of a table) is one content. */
static bool is_known(const struct medium *medium, const struct medium_content *content)
{
	for (size_t i = 0; i < medium->content_count; i++) {
		const struct medium_content *known = &medium->contents[i];
		if (strcmp(known->device, content->device) == 0 && strcmp(known->type, content->type) == 0)
			return true;
	}
	return false;
}

static int take_finding(
    const json_t *finding, const struct probe_source *source, struct medium *medium, struct error *error)
{
	CLEANUP_FREE char *device = strdup(source->device);
	CLEANUP_FREE char *type = text_of(finding, "type");
	CLEANUP_FREE char *usage = text_of(finding, "usage");
	CLEANUP_FREE char *label = text_of(finding, "label");
	CLEANUP_FREE char *uuid = text_of(finding, "uuid");
	CLEANUP_FREE char *version = text_of(finding, "version");
	struct medium_content content = {.device = device,
	    .usage = usage ? usage : (char[]){"other"},
	    .type = type,
	    .label = label,
	    .uuid = uuid,
	    .version = version};
	if (!device || !type || is_known(medium, &content))
		return 0;
	return medium_add_content(medium, &content, error);
}

int probe_take_answer(const char *text, size_t length, const struct probe_source *sources, size_t count,
    struct medium *medium, struct error *error)
{
	json_t *findings = NULL;
	int status =
	    json_parse_strict(text, length, _("what the medium's superblocks say"), &findings, error);
	if (status < 0)
		return status;
	if (!json_is_array(findings) || json_array_size(findings) > count * FINDINGS_PER_DEVICE)
		status = error_set(error, EBADMSG, _("what the medium's superblocks say is senseless"));
	for (size_t i = 0; status == 0 && i < json_array_size(findings); i++) {
		const json_t *finding = json_array_get(findings, i);
		uint64_t source = json_count(finding, "source", UINT64_MAX);
		if (source < count)
			status = take_finding(finding, &sources[source], medium, error);
	}
	json_decref(findings);
	return status;
}

int probe_read_contents(
    const struct probe_source *sources, size_t count, struct medium *medium, struct error *error)
{
	CLEANUP_BUFFER struct buffer answer = BUFFER_EMPTY;
	CLEANUP_FREE int *descriptors = calloc(count + 1, sizeof *descriptors);
	struct probe_request request = {.sources = sources, .count = count};
	if (!descriptors)
		return error_set(error, ENOMEM, _("out of memory"));
	for (size_t i = 0; i < count; i++)
		descriptors[i] = sources[i].descriptor;
	const struct worker_options options = {
	    .rights = WORKER_SANDBOXED, .descriptors = descriptors, .descriptor_count = count};
	int status = worker_call(&options, probe_in_sandbox, &request, TIMEOUT_MS, &answer, error);
	if (status < 0)
		return error_prefix(error, _("could not read what %s holds"), medium->path);
	return probe_take_answer(buffer_text(&answer), answer.length, sources, count, medium, error);
}
