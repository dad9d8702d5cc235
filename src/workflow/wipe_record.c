/* What the register is told of a wipe. */
#include "src/workflow/wipe_internal.h"

#include "certs/page.h"
#include "src/base/json.h"

#include <string.h>

static json_t *organisation(const struct wipe_job *job)
{
	const struct policy *policy = job->batch->policy;
	return json_pack("{s:o, s:o, s:o, s:o}", "name",
	    json_from_bytes(policy_text(policy, "organisation", "name")), "department",
	    json_from_bytes(policy_text(policy, "organisation", "department")), "contact",
	    json_from_bytes(policy_text(policy, "organisation", "contact")), "place",
	    json_from_bytes(job->place));
}

static json_t *operator_json(const struct wipe_batch *batch)
{
	return json_pack("{s:o, s:o}", "name", json_from_bytes(batch->operator_name), "title",
	    json_from_bytes(batch->operator_title));
}

/* The register's name without its domain. */
static json_t *station(const struct wipe_batch *batch)
{
	const char *origin = register_origin(batch->reg);
	return json_stringn(origin, strcspn(origin, "."));
}

static json_t *contents(const struct medium *medium)
{
	json_t *list = json_array();
	for (size_t i = 0; i < medium->content_count; i++) {
		const struct medium_content *content = &medium->contents[i];
		json_array_append_new(list,
		    json_pack("{s:o, s:o, s:o, s:o, s:o}", "device", json_from_bytes(content->device),
			"usage", json_from_bytes(content->usage), "type", json_from_bytes(content->type),
			"label", json_from_bytes(content->label), "uuid", json_from_bytes(content->uuid)));
	}
	return list;
}

static json_t *medium_json(const struct medium *medium)
{
	json_t *json =
	    json_pack("{s:o, s:o, s:o, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:i, s:i, s:b, s:b, s:o}",
		"path", json_from_bytes(medium->path), "name", json_from_bytes(medium->name), "by_id",
		json_from_bytes(medium->by_id), "bus", medium_bus_word(medium->bus), "kind",
		medium_kind_word(medium->kind), "vendor", json_from_bytes(medium->vendor), "model",
		json_from_bytes(medium->model), "serial", json_from_bytes(medium->serial), "wwn",
		json_from_bytes(medium->wwn), "firmware", json_from_bytes(medium->firmware), "size_bytes",
		json_from_count(medium->size_bytes), "logical_block_bytes", (int)medium->logical_block_bytes,
		"physical_block_bytes", (int)medium->physical_block_bytes, "rotational",
		(int)medium->rotational, "removable", (int)medium->removable, "contents", contents(medium));
	if (json && medium->backing_file)
		json_object_set_new(json, "backing_file", json_from_bytes(medium->backing_file));
	return json;
}

/* What intent and outcome have in common. */
static void add_context(json_t *body, const struct wipe_job *job)
{
	json_object_set_new(body, "station", station(job->batch));
	json_object_set_new(body, "organisation", organisation(job));
	json_object_set_new(body, "operator", operator_json(job->batch));
	json_object_set_new(body, "asset", json_from_bytes(job->asset));
	json_object_set_new(body, "confidentiality", json_from_bytes(job->confidentiality));
	json_object_set_new(body, "medium", medium_json(&job->guarded.medium));
}

json_t *wipe_record_planned(const struct wipe_job *job)
{
	json_t *body = plan_to_json(&job->plan);
	if (!body)
		return NULL;
	json_object_set_new(body, "format", json_string("kiyome-wipe-plan-1"));
	json_object_set_new(body, "identity", media_identity_to_json(&job->guarded.identity));
	json_object_set_new(body, "image", json_boolean(job->guard.image));
	json_object_set_new(body, "partition", json_boolean(job->guard.partition));
	json_object_set_new(body, "target", json_from_bytes(job->target));
	add_context(body, job);
	return body;
}

json_t *wipe_record_finished(const struct wipe_job *job, const struct verdict *verdict)
{
	char now[CLOCK_TEXT_SIZE];
	json_t *planned = plan_to_json(&job->plan);
	json_t *body = state_to_json(&job->plan, &job->state);
	if (!planned || !body) {
		json_decref(planned);
		json_decref(body);
		return NULL;
	}
	clock_now(now);
	json_object_del(body, "position");
	json_object_del(body, "stop");
	json_object_set(body, "method", json_object_get(planned, "method"));
	json_decref(planned);
	json_object_set_new(body, "format", json_string("kiyome-wipe-1"));
	json_object_set_new(body, "intent", json_from_count(job->intent));
	json_object_set_new(body, "result", json_string(verdict_result_word(verdict->result)));
	json_object_set_new(body, "level", json_string(verdict_level_word(verdict->level)));
	json_object_set(body, "reasons", verdict->reasons);
	json_object_set_new(body, "limits", verdict_limits(&job->plan, &job->state, &job->guarded.medium));
	json_object_set_new(body, "resumed", json_integer(job->resumed));
	json_object_set_new(body, "started", json_string(job->started));
	json_object_set_new(body, "finished", json_string(now));
	json_object_set_new(
	    body, "tool", json_pack("{s:s, s:s}", "name", "Kiyome", "version", KIYOME_VERSION));
	json_object_set_new(body, "renderer", page_describe_renderer());
	add_context(body, job);
	return body;
}
