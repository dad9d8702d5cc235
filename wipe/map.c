#include "wipe/map.h"

#include "src/base/json.h"

void map_start(struct speed_map *map, uint64_t size_bytes, uint32_t block_bytes)
{
	uint64_t blocks = (size_bytes + block_bytes - 1) / block_bytes;
	uint64_t cell_blocks = (blocks + MAP_CELLS_MAXIMUM - 1) / MAP_CELLS_MAXIMUM;
	*map = (struct speed_map){.cell_bytes = cell_blocks * block_bytes,
	    .cell_count = (uint32_t)((blocks + cell_blocks - 1) / cell_blocks)};
}

static struct map_cell *cell_of(struct speed_map *map, uint64_t offset_bytes)
{
	uint64_t index = offset_bytes / map->cell_bytes;
	return &map->cells[index < map->cell_count ? index : map->cell_count - 1];
}

/* Each cell of the span gets its share, so that the speed is that of what was moved in it. */
void map_meter_flush(struct map_meter *meter, struct speed_map *map)
{
	uint64_t span = meter->end_bytes - meter->first_bytes;
	double share = span ? (double)meter->moved_bytes / (double)span : 0;
	double ns_per_byte = span ? (double)meter->elapsed_ns / (double)span : 0;
	for (uint64_t at = meter->first_bytes; at < meter->end_bytes;) {
		uint64_t in_cell = map->cell_bytes - at % map->cell_bytes;
		uint64_t part = meter->end_bytes - at < in_cell ? meter->end_bytes - at : in_cell;
		struct map_cell *cell = cell_of(map, at);
		*(meter->reading ? &cell->read_bytes : &cell->write_bytes) +=
		    (uint64_t)((double)part * share);
		*(meter->reading ? &cell->read_ns : &cell->write_ns) +=
		    (uint64_t)((double)part * ns_per_byte);
		at += part;
	}
	*meter = (struct map_meter){.reading = meter->reading};
}

void map_meter_add(struct map_meter *meter, struct speed_map *map, uint64_t offset_bytes,
    uint64_t length_bytes, uint64_t elapsed_ns)
{
	static const uint64_t enough_ns = 20000000;
	bool first = meter->end_bytes == 0;
	if (first || offset_bytes < meter->first_bytes)
		meter->first_bytes = offset_bytes;
	if (offset_bytes + length_bytes > meter->end_bytes)
		meter->end_bytes = offset_bytes + length_bytes;
	meter->moved_bytes += length_bytes;
	meter->elapsed_ns += elapsed_ns;
	if (meter->elapsed_ns >= enough_ns)
		map_meter_flush(meter, map);
}

void map_add_error(struct speed_map *map, uint64_t offset_bytes)
{
	cell_of(map, offset_bytes)->errors++;
}

/* Bytes a microsecond are megabytes a second: times 1000 for kilobytes. */
static json_t *rate(uint64_t bytes, uint64_t ns)
{
	return json_from_count(ns ? (uint64_t)((double)bytes * 1e6 / (double)ns) : 0);
}

json_t *map_to_json(const struct speed_map *map)
{
	json_t *errors = json_array();
	json_t *reads = json_array();
	json_t *writes = json_array();
	for (uint32_t i = 0; i < map->cell_count; i++) {
		const struct map_cell *cell = &map->cells[i];
		json_array_append_new(errors, json_from_count(cell->errors));
		json_array_append_new(reads, rate(cell->read_bytes, cell->read_ns));
		json_array_append_new(writes, rate(cell->write_bytes, cell->write_ns));
	}
	return json_pack("{s:o, s:o, s:o, s:o}", "cell_bytes", json_from_count(map->cell_bytes), "errors",
	    errors, "read_kb_s", reads, "write_kb_s", writes);
}

static uint64_t element(const json_t *object, const char *key, size_t index)
{
	json_int_t value = json_integer_value(json_array_get(json_object_get(object, key), index));
	return value > 0 ? (uint64_t)value : 0;
}

void map_from_json(const json_t *json, struct speed_map *map)
{
	enum { MILLISECOND_NS = 1000000 };
	for (uint32_t i = 0; i < map->cell_count; i++) {
		struct map_cell *cell = &map->cells[i];
		cell->errors = (uint32_t)element(json, "errors", i);
		cell->read_bytes = element(json, "read_kb_s", i);
		cell->read_ns = cell->read_bytes ? MILLISECOND_NS : 0;
		cell->write_bytes = element(json, "write_kb_s", i);
		cell->write_ns = cell->write_bytes ? MILLISECOND_NS : 0;
	}
}
