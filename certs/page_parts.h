/* The parts of the page, from top to bottom; only page.c calls them. */
#pragma once

#include "certs/canvas.h"
#include "certs/words.h"

#include <jansson.h>

struct page {
	struct canvas canvas;
	const json_t *entry;
	const json_t *body;
	const struct paper *paper;
	char number[64];
	char digest[65];        /* SHA-256 of the entry's canonical form, hexadecimal */
	const char *checkpoint; /* the signed note at the end of the proof */
};

/* The running head and foot of each page: the canvas's begin_page. */
void page_begin(struct canvas *canvas, void *page);
/* Organisation, title, number, verdict, statement. */
void page_draw_head(struct page *page);
/* The medium; how it was erased and verified; what that reaches. */
void page_draw_medium(struct page *page);
void page_draw_method(struct page *page);
void page_draw_passes(struct page *page);
/* Speed and errors over the device's addresses. */
void page_draw_map(struct page *page);
void page_draw_exceptions(struct page *page);
/* Operator, validation and destination to be signed by hand; the QR code and how to check all this. */
int page_draw_foot(struct page *page, struct error *error);

/* Appends a record's time for people: "2026-01-31 23:59:59"; what is no time stays as it is. */
void page_append_time(struct buffer *out, const char *time);
