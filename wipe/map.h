/* The small picture of a run: how fast each part of the medium was written and read back, and where it
 * failed. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

enum { MAP_CELLS_MAXIMUM = 240 };

struct map_cell {
	uint64_t write_bytes, write_ns;
	uint64_t read_bytes, read_ns;
	uint32_t errors;
};

struct speed_map {
	uint64_t cell_bytes;
	uint32_t cell_count;
	struct map_cell cells[MAP_CELLS_MAXIMUM];
};

/* At most MAP_CELLS_MAXIMUM equal cells of whole blocks over the medium (the last one may be shorter). */
void map_start(struct speed_map *map, uint64_t size_bytes, uint32_t block_bytes);

/* Transfers end in bursts: a meter gathers them until enough time has passed to tell a speed. */
struct map_meter {
	bool reading;
	uint64_t first_bytes; /* span of what was gathered */
	uint64_t end_bytes;
	uint64_t moved_bytes;
	uint64_t elapsed_ns;
};

/* A range was written (or read), and elapsed_ns passed since the one before. */
void map_meter_add(struct map_meter *meter, struct speed_map *map, uint64_t offset_bytes,
    uint64_t length_bytes, uint64_t elapsed_ns);
/* Puts what was gathered onto the map. */
void map_meter_flush(struct map_meter *meter, struct speed_map *map);

void map_add_error(struct speed_map *map, uint64_t offset_bytes);

/* {"cell_bytes", "errors", "read_kb_s", "write_kb_s"}; and back, as far as that form tells. */
json_t *map_to_json(const struct speed_map *map);
void map_from_json(const json_t *json, struct speed_map *map);
