/* A run of A4 pages that is drawn from top to bottom: text in the few styles of the house, rules, and a grid
 * of labelled facts. Points, y downwards, y of text is its baseline. */
#pragma once

#include "certs/type.h"

#include <cairo.h>
#include <stdbool.h>

#define CANVAS_WIDTH 595.276
#define CANVAS_HEIGHT 841.890
#define CANVAS_LEFT 51.0
#define CANVAS_RIGHT (CANVAS_WIDTH - 51.0)
#define CANVAS_MEASURE (CANVAS_RIGHT - CANVAS_LEFT)
#define CANVAS_TOP 64.0
#define CANVAS_BOTTOM (CANVAS_HEIGHT - 50.0)

struct ink {
	double red, green, blue;
};

extern const struct ink ink_text, ink_label, ink_faint, ink_rule;

struct style {
	enum typeface face;
	double size;
	double tracking;
	const struct ink *ink;
};

extern const struct style style_data, style_small, style_label, style_label_english, style_heading,
    style_heading_english;

enum side { SIDE_LEFT, SIDE_CENTRE, SIDE_RIGHT };

struct canvas {
	cairo_t *cairo;
	const struct type *type;
	struct ink accent;
	double y;       /* where the next thing goes */
	unsigned page;  /* 1 … */
	unsigned pages; /* of them all; 0 while they are counted */
	/* Draws what every page has; called when a page begins. */
	void (*begin_page)(struct canvas *canvas, void *context);
	void *context;
	bool failed; /* no memory */
};

void canvas_set_ink(struct canvas *canvas, const struct ink *ink);

/* Draws one line at (x, baseline) and returns its width. Any bytes: what cannot be seen is escaped. */
double canvas_text(struct canvas *canvas, const struct style *style, enum side side, double x,
    double baseline, const char *text);
double canvas_width(struct canvas *canvas, const struct style *style, const char *text);

/* Sets a paragraph of at most maximum lines into width, the first baseline at y; a last "…" when it is
 * longer. Returns the number of lines. */
size_t canvas_paragraph(struct canvas *canvas, const struct style *style, double x, double y, double width,
    double leading, size_t maximum, const char *text);
/* How many lines that will be. */
size_t canvas_count_lines(
    struct canvas *canvas, const struct style *style, double width, size_t maximum, const char *text);

/* One line, set smaller (down to 62 %) when it is wider than width; then with a last "…". Tracking is left
 * out. */
void canvas_fitted(struct canvas *canvas, const struct style *style, double x, double baseline, double width,
    const char *text);

void canvas_rule(
    struct canvas *canvas, double x1, double x2, double y, double thickness, const struct ink *ink);
void canvas_box(
    struct canvas *canvas, double x, double y, double width, double height, const struct ink *ink);

/* Begins a new page when less than height is left of this one. */
void canvas_need(struct canvas *canvas, double height);

/* A section's heading, Japanese and English, with a thin rule below; keeps height of what follows on the same
 * page. */
void canvas_heading(struct canvas *canvas, const char *japanese, const char *english, double height);

/* A labelled fact. */
struct fact {
	const char *japanese;
	const char *english;
	char *value; /* owned by the list */
};

enum { FACTS_MAXIMUM = 40 };

struct facts {
	struct fact list[FACTS_MAXIMUM];
	size_t count;
};

/* Adds a fact, unless value is NULL or empty. */
void facts_add(struct facts *facts, const char *japanese, const char *english, const char *value);
void facts_release(struct facts *facts);

/* Draws them two in a row; one whose value is too long for half a row gets a row, and up to four lines, of
 * its own. */
void canvas_facts(struct canvas *canvas, const struct facts *facts);
