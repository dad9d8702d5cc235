#include "src/media/strings.h"

#include "src/base/buffer.h"
#include "src/base/cleanup.h"
#include "src/base/file.h"
#include "src/base/text.h"
#include "src/media/sysfs.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

/* ── Serial number ── */

char *strings_serial_of_page(const unsigned char *page, size_t length)
{
	enum { HEADER_BYTES = 4, UNIT_SERIAL_NUMBER = 0x80 };
	if (length < HEADER_BYTES || page[1] != UNIT_SERIAL_NUMBER)
		return NULL;
	size_t stated = (size_t)page[2] << 8 | page[3];
	size_t present = length - HEADER_BYTES;
	return text_trimmed((const char *)page + HEADER_BYTES, stated < present ? stated : present);
}

static char *serial_of_scsi_page(int disk)
{
	CLEANUP_CLOSE int descriptor = openat(disk, "device/vpd_pg80", O_RDONLY | O_CLOEXEC);
	unsigned char page[512];
	ssize_t length = descriptor < 0 ? -1 : read(descriptor, page, sizeof page);
	return length < 0 ? NULL : strings_serial_of_page(page, (size_t)length);
}

/* The USB device (the one with idVendor) above a disk; -1 when there is none. */
static int open_usb_device(int disk)
{
	enum { HIGHEST = 10 };
	int above = sysfs_open_below(disk, "device");
	for (int i = 0; i < HIGHEST && above >= 0; i++) {
		if (sysfs_has(above, "idVendor"))
			return above;
		int next = sysfs_open_below(above, "..");
		close(above);
		above = next;
	}
	if (above >= 0)
		close(above);
	return -1;
}

static char *usb_attribute(const struct medium *medium, int disk, const char *name)
{
	CLEANUP_CLOSE int device = medium->bus == BUS_USB ? open_usb_device(disk) : -1;
	return device < 0 ? NULL : file_attribute(device, name);
}

static char *serial_of_sysfs(const struct medium *medium, int disk)
{
	char *serial = file_attribute(disk, "device/serial"); /* NVMe, MMC */
	if (!serial)
		serial = file_attribute(disk, "serial"); /* virtio */
	if (!serial)
		serial = serial_of_scsi_page(disk);
	/* The last, for a bridge's own serial number is not its disk's. */
	return serial ? serial : usb_attribute(medium, disk, "serial");
}

/* For SCSI udev's ID_SERIAL_SHORT is the designator of page 83h; what is printed on the drive is the unit
 * serial number. */
static char *serial_of(const struct medium *medium, int disk, const struct udev_properties *udev)
{
	static const char *const keys[] = {"SCSI_IDENT_SERIAL", "ID_SCSI_SERIAL", "ID_SERIAL_SHORT"};
	for (size_t i = 0; i < LENGTH_OF(keys); i++) {
		const char *value = udevdb_get(udev, keys[i]);
		char *serial = value ? text_trimmed(value, strlen(value)) : NULL;
		if (serial)
			return serial;
	}
	return serial_of_sysfs(medium, disk);
}

/* ── WWN, firmware, model, vendor ── */

/* udev writes NAA names as 0x…, the kernel as naa.…; of the kernel's other kinds only NVMe's eui. and uuid.
 * are world-wide: what begins with t10. or nvme. is put together from vendor, model and serial number, and
 * udev takes the latter for a WWN. */
static char *wwn_of_kernel(char *wwid)
{
	char *wwn = NULL;
	if (wwid && strncmp(wwid, "naa.", 4) == 0)
		return asprintf(&wwn, "0x%s", wwid + 4) < 0 ? NULL : wwn;
	return wwid && (strncmp(wwid, "eui.", 4) == 0 || strncmp(wwid, "uuid.", 5) == 0) ? strdup(wwid)
											 : NULL;
}

static char *wwn_of(int disk, const struct udev_properties *udev)
{
	const char *value = udevdb_get(udev, "ID_WWN_WITH_EXTENSION");
	if (!value)
		value = udevdb_get(udev, "ID_WWN");
	if (value)
		return strncmp(value, "nvme.", 5) == 0 ? NULL : strdup(value);
	CLEANUP_FREE char *of_disk = file_attribute(disk, "wwid");
	CLEANUP_FREE char *of_device = file_attribute(disk, "device/wwid");
	char *wwn = wwn_of_kernel(of_disk);
	return wwn ? wwn : wwn_of_kernel(of_device);
}

static char *firmware_of(int disk, const struct udev_properties *udev)
{
	static const char *const attributes[] = {"device/firmware_rev", "device/fwrev", "device/rev"};
	const char *value = udevdb_get(udev, "ID_REVISION");
	if (value)
		return text_trimmed(value, strlen(value));
	for (size_t i = 0; i < LENGTH_OF(attributes); i++) {
		char *firmware = file_attribute(disk, attributes[i]);
		if (firmware)
			return firmware;
	}
	return NULL;
}

static char *model_of(const struct medium *medium, int disk, const struct udev_properties *udev)
{
	char *model = udevdb_decoded(udev, "ID_MODEL_ENC");
	if (!model)
		model = file_attribute(disk, "device/model");
	if (!model && medium->bus == BUS_MMC)
		model = file_attribute(disk, "device/name");
	if (!model && udevdb_get(udev, "ID_MODEL"))
		model = strdup(udevdb_get(udev, "ID_MODEL"));
	return model ? model : usb_attribute(medium, disk, "product");
}

/* ATA and NVMe have no vendor field: SCSI translation puts "ATA" into it, and behind a bridge it is the
 * bridge's. */
static char *vendor_of(const struct medium *medium, int disk, const struct udev_properties *udev)
{
	const char *bus = udevdb_get(udev, "ID_BUS");
	if (medium->bus == BUS_NVME || medium->bus == BUS_VIRTIO || (bus && strcmp(bus, "ata") == 0))
		return NULL;
	CLEANUP_FREE char *of_udev = udevdb_decoded(udev, "ID_VENDOR_ENC");
	CLEANUP_FREE char *of_kernel = file_attribute(disk, "device/vendor");
	const char *vendor = of_udev ? of_udev : of_kernel;
	return vendor && strcmp(vendor, "ATA") != 0 ? strdup(vendor) : NULL;
}

void strings_read(int disk, const struct udev_properties *udev, struct medium *medium)
{
	if (medium->bus == BUS_LOOP || medium->bus == BUS_VIRTUAL)
		return;
	medium->serial = serial_of(medium, disk, udev);
	medium->wwn = wwn_of(disk, udev);
	medium->firmware = firmware_of(disk, udev);
	medium->model = model_of(medium, disk, udev);
	medium->vendor = vendor_of(medium, disk, udev);
}

/* ── The stable name ── */

/* Names that say model and serial number first, then world-wide numbers, then others. */
static size_t rank_of(const char *link)
{
	static const char *const prefixes[] = {"nvme-eui.", "nvme-uuid.", "nvme-nvme.", "wwn-", "scsi-3",
	    "dm-uuid-", "md-uuid-", "lvm-pv-uuid-"};
	for (size_t i = 0; i < LENGTH_OF(prefixes); i++)
		if (strncmp(link, prefixes[i], strlen(prefixes[i])) == 0)
			return i + 1;
	return 0;
}

static bool is_better(const char *link, const char *than)
{
	if (rank_of(link) != rank_of(than))
		return rank_of(link) < rank_of(than);
	if (strlen(link) != strlen(than))
		return strlen(link) < strlen(than);
	return strcmp(link, than) < 0;
}

char *strings_by_id(const struct udev_properties *udev)
{
	static const char directory[] = "/dev/disk/by-id/";
	const char *links = udevdb_get(udev, "DEVLINKS");
	CLEANUP_FREE char *words = links ? strdup(links) : NULL;
	const char *best = NULL;
	char *rest = words;
	for (const char *word = strsep(&rest, " "); word; word = strsep(&rest, " ")) {
		if (strncmp(word, directory, strlen(directory)) != 0)
			continue;
		const char *link = word + strlen(directory);
		if (!best || is_better(link, best))
			best = link;
	}
	return best ? strdup(best) : NULL;
}
