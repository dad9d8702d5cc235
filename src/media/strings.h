/* The names a medium goes by: vendor, model, serial number, WWN, firmware, and its stable name below
 * /dev/disk/by-id. udev asked the drive itself; sysfs knows what the kernel's driver asked. */
#pragma once

#include "src/media/scan.h"
#include "src/media/udevdb.h"

/* Fills vendor, model, serial, wwn and firmware of a medium whose bus is known, from the disk's sysfs
 * directory and udev's properties; NULL = unknown. */
void strings_read(int disk, const struct udev_properties *udev, struct medium *medium);

/* The best link below /dev/disk/by-id, without the directory; NULL when there is none. The caller frees it.
 */
char *strings_by_id(const struct udev_properties *udev);

/* The serial number in a SCSI "unit serial number" page (SPC-4 §7.8.14): NULL when these bytes are none. The
 * caller frees it. */
char *strings_serial_of_page(const unsigned char *page, size_t length);
