/* Many small rows in two columns, over as many pages as they need. */
#pragma once

#include "certs/canvas.h"

#include <stddef.h>

/* Draws a row with its left edge at x and its baseline at y. */
typedef void columns_row(struct canvas *canvas, void *context, size_t index, double x, double y);

#define COLUMNS_GAP 18.0
#define COLUMNS_WIDTH ((CANVAS_MEASURE - COLUMNS_GAP) / 2)
#define COLUMNS_LEADING 9.6

/* head draws the columns' titles (its index means nothing). */
void columns_draw(struct canvas *canvas, size_t count, columns_row *head, columns_row *row, void *context);
