/* A home directory that is made whole or not at all: everything is made in HOME.setup, which is renamed to
 * HOME at the end. */
#pragma once

#include "src/base/error.h"

#include <stdbool.h>

struct home_place {
	char *home;    /* absolute where it exists */
	char *staging; /* HOME.setup: make all in here */
	int lock;
	bool published;
};

#define HOME_PLACE_NONE ((struct home_place){.lock = -1})

/* 0 when a home may be made there: it is absent or empty. -EEXIST or -ENOTEMPTY (refused) else. */
int home_refuse_existing(const char *home, struct error *error);

/* Makes and locks an empty HOME.setup; what an interrupted set-up left in it was never used and is removed.
 * -EBUSY (refused) when another set-up of this home is running. */
int home_enter(const char *home, struct home_place *place, struct error *error);

/* Renames it to HOME, durably. */
int home_publish(struct home_place *place, struct error *error);

/* Removes what was not published. */
void home_leave(struct home_place *place);
