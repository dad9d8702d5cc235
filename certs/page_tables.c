#include "certs/columns.h"
#include "certs/page_parts.h"
#include "src/base/json.h"
#include "src/base/text.h"

#include <inttypes.h>
#include <string.h>

enum { PASSES_IN_FULL = 8, EXCEPTIONS_SHOWN = 560 };

#define ROW_LEADING 12.0

/* ── Passes ── */

enum pass_column {
	PASS_NUMBER,
	PASS_PATTERN,
	PASS_STARTED,
	PASS_FINISHED,
	PASS_BYTES,
	PASS_DURATION,
	PASS_ERRORS
};

struct column {
	enum pass_column what;
	const char *title;
	enum side side;
	double x; /* from the left edge */
};

static const struct column full[] = {
    {PASS_NUMBER, "#", SIDE_RIGHT, 10},
    {PASS_PATTERN, "パターン Pattern", SIDE_LEFT, 22},
    {PASS_STARTED, "開始 Started, UTC", SIDE_LEFT, 120},
    {PASS_FINISHED, "終了 Finished, UTC", SIDE_LEFT, 208},
    {PASS_BYTES, "書込み Bytes written", SIDE_RIGHT, 388},
    {PASS_DURATION, "所要 Time", SIDE_RIGHT, 447},
    {PASS_ERRORS, "不良 Errors", SIDE_RIGHT, CANVAS_MEASURE},
};

static const struct column small[] = {
    {PASS_NUMBER, "#", SIDE_RIGHT, 9},
    {PASS_PATTERN, "Pattern", SIDE_LEFT, 14},
    {PASS_STARTED, "開始 Started", SIDE_LEFT, 44},
    {PASS_BYTES, "書込み Bytes", SIDE_RIGHT, 177},
    {PASS_DURATION, "所要 Time", SIDE_RIGHT, 214},
    {PASS_ERRORS, "不良 Err.", SIDE_RIGHT, COLUMNS_WIDTH},
};

static void append_cell(struct buffer *out, const json_t *pass, enum pass_column what)
{
	const char *pattern = json_text(pass, "pattern", "");
	switch (what) {
	case PASS_NUMBER:
		buffer_printf(out, "%" PRIu64, json_count(pass, "number", 0));
		break;
	case PASS_PATTERN:
		if (strcmp(pattern, "random") == 0)
			buffer_append_text(out, "乱数 random");
		else
			buffer_append_text(out, pattern);
		break;
	case PASS_STARTED:
		page_append_time(out, json_text(pass, "started", "—"));
		break;
	case PASS_FINISHED:
		page_append_time(out, json_text(pass, "finished", "—"));
		break;
	case PASS_BYTES:
		text_append_grouped(out, json_count(pass, "bytes_written", 0));
		break;
	case PASS_DURATION:
		text_append_elapsed(out, json_count(pass, "milliseconds", 0));
		break;
	case PASS_ERRORS:
		text_append_grouped(out, json_count(pass, "errors", 0));
		break;
	}
}

static void draw_pass_cells(struct canvas *canvas, const struct column *columns, size_t count,
    const json_t *pass, const struct style *style, double x, double y)
{
	for (size_t i = 0; i < count; i++) {
		CLEANUP_BUFFER struct buffer text = BUFFER_EMPTY;
		append_cell(&text, pass, columns[i].what);
		/* In the narrow columns a random pass is named in one language. */
		const char *shown = buffer_text(&text);
		if (columns == small && strcmp(shown, "乱数 random") == 0)
			shown = "random";
		canvas_text(canvas, style, columns[i].side, x + columns[i].x, y, shown);
	}
}

static void draw_titles(struct canvas *canvas, const struct column *columns, size_t count, double x, double y)
{
	for (size_t i = 0; i < count; i++)
		canvas_text(
		    canvas, &style_label_english, columns[i].side, x + columns[i].x, y, columns[i].title);
}

static void draw_small_head(struct canvas *canvas, void *context, size_t index, double x, double y)
{
	(void)context;
	(void)index;
	draw_titles(canvas, small, LENGTH_OF(small), x, y);
}

static void draw_small_pass(struct canvas *canvas, void *context, size_t index, double x, double y)
{
	static const struct style tiny = {TYPE_GOTHIC, 6.2, 0, &ink_text};
	draw_pass_cells(canvas, small, LENGTH_OF(small), json_array_get(context, index), &tiny, x, y);
}

void page_draw_passes(struct page *page)
{
	struct canvas *canvas = &page->canvas;
	json_t *passes = json_object_get(page->body, "passes");
	size_t count = json_array_size(passes);
	canvas_heading(canvas, "上書きパス", "Passes", 40);
	if (count > PASSES_IN_FULL) {
		columns_draw(canvas, count, draw_small_head, draw_small_pass, passes);
		return;
	}
	canvas->y += 9;
	draw_titles(canvas, full, LENGTH_OF(full), CANVAS_LEFT, canvas->y);
	for (size_t i = 0; i < count; i++) {
		canvas_need(canvas, ROW_LEADING);
		canvas->y += ROW_LEADING;
		static const struct style row = {TYPE_GOTHIC, 7.6, 0, &ink_text};
		draw_pass_cells(
		    canvas, full, LENGTH_OF(full), json_array_get(passes, i), &row, CANVAS_LEFT, canvas->y);
	}
	if (count == 0) {
		canvas->y += ROW_LEADING;
		canvas_text(canvas, &style_data, SIDE_LEFT, CANVAS_LEFT, canvas->y, "なし none");
	}
}

/* ── Exceptions ── */

static void draw_exception_head(struct canvas *canvas, void *context, size_t index, double x, double y)
{
	(void)context;
	(void)index;
	canvas_text(canvas, &style_label_english, SIDE_RIGHT, x + 84, y, "位置 Offset, bytes");
	canvas_text(canvas, &style_label_english, SIDE_RIGHT, x + 145, y, "長さ Length");
	canvas_text(canvas, &style_label_english, SIDE_LEFT, x + 152, y, "内容 What");
}

static void draw_exception(struct canvas *canvas, void *context, size_t index, double x, double y)
{
	const json_t *exception = json_array_get(context, index);
	CLEANUP_BUFFER struct buffer text = BUFFER_EMPTY;
	text_append_grouped(&text, json_count(exception, "offset_bytes", 0));
	canvas_text(canvas, &style_small, SIDE_RIGHT, x + 84, y, buffer_text(&text));
	buffer_clear(&text);
	text_append_grouped(&text, json_count(exception, "length_bytes", 0));
	canvas_text(canvas, &style_small, SIDE_RIGHT, x + 145, y, buffer_text(&text));
	const char *what = json_text(exception, "what", "");
	canvas_text(canvas, &style_small, SIDE_LEFT, x + 152, y, words_find("what", what).japanese);
	canvas_text(canvas, &style_label_english, SIDE_LEFT, x + 188, y, what);
}

static void draw_total(struct canvas *canvas, const json_t *exceptions, uint64_t omitted)
{
	CLEANUP_BUFFER struct buffer text = BUFFER_EMPTY;
	uint64_t bytes = 0;
	for (size_t i = 0; i < json_array_size(exceptions); i++)
		if (__builtin_add_overflow(
			bytes, json_count(json_array_get(exceptions, i), "length_bytes", 0), &bytes))
			bytes = UINT64_MAX;
	text_append_grouped(&text, json_array_size(exceptions) + omitted);
	buffer_append_text(&text, " 範囲 ranges, ");
	text_append_grouped(&text, bytes);
	buffer_append_text(&text, omitted ? " bytes 以上 or more" : " bytes");
	canvas_need(canvas, ROW_LEADING);
	canvas->y += ROW_LEADING;
	canvas_text(canvas, &style_data, SIDE_LEFT, CANVAS_LEFT, canvas->y, buffer_text(&text));
}

void page_draw_exceptions(struct page *page)
{
	struct canvas *canvas = &page->canvas;
	json_t *exceptions = json_object_get(page->body, "exceptions");
	uint64_t omitted = json_count(page->body, "exceptions_omitted", 0);
	size_t count = json_array_size(exceptions);
	size_t shown = count < EXCEPTIONS_SHOWN ? count : EXCEPTIONS_SHOWN;
	if (count == 0 && omitted == 0)
		return;
	canvas_heading(canvas, "例外", "Exceptions: ranges that are not known to be erased", 40);
	draw_total(canvas, exceptions, omitted);
	columns_draw(canvas, shown, draw_exception_head, draw_exception, exceptions);
	if (count - shown + omitted == 0)
		return;
	char rest[192];
	(void)snprintf(rest, sizeof rest,
	    "ほか %" PRIu64 " 範囲：添付の entry.json を参照。 %" PRIu64
	    " more ranges; see the attached entry.json.",
	    (uint64_t)(count - shown) + omitted, (uint64_t)(count - shown) + omitted);
	canvas_need(canvas, ROW_LEADING + 4);
	canvas->y += ROW_LEADING + 2;
	canvas_text(canvas, &style_data, SIDE_LEFT, CANVAS_LEFT, canvas->y, rest);
}
