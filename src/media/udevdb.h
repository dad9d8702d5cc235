/* What udev added to a device: its database of properties, of this machine or of a recorded tree. */
#pragma once

#include "src/base/error.h"
#include "src/media/scan.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct udev_property {
	char *key;
	char *value;
};

struct udev_properties {
	struct udev_property *items;
	size_t count;
	bool known; /* udev has seen the device: what is not there, it did not find */
};

/* The properties of a block device. No udev is no error: known is false then. */
int udevdb_read(
    const struct media_place *place, dev_t number, struct udev_properties *properties, struct error *error);

/* Reads lines KEY=VALUE. */
int udevdb_parse(const char *text, size_t length, struct udev_properties *properties, struct error *error);

/* A value, or NULL; an empty value is NULL. */
const char *udevdb_get(const struct udev_properties *properties, const char *key);

/* A value in which udev wrote unusual bytes as \xNN, as the bytes it stands for, trimmed; NULL when there is
 * none. The caller frees it. */
char *udevdb_decoded(const struct udev_properties *properties, const char *key);

void udevdb_release(struct udev_properties *properties);
