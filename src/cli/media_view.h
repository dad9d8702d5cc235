/* Media for people: a table, a sheet, a line an event. No text of a medium is printed unescaped. */
#pragma once

#include "src/base/error.h"
#include "src/media/medium.h"
#include "src/media/watch.h"

#include <stddef.h>

int media_view_print_table(const struct medium *media, size_t count, struct error *error);
int media_view_print_sheet(const struct medium *medium, struct error *error);
/* Returns an exit status. */
int media_view_print_event(const struct media_event *event);
