#include "certs/page_parts.h"
#include "src/base/json.h"

#include <errno.h>
#include <inttypes.h>
#include <qrencode.h>
#include <string.h>

#define BOX_HEIGHT 66.0
#define BOX_GAP 8.0
#define BOX_WIDTH ((CANVAS_MEASURE - 2 * BOX_GAP) / 3)
#define QR_SIDE 90.0
#define LABELS 96.0
#define FOOT_HEIGHT (BOX_HEIGHT + QR_SIDE + 24)

enum { CHECKPOINT_MAXIMUM = 700, QR_QUIET = 4 };

static void release_code(QRcode *const *code)
{
	QRcode_free(*code);
}

static void draw_code(struct canvas *canvas, const QRcode *code, double x, double y)
{
	double module = QR_SIDE / (code->width + 2 * QR_QUIET);
	cairo_set_source_rgb(canvas->cairo, 0, 0, 0);
	for (int row = 0; row < code->width; row++) {
		for (int column = 0, run; column < code->width; column += run) {
			const unsigned char *cell = &code->data[row * code->width + column];
			for (run = 1; column + run < code->width && (cell[run] & 1) == (cell[0] & 1);)
				run++;
			if (cell[0] & 1)
				cairo_rectangle(canvas->cairo, x + (column + QR_QUIET) * module,
				    y + (row + QR_QUIET) * module, run * module, module);
		}
	}
	cairo_fill(canvas->cairo);
}

/* "KIYOME1", number, digest, and the checkpoint where there is room: whoever scans an old page holds the
 * register to its past. */
static int make_code(const struct page *page, QRcode **code, struct error *error)
{
	CLEANUP_BUFFER struct buffer text = BUFFER_EMPTY;
	buffer_printf(&text, "KIYOME1\n%s\n%s\n", page->number, page->digest);
	if (strlen(page->checkpoint) <= CHECKPOINT_MAXIMUM)
		buffer_append_text(&text, page->checkpoint);
	if (buffer_check(&text, error) < 0)
		return error->code;
	*code = QRcode_encodeData((int)text.length, (const unsigned char *)text.data, 0, QR_ECLEVEL_M);
	return *code ? 0 : error_system(error, errno ? errno : EINVAL, _("could not make the QR code"));
}

static void draw_box_title(
    struct canvas *canvas, double x, double y, const char *japanese, const char *english)
{
	canvas_box(canvas, x, y, BOX_WIDTH, BOX_HEIGHT, &ink_rule);
	double width = canvas_text(canvas, &style_label, SIDE_LEFT, x + 6, y + 11, japanese);
	canvas_text(canvas, &style_label_english, SIDE_LEFT, x + 9 + width, y + 11, english);
}

static void draw_line_to_fill(struct canvas *canvas, double x, double y, double width, const char *label)
{
	double used = canvas_text(canvas, &style_label_english, SIDE_LEFT, x, y, label);
	canvas_rule(canvas, x + used + 4, x + width, y + 1.5, 0.4, &ink_faint);
}

static void draw_choice(struct canvas *canvas, double x, double y, const char *label)
{
	canvas_box(canvas, x, y - 6, 6.5, 6.5, &ink_label);
	canvas_text(canvas, &style_label_english, SIDE_LEFT, x + 9.5, y - 0.5, label);
}

static void draw_operator(struct page *page, double x, double y)
{
	static const struct style name = {TYPE_MINCHO, 11.5, 0.4, &ink_text};
	struct canvas *canvas = &page->canvas;
	const json_t *operator_ = json_object_get(page->body, "operator");
	draw_box_title(canvas, x, y, "実施者", "Operator");
	canvas_fitted(canvas, &name, x + 6, y + 28, BOX_WIDTH - 12, json_text(operator_, "name", ""));
	canvas_fitted(canvas, &style_label, x + 6, y + 39, BOX_WIDTH - 12, json_text(operator_, "title", ""));
	canvas_text(canvas, &style_label_english, SIDE_LEFT, x + 6, y + 52, "この PDF への電子署名による");
	canvas_text(
	    canvas, &style_label_english, SIDE_LEFT, x + 6, y + 60, "Signed electronically in this PDF");
}

static void draw_validation(struct canvas *canvas, double x, double y)
{
	static const struct style seal = {TYPE_MINCHO, 9, 0, &ink_rule};
	draw_box_title(canvas, x, y, "確認者", "Validated by");
	draw_choice(canvas, x + 6, y + 25, "承認 Accepted");
	draw_choice(canvas, x + 62, y + 25, "不承認 Rejected");
	draw_line_to_fill(canvas, x + 6, y + 41, BOX_WIDTH - 50, "氏名 Name");
	draw_line_to_fill(canvas, x + 6, y + 57, BOX_WIDTH - 50, "日付 Date");
	cairo_new_sub_path(canvas->cairo);
	canvas_set_ink(canvas, &ink_rule);
	cairo_arc(canvas->cairo, x + BOX_WIDTH - 22, y + 44, 15, 0, 6.283185307);
	cairo_stroke(canvas->cairo);
	canvas_text(canvas, &seal, SIDE_CENTRE, x + BOX_WIDTH - 22, y + 47.3, "印");
}

static void draw_destination(struct canvas *canvas, double x, double y)
{
	draw_box_title(canvas, x, y, "処分・引渡先", "Destination");
	draw_choice(canvas, x + 6, y + 25, "再利用 Reuse");
	draw_choice(canvas, x + 57, y + 25, "返却 Return");
	draw_choice(canvas, x + 105, y + 25, "廃棄 Disposal");
	draw_line_to_fill(canvas, x + 6, y + 41, BOX_WIDTH - 12, "宛先 To");
	draw_line_to_fill(canvas, x + 6, y + 57, BOX_WIDTH - 12, "日付 Date");
}

static void draw_checking(struct page *page, double y)
{
	struct canvas *canvas = &page->canvas;
	double width = CANVAS_MEASURE - QR_SIDE - 16;
	char half[33];
	CLEANUP_BUFFER struct buffer place = BUFFER_EMPTY;
	buffer_printf(&place, "%s, entry %" PRIu64, json_text(page->body, "station", ""),
	    json_count(page->entry, "seq", 0));
	canvas_text(canvas, &style_label, SIDE_LEFT, CANVAS_LEFT, y + 10, "記録の照合");
	canvas_text(
	    canvas, &style_label_english, SIDE_LEFT, CANVAS_LEFT + 39, y + 10, "Checking this record");
	canvas_text(canvas, &style_label_english, SIDE_LEFT, CANVAS_LEFT, y + 26, "記録簿 Register");
	canvas_text(canvas, &style_small, SIDE_LEFT, CANVAS_LEFT + LABELS, y + 26, buffer_text(&place));
	canvas_text(
	    canvas, &style_label_english, SIDE_LEFT, CANVAS_LEFT, y + 38, "記録の SHA-256 of the record");
	for (size_t i = 0; i < 2; i++) {
		(void)snprintf(half, sizeof half, "%.32s", page->digest + 32 * i);
		canvas_text(
		    canvas, &style_small, SIDE_LEFT, CANVAS_LEFT + LABELS, y + 38 + 9 * (double)i, half);
	}
	canvas_paragraph(canvas, &style_label_english, CANVAS_LEFT, y + 61, width, 8.5, 3,
	    "正本の記録（entry.json）と記録簿収録の証拠（proof.txt）を添付し、全体に電子署名した。"
	    "発行元の ca.pem で誰でも検証できる。");
	canvas_paragraph(canvas, &style_label_english, CANVAS_LEFT, y + 79, width, 8.5, 3,
	    "The record (entry.json) and the proof that it is in the register (proof.txt) are attached, and "
	    "all of it "
	    "is signed: anybody with the issuer's ca.pem can check it, with any PDF reader or kiyome cert "
	    "verify.");
}

int page_draw_foot(struct page *page, struct error *error)
{
	struct canvas *canvas = &page->canvas;
	CLEANUP(release_code) QRcode *code = NULL;
	int status = make_code(page, &code, error);
	if (status < 0 || !code)
		return status;
	canvas_need(canvas, FOOT_HEIGHT);
	double y = CANVAS_BOTTOM - FOOT_HEIGHT + 14;
	double step = BOX_WIDTH + BOX_GAP;
	draw_operator(page, CANVAS_LEFT, y);
	draw_validation(canvas, CANVAS_LEFT + step, y);
	draw_destination(canvas, CANVAS_LEFT + 2 * step, y);
	y += BOX_HEIGHT + 10;
	draw_code(canvas, code, CANVAS_RIGHT - QR_SIDE + 5, y - 2);
	draw_checking(page, y);
	return 0;
}
