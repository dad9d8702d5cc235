#include "certs/canvas.h"

#include <string.h>

const struct ink ink_text = {0.11, 0.11, 0.12};
const struct ink ink_label = {0.36, 0.37, 0.39};
const struct ink ink_faint = {0.52, 0.53, 0.55};
const struct ink ink_rule = {0.80, 0.80, 0.80};

const struct style style_data = {TYPE_GOTHIC, 8.4, 0, &ink_text};
const struct style style_small = {TYPE_GOTHIC, 6.6, 0, &ink_text};
const struct style style_label = {TYPE_GOTHIC, 7.2, 0, &ink_label};
const struct style style_label_english = {TYPE_GOTHIC, 6.0, 0, &ink_faint};
const struct style style_heading = {TYPE_MINCHO, 10.5, 0.6, &ink_text};
const struct style style_heading_english = {TYPE_MINCHO, 8.0, 0.2, &ink_faint};

enum { PARAGRAPH_LINES = 8, VALUE_LINES = 4 };

#define SMALLEST_SCALE 0.62
#define LABEL_WIDTH 86.0
#define COLUMN_GAP 10.0
#define HALF_MEASURE ((CANVAS_MEASURE - COLUMN_GAP) / 2)
#define FACT_LEADING 11.0
#define FACT_ROW 13.7

void canvas_set_ink(struct canvas *canvas, const struct ink *ink)
{
	cairo_set_source_rgb(canvas->cairo, ink->red, ink->green, ink->blue);
}

static void append_visible(
    struct canvas *canvas, const struct style *style, const char *text, struct buffer *out)
{
	type_append_visible(canvas->type, style->face, text, out);
	canvas->failed |= out->failed;
}

double canvas_width(struct canvas *canvas, const struct style *style, const char *text)
{
	CLEANUP_BUFFER struct buffer visible = BUFFER_EMPTY;
	append_visible(canvas, style, text, &visible);
	return type_measure(
	    canvas->type, style->face, style->size, style->tracking, buffer_text(&visible), visible.length);
}

double canvas_text(struct canvas *canvas, const struct style *style, enum side side, double x,
    double baseline, const char *text)
{
	CLEANUP_BUFFER struct buffer visible = BUFFER_EMPTY;
	append_visible(canvas, style, text, &visible);
	double width = type_measure(
	    canvas->type, style->face, style->size, style->tracking, buffer_text(&visible), visible.length);
	if (side != SIDE_LEFT)
		x -= side == SIDE_RIGHT ? width : width / 2;
	canvas_set_ink(canvas, style->ink);
	type_draw(canvas->type, style->face, style->size, style->tracking, canvas->cairo, x, baseline,
	    buffer_text(&visible), visible.length);
	return width;
}

size_t canvas_count_lines(
    struct canvas *canvas, const struct style *style, double width, size_t maximum, const char *text)
{
	struct type_line lines[PARAGRAPH_LINES];
	bool complete;
	CLEANUP_BUFFER struct buffer visible = BUFFER_EMPTY;
	append_visible(canvas, style, text, &visible);
	return type_break(canvas->type, style->face, style->size, width, buffer_text(&visible), lines,
	    maximum < PARAGRAPH_LINES ? maximum : PARAGRAPH_LINES, &complete);
}

size_t canvas_paragraph(struct canvas *canvas, const struct style *style, double x, double y, double width,
    double leading, size_t maximum, const char *text)
{
	struct type_line lines[PARAGRAPH_LINES];
	bool complete;
	CLEANUP_BUFFER struct buffer visible = BUFFER_EMPTY;
	append_visible(canvas, style, text, &visible);
	if (maximum > PARAGRAPH_LINES)
		maximum = PARAGRAPH_LINES;
	size_t count = type_break(
	    canvas->type, style->face, style->size, width, buffer_text(&visible), lines, maximum, &complete);
	if (!complete) { /* once more, with room for the "…" */
		bool ignored;
		count = type_break(canvas->type, style->face, style->size, width - style->size,
		    buffer_text(&visible), lines, maximum, &ignored);
	}
	canvas_set_ink(canvas, style->ink);
	for (size_t i = 0; i < count; i++) {
		const char *line = buffer_text(&visible) + lines[i].start;
		type_draw(canvas->type, style->face, style->size, 0, canvas->cairo, x,
		    y + (double)i * leading, line, lines[i].length);
		if (i + 1 == count && !complete)
			canvas_text(canvas, style, SIDE_LEFT,
			    x + type_measure(
				    canvas->type, style->face, style->size, 0, line, lines[i].length),
			    y + (double)i * leading, "…");
	}
	return count;
}

void canvas_fitted(struct canvas *canvas, const struct style *style, double x, double baseline, double width,
    const char *text)
{
	struct style fitted = *style;
	double needed = canvas_width(canvas, style, text);
	if (needed > width) {
		double scale = width / needed > SMALLEST_SCALE ? width / needed : SMALLEST_SCALE;
		fitted.size *= scale;
		fitted.tracking *= scale;
	}
	/* Rounding must not cost a last character. */
	canvas_paragraph(canvas, &fitted, x, baseline, width + 1, 0, 1, text);
}

void canvas_rule(
    struct canvas *canvas, double x1, double x2, double y, double thickness, const struct ink *ink)
{
	canvas_set_ink(canvas, ink);
	cairo_set_line_width(canvas->cairo, thickness);
	cairo_move_to(canvas->cairo, x1, y);
	cairo_line_to(canvas->cairo, x2, y);
	cairo_stroke(canvas->cairo);
}

void canvas_box(struct canvas *canvas, double x, double y, double width, double height, const struct ink *ink)
{
	canvas_set_ink(canvas, ink);
	cairo_set_line_width(canvas->cairo, 0.5);
	cairo_rectangle(canvas->cairo, x, y, width, height);
	cairo_stroke(canvas->cairo);
}

void canvas_need(struct canvas *canvas, double height)
{
	if (canvas->page && canvas->y + height <= CANVAS_BOTTOM)
		return;
	if (canvas->page)
		cairo_show_page(canvas->cairo);
	canvas->page++;
	canvas->y = CANVAS_TOP;
	canvas->begin_page(canvas, canvas->context);
}

void canvas_heading(struct canvas *canvas, const char *japanese, const char *english, double height)
{
	canvas_need(canvas, height + 26);
	canvas->y += 19;
	double width = canvas_text(canvas, &style_heading, SIDE_LEFT, CANVAS_LEFT, canvas->y, japanese);
	canvas_text(canvas, &style_heading_english, SIDE_LEFT, CANVAS_LEFT + width + 5, canvas->y, english);
	canvas->y += 4.5;
	canvas_rule(canvas, CANVAS_LEFT, CANVAS_RIGHT, canvas->y, 0.5, &ink_rule);
	canvas->y += 2;
}

void facts_add(struct facts *facts, const char *japanese, const char *english, const char *value)
{
	if (!value || !value[0] || facts->count == FACTS_MAXIMUM)
		return;
	char *copy = strdup(value);
	if (copy)
		facts->list[facts->count++] = (struct fact){japanese, english, copy};
}

void facts_release(struct facts *facts)
{
	for (size_t i = 0; i < facts->count; i++)
		free(facts->list[i].value);
	facts->count = 0;
}

static void draw_fact(struct canvas *canvas, const struct fact *fact, double x, double width, size_t maximum)
{
	double label = canvas_text(canvas, &style_label, SIDE_LEFT, x, canvas->y, fact->japanese);
	canvas_text(canvas, &style_label_english, SIDE_LEFT, x + label + 3, canvas->y, fact->english);
	canvas_paragraph(canvas, &style_data, x + LABEL_WIDTH, canvas->y, width - LABEL_WIDTH, FACT_LEADING,
	    maximum, fact->value);
}

void canvas_facts(struct canvas *canvas, const struct facts *facts)
{
	bool right = false;
	double full = CANVAS_MEASURE - LABEL_WIDTH;
	double x = CANVAS_LEFT + HALF_MEASURE + COLUMN_GAP;
	for (size_t i = 0; i < facts->count; i++) {
		const struct fact *fact = &facts->list[i];
		bool half = canvas_width(canvas, &style_data, fact->value) <= HALF_MEASURE - LABEL_WIDTH;
		if (half && right) {
			draw_fact(canvas, fact, x, HALF_MEASURE, 1);
			right = false;
			continue;
		}
		size_t lines =
		    half ? 1 : canvas_count_lines(canvas, &style_data, full, VALUE_LINES, fact->value);
		double extra = lines > 1 ? (double)(lines - 1) * FACT_LEADING : 0;
		canvas_need(canvas, FACT_ROW + extra);
		canvas->y += FACT_ROW;
		draw_fact(canvas, fact, CANVAS_LEFT, half ? HALF_MEASURE : CANVAS_MEASURE, VALUE_LINES);
		canvas->y += extra;
		right = half;
	}
}
