#include "certs/columns.h"

void columns_draw(struct canvas *canvas, size_t count, columns_row *head, columns_row *row, void *context)
{
	double second = CANVAS_LEFT + COLUMNS_WIDTH + COLUMNS_GAP;
	size_t done = 0;
	while (done < count) {
		canvas_need(canvas, 5 * COLUMNS_LEADING);
		canvas->y += COLUMNS_LEADING + 1;
		head(canvas, context, 0, CANVAS_LEFT, canvas->y);
		if (count > 1)
			head(canvas, context, 0, second, canvas->y);
		canvas->y += 1.5;
		size_t room = (size_t)((CANVAS_BOTTOM - canvas->y) / COLUMNS_LEADING);
		size_t left = count - done;
		size_t rows = (left + 1) / 2 < room ? (left + 1) / 2 : room;
		for (size_t i = 0; i < rows; i++) {
			double y = canvas->y + (double)(i + 1) * COLUMNS_LEADING;
			row(canvas, context, done + i, CANVAS_LEFT, y);
			if (done + rows + i < count)
				row(canvas, context, done + rows + i, second, y);
		}
		canvas->y += (double)rows * COLUMNS_LEADING;
		done += 2 * rows;
	}
}
