#include "certs/page_parts.h"
#include "src/base/clock.h"
#include "src/base/json.h"

#include <string.h>

#define VERDICT_SIZE 29.0

static const struct style style_organisation = {TYPE_MINCHO, 11, 0.4, &ink_text};
static const struct style style_department = {TYPE_GOTHIC, 7.2, 0, &ink_label};
static const struct style style_title = {TYPE_MINCHO, 20, 1.8, &ink_text};
static const struct style style_title_english = {TYPE_MINCHO, 10, 0.5, &ink_label};
static const struct style style_number = {TYPE_GOTHIC, 10.5, 0.3, &ink_text};
static const struct style style_statement = {TYPE_MINCHO, 9.6, 0, &ink_text};
static const struct style style_statement_english = {TYPE_MINCHO, 8.2, 0, &ink_label};

void page_append_time(struct buffer *out, const char *time)
{
	time_t seconds;
	if (clock_parse(time, &seconds) == 0)
		buffer_printf(out, "%.10s %.8s", time, time + strlen("2026-01-31T"));
	else
		buffer_append_text(out, time);
}

void page_begin(struct canvas *canvas, void *context)
{
	const struct page *page = context;
	char folio[48];
	double foot = CANVAS_HEIGHT - 30;
	cairo_set_source_rgb(canvas->cairo, canvas->accent.red, canvas->accent.green, canvas->accent.blue);
	cairo_rectangle(canvas->cairo, 0, 0, CANVAS_WIDTH, 5);
	cairo_fill(canvas->cairo);
	(void)snprintf(folio, sizeof folio, "%u / %u", canvas->page, canvas->pages);
	canvas_rule(canvas, CANVAS_LEFT, CANVAS_RIGHT, foot - 11, 0.4, &ink_rule);
	canvas_text(canvas, &style_label_english, SIDE_LEFT, CANVAS_LEFT, foot, page->number);
	canvas_text(canvas, &style_label_english, SIDE_CENTRE, CANVAS_WIDTH / 2, foot, folio);
	const json_t *tool = json_object_get(page->body, "tool");
	char name[128];
	(void)snprintf(
	    name, sizeof name, "%s %s", json_text(tool, "name", "Kiyome"), json_text(tool, "version", ""));
	canvas_text(canvas, &style_label_english, SIDE_RIGHT, CANVAS_RIGHT, foot, name);
	if (canvas->page == 1)
		return;
	canvas_text(canvas, &style_label, SIDE_LEFT, CANVAS_LEFT, 40, page->paper->title.japanese);
	canvas_text(canvas, &style_label, SIDE_RIGHT, CANVAS_RIGHT, 40, page->paper->verdict.japanese);
	canvas_rule(canvas, CANVAS_LEFT, CANVAS_RIGHT, 47, 0.4, &ink_rule);
}

static void draw_issuer(struct page *page)
{
	struct canvas *canvas = &page->canvas;
	const json_t *organisation = json_object_get(page->body, "organisation");
	CLEANUP_BUFFER struct buffer below = BUFFER_EMPTY;
	const char *const parts[] = {"department", "place", "contact"};
	for (size_t i = 0; i < LENGTH_OF(parts); i++) {
		const char *text = json_text(organisation, parts[i], "");
		if (text[0])
			buffer_printf(&below, "%s%s", below.length ? "  ·  " : "", text);
	}
	canvas_fitted(canvas, &style_organisation, CANVAS_LEFT, 50, CANVAS_MEASURE - 150,
	    json_text(organisation, "name", ""));
	canvas_fitted(canvas, &style_department, CANVAS_LEFT, 62, CANVAS_MEASURE - 150, buffer_text(&below));

	CLEANUP_BUFFER struct buffer recorded = BUFFER_EMPTY;
	buffer_append_text(&recorded, "記録 Recorded ");
	page_append_time(&recorded, json_text(page->entry, "time", ""));
	buffer_append_text(&recorded, " UTC");
	canvas_text(canvas, &style_number, SIDE_RIGHT, CANVAS_RIGHT, 50, page->number);
	canvas_text(canvas, &style_department, SIDE_RIGHT, CANVAS_RIGHT, 62, buffer_text(&recorded));
}

/* The level that was reached, in words; "" for none. */
static const char *level_name(const json_t *body)
{
	const char *level = json_text(body, "level", "none");
	return strcmp(level, "clear") == 0 ? "Clear" : strcmp(level, "purge") == 0 ? "Purge" : "";
}

/* The verdict is the page's largest type, whatever it says. */
static void draw_verdict(struct page *page)
{
	struct canvas *canvas = &page->canvas;
	struct style style = {TYPE_MINCHO, VERDICT_SIZE, 2.5, &canvas->accent};
	struct style english = {TYPE_MINCHO, 12, 0.9, &canvas->accent};
	const struct words *words = &page->paper->verdict;
	double width = canvas_width(canvas, &style, words->japanese);
	double room = CANVAS_MEASURE - 18;
	if (width > room) {
		style.size *= room / width;
		style.tracking *= room / width;
	}
	const char *level = level_name(page->body);
	char second[160];
	if (page->paper->certifies)
		(void)snprintf(second, sizeof second, "%s — %s", words->english, level);
	else
		(void)snprintf(second, sizeof second, "%s", words->english);
	canvas_set_ink(canvas, &canvas->accent);
	cairo_rectangle(canvas->cairo, CANVAS_LEFT, canvas->y, 3.2, 58);
	cairo_fill(canvas->cairo);
	canvas_text(canvas, &style, SIDE_LEFT, CANVAS_LEFT + 16, canvas->y + 30, words->japanese);
	canvas_text(canvas, &english, SIDE_LEFT, CANVAS_LEFT + 17, canvas->y + 52, second);

	CLEANUP_BUFFER struct buffer reached = BUFFER_EMPTY;
	buffer_printf(
	    &reached, "達成レベル %s / Level: %s", level[0] ? level : "なし", level[0] ? level : "none");
	canvas_text(canvas, &style_data, SIDE_RIGHT, CANVAS_RIGHT, canvas->y + 52, buffer_text(&reached));
	canvas->y += 58;
}

/* An erasure that was verified by sample says so in its first sentence. */
static struct words choose_statement(const struct page *page)
{
	const char *mode = json_text(json_object_get(page->body, "verification"), "mode", "");
	if (page->paper->certifies && strcmp(mode, "sample") == 0)
		return (struct words){"下記の対象について、アドレス指定できる全領域を上書きし、抜取り箇所の一"
				      "致を確認したことを証明します。",
		    "This certifies that every addressable block of the target below was overwritten, and "
		    "that a "
		    "random sample, read back, was equal."};
	return page->paper->statement;
}

void page_draw_head(struct page *page)
{
	struct canvas *canvas = &page->canvas;
	struct words statement = choose_statement(page);
	canvas_need(canvas, 200);
	draw_issuer(page);
	double width =
	    canvas_text(canvas, &style_title, SIDE_LEFT, CANVAS_LEFT, 104, page->paper->title.japanese);
	canvas_text(canvas, &style_title_english, SIDE_LEFT, CANVAS_LEFT + width + 6, 104,
	    page->paper->title.english);
	canvas->y = 121;
	draw_verdict(page);
	canvas->y += 19;
	size_t lines = canvas_paragraph(
	    canvas, &style_statement, CANVAS_LEFT, canvas->y, CANVAS_MEASURE, 14, 3, statement.japanese);
	canvas->y += 14.0 * (double)lines - 1;
	lines = canvas_paragraph(canvas, &style_statement_english, CANVAS_LEFT, canvas->y, CANVAS_MEASURE, 11,
	    3, statement.english);
	canvas->y += 11.0 * (double)(lines - 1);
}
