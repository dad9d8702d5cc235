#include "src/media/medium.h"

#include "src/base/json.h"

#include <sys/sysmacros.h>

static json_t *number_to_json(dev_t number)
{
	return json_sprintf("%u:%u", major(number), minor(number));
}

static json_t *contents_to_json(const struct medium *medium)
{
	json_t *array = json_array();
	for (size_t i = 0; i < medium->content_count; i++) {
		const struct medium_content *content = &medium->contents[i];
		(void)json_array_append_new(array,
		    json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "device", json_from_bytes(content->device),
			"usage", json_from_bytes(content->usage), "type", json_from_bytes(content->type),
			"label", json_from_bytes(content->label), "uuid", json_from_bytes(content->uuid),
			"version", json_from_bytes(content->version)));
	}
	return array;
}

static json_t *partitions_to_json(const struct medium *medium)
{
	json_t *array = json_array();
	for (size_t i = 0; i < medium->partition_count; i++) {
		const struct medium_partition *partition = &medium->partitions[i];
		(void)json_array_append_new(array,
		    json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "name", json_from_bytes(partition->name),
			"path", json_from_bytes(partition->path), "number", number_to_json(partition->number),
			"index", json_from_count(partition->index), "start_bytes",
			json_from_count(partition->start_bytes), "length_bytes",
			json_from_count(partition->length_bytes)));
	}
	return array;
}

static json_t *obstacles_to_json(const struct medium *medium)
{
	json_t *array = json_array();
	for (size_t i = 0; i < medium->obstacle_count; i++) {
		const struct medium_obstacle *obstacle = &medium->obstacles[i];
		struct error why = {0};
		medium_explain_obstacle(medium, obstacle, &why);
		(void)json_array_append_new(
		    array, json_pack("{s:s, s:o, s:o, s:o}", "use", medium_use_word(obstacle->use), "device",
			       json_from_bytes(obstacle->device), "where", json_from_bytes(obstacle->where),
			       "explanation", json_from_bytes(why.sentence)));
	}
	return array;
}

static json_t *texts_to_json(char *const *texts, size_t count)
{
	json_t *array = json_array();
	for (size_t i = 0; i < count; i++)
		(void)json_array_append_new(array, json_from_bytes(texts[i]));
	return array;
}

static json_t *identity_members(const struct medium *medium)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o}", "path",
	    json_from_bytes(medium->path), "name", json_from_bytes(medium->name), "by_id",
	    json_from_bytes(medium->by_id), "number",
	    medium->kind == KIND_IMAGE ? json_null() : number_to_json(medium->number), "bus",
	    medium_bus_word(medium->bus), "kind", medium_kind_word(medium->kind), "vendor",
	    json_from_bytes(medium->vendor), "model", json_from_bytes(medium->model), "serial",
	    json_from_bytes(medium->serial), "wwn", json_from_bytes(medium->wwn), "firmware",
	    json_from_bytes(medium->firmware), "backing_file", json_from_bytes(medium->backing_file));
}

static json_t *property_members(const struct medium *medium)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:b, s:b, s:b, s:b, s:b, s:o, s:b, s:o}", "size_bytes",
	    json_from_count(medium->size_bytes), "logical_block_bytes",
	    json_from_count(medium->logical_block_bytes), "physical_block_bytes",
	    json_from_count(medium->physical_block_bytes), "disk_sequence",
	    medium->disk_sequence ? json_from_count(medium->disk_sequence) : json_null(), "is_partition",
	    medium->is_partition, "rotational", medium->rotational, "removable", medium->removable,
	    "read_only", medium->read_only, "discard", medium->discard, "zoned",
	    json_from_bytes(medium->zoned), "erasable", medium->obstacle_count == 0, "confirm",
	    json_from_bytes(medium_confirmation(medium)));
}

json_t *medium_to_json(const struct medium *medium)
{
	json_t *whole = identity_members(medium);
	json_t *properties = property_members(medium);
	int status = whole && properties ? json_object_update(whole, properties) : -1;
	json_decref(properties);
	if (status == 0)
		status =
		    json_object_set_new(whole, "contents", contents_to_json(medium)) |
		    json_object_set_new(whole, "partitions", partitions_to_json(medium)) |
		    json_object_set_new(whole, "mounts", texts_to_json(medium->mounts, medium->mount_count)) |
		    json_object_set_new(whole, "obstacles", obstacles_to_json(medium)) |
		    json_object_set_new(
			whole, "missing", texts_to_json(medium->missing, medium->missing_count));
	if (status != 0) {
		json_decref(whole);
		return NULL;
	}
	return whole;
}
