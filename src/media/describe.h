/* One block device of sysfs, and what udev added, as a medium: everything but its contents and obstacles. */
#pragma once

#include "src/base/error.h"
#include "src/media/scan.h"
#include "src/media/udevdb.h"

/* Describes the device with this kernel name; -ENODEV when there is none. */
int describe_device(
    const struct media_place *place, const char *name, struct medium *medium, struct error *error);

/* Contents as udev's database has them, for a medium that is not probed. Says in medium->missing when there
 * is no such database. */
int describe_contents_from_udev(const struct media_place *place, struct medium *medium, struct error *error);
