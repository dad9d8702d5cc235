#include "certs/page_parts.h"
#include "src/base/json.h"
#include "src/base/text.h"

#include <inttypes.h>

#define BAND_HEIGHT 38.0
#define BAND_LEFT (CANVAS_LEFT + 42)
#define BAND_WIDTH (CANVAS_RIGHT - BAND_LEFT)

enum { CELLS_MAXIMUM = 240 };

static const struct ink ink_write = {0.20, 0.33, 0.50};
static const struct ink ink_area = {0.925, 0.94, 0.955};
static const struct ink ink_read = {0.55, 0.62, 0.70};
static const struct ink ink_error = {0.75, 0.10, 0.10};

static uint64_t cell_of(const json_t *cells, size_t index)
{
	const json_t *cell = json_array_get(cells, index);
	return json_is_integer(cell) && json_integer_value(cell) > 0 ? (uint64_t)json_integer_value(cell) : 0;
}

static uint64_t find_highest(const json_t *cells, uint64_t highest)
{
	for (size_t i = 0; i < json_array_size(cells) && i < CELLS_MAXIMUM; i++)
		if (cell_of(cells, i) > highest)
			highest = cell_of(cells, i);
	return highest;
}

/* The next of 1, 2, 5, 10 … megabytes a second above the highest, in kilobytes. */
static uint64_t choose_scale(uint64_t highest)
{
	static const uint64_t steps[] = {1, 2, 5};
	for (uint64_t decade = 1000; decade < UINT64_MAX / 100; decade *= 10)
		for (size_t i = 0; i < LENGTH_OF(steps); i++)
			if (highest <= steps[i] * decade)
				return steps[i] * decade;
	return highest;
}

/* The speed as an area under the line; nothing where it was not measured. */
static void fill_area(struct canvas *canvas, const json_t *cells, size_t count, double top, uint64_t scale,
    const struct ink *ink)
{
	canvas_set_ink(canvas, ink);
	for (size_t i = 0; i < count; i++) {
		double height = BAND_HEIGHT * (double)cell_of(cells, i) / (double)scale;
		cairo_rectangle(canvas->cairo, BAND_LEFT + BAND_WIDTH * (double)i / (double)count,
		    top + BAND_HEIGHT - height, BAND_WIDTH / (double)count, height);
	}
	cairo_fill(canvas->cairo);
}

/* A thin line over the cells; a cell that was not measured leaves a gap. */
static void draw_line(struct canvas *canvas, const json_t *cells, size_t count, double top, uint64_t scale,
    const struct ink *ink)
{
	bool drawing = false;
	canvas_set_ink(canvas, ink);
	cairo_set_line_width(canvas->cairo, 0.7);
	cairo_set_line_join(canvas->cairo, CAIRO_LINE_JOIN_ROUND);
	for (size_t i = 0; i < count; i++) {
		uint64_t speed = cell_of(cells, i);
		double x = BAND_LEFT + BAND_WIDTH * ((double)i + 0.5) / (double)count;
		double y = top + BAND_HEIGHT * (1 - (double)speed / (double)scale);
		if (speed && drawing)
			cairo_line_to(canvas->cairo, x, y);
		else if (speed)
			cairo_move_to(canvas->cairo, x, y);
		drawing = speed != 0;
	}
	cairo_stroke(canvas->cairo);
}

static void draw_errors(struct canvas *canvas, const json_t *cells, size_t count, double top)
{
	canvas_set_ink(canvas, &ink_error);
	for (size_t i = 0; i < count; i++) {
		if (!cell_of(cells, i))
			continue;
		double x = BAND_LEFT + BAND_WIDTH * ((double)i + 0.5) / (double)count;
		cairo_rectangle(canvas->cairo, x - 0.5, top, 1.0, BAND_HEIGHT + 3);
	}
	cairo_fill(canvas->cairo);
}

static void draw_axes(struct page *page, double top, uint64_t scale)
{
	struct canvas *canvas = &page->canvas;
	uint64_t bytes = json_count(json_object_get(page->body, "medium"), "size_bytes", 0);
	char speed[48];
	(void)snprintf(speed, sizeof speed, "%" PRIu64 " MB/s", scale / 1000);
	canvas_rule(canvas, BAND_LEFT, CANVAS_RIGHT, top, 0.3, &ink_rule);
	canvas_rule(canvas, BAND_LEFT, CANVAS_RIGHT, top + BAND_HEIGHT / 2, 0.3, &ink_rule);
	canvas_rule(canvas, BAND_LEFT, CANVAS_RIGHT, top + BAND_HEIGHT, 0.5, &ink_faint);
	canvas_text(canvas, &style_label_english, SIDE_RIGHT, BAND_LEFT - 4, top + 4, speed);
	canvas_text(canvas, &style_label_english, SIDE_RIGHT, BAND_LEFT - 4, top + BAND_HEIGHT, "0");
	for (uint64_t i = 0; i <= 4; i++) {
		CLEANUP_BUFFER struct buffer text = BUFFER_EMPTY;
		text_append_size(&text, bytes / 4 * i + (i == 4 ? bytes % 4 : 0));
		double x = BAND_LEFT + BAND_WIDTH * (double)i / 4;
		canvas_text(canvas, &style_label_english,
		    i == 0   ? SIDE_LEFT
		    : i == 4 ? SIDE_RIGHT
			     : SIDE_CENTRE,
		    x, top + BAND_HEIGHT + 9.5, buffer_text(&text));
	}
}

static double draw_key(struct canvas *canvas, double x, double y, const struct ink *ink, const char *text)
{
	canvas_rule(canvas, x, x + 12, y - 2, 1.2, ink);
	return x + 15 + canvas_text(canvas, &style_label_english, SIDE_LEFT, x + 15, y, text) + 10;
}

void page_draw_map(struct page *page)
{
	struct canvas *canvas = &page->canvas;
	const json_t *map = json_object_get(page->body, "map");
	const json_t *writes = json_object_get(map, "write_kb_s");
	const json_t *reads = json_object_get(map, "read_kb_s");
	const json_t *errors = json_object_get(map, "errors");
	size_t count = json_array_size(writes);
	if (count == 0 || count > CELLS_MAXIMUM || json_array_size(reads) != count ||
	    json_array_size(errors) != count)
		return;
	uint64_t scale = choose_scale(find_highest(reads, find_highest(writes, 0)));
	canvas_heading(canvas, "速度と不良の分布", "Speed and errors over the medium", BAND_HEIGHT + 30);
	double y = canvas->y + 9;
	double x = draw_key(canvas, BAND_LEFT, y, &ink_write, "書込み Write");
	x = draw_key(canvas, x, y, &ink_read, "読み戻し Read back");
	draw_key(canvas, x, y, &ink_error, "不良 Errors");
	double top = canvas->y + 16;
	draw_axes(page, top, scale);
	fill_area(canvas, writes, count, top, scale, &ink_area);
	draw_errors(canvas, errors, count, top);
	draw_line(canvas, reads, count, top, scale, &ink_read);
	draw_line(canvas, writes, count, top, scale, &ink_write);
	canvas->y = top + BAND_HEIGHT + 11;
}
