/* Media as they come and go: udev's monitor, or without udev the kernel's own events. */
#pragma once

#include "src/base/error.h"
#include "src/media/scan.h"

#include <stdbool.h>

enum media_change {
	MEDIA_NOTHING,
	MEDIA_PRESENT,  /* was there when the watch began */
	MEDIA_APPEARED, /* plugged in, or inserted into a drive */
	MEDIA_CHANGED,  /* partitioned, renamed, grown … */
	MEDIA_GONE,     /* pulled out; the medium is as it was last known */
};

struct media_event {
	enum media_change change;
	const struct medium *medium; /* the watch's own: valid until the next call */
};

struct media_watch;

/* Begins to watch; what is there already comes as MEDIA_PRESENT. */
int media_watch_open(const struct media_place *place, struct media_watch **watch, struct error *error);

/* Readable when there may be an event: for poll(). */
int media_watch_descriptor(const struct media_watch *watch);

/* The next event without waiting; MEDIA_NOTHING when there is none. */
int media_watch_next(struct media_watch *watch, struct media_event *event, struct error *error);

/* "present", "appeared", "changed", "gone". */
const char *media_change_word(enum media_change change);

void media_watch_close(struct media_watch **watch);
