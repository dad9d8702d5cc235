#include "src/media/describe.h"

#include "src/base/cleanup.h"
#include "src/base/file.h"
#include "src/media/strings.h"
#include "src/media/sysfs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { SECTOR_BYTES = 512 /* of sysfs, whatever the medium's own */ };

static uint64_t sectors(int directory, const char *attribute)
{
	uint64_t bytes;
	if (__builtin_mul_overflow(sysfs_number(directory, attribute, 0), (uint64_t)SECTOR_BYTES, &bytes))
		return 0;
	return bytes;
}

/* ── Bus and kind ── */

static enum medium_bus bus_of(const char *name, const char *device_path)
{
	/* By the devices it hangs on, from the medium outwards: a bridge's USB matters more than the SCSI it
	 * speaks. */
	static const struct {
		const char *part;
		enum medium_bus bus;
	} parts[] = {{"/usb", BUS_USB}, {"/mmc_host/", BUS_MMC}, {"/nvme", BUS_NVME}, {"/ata", BUS_ATA},
	    {"/target", BUS_SCSI}, {"/host", BUS_SCSI}, {"/virtio", BUS_VIRTIO}};
	if (strncmp(name, "loop", 4) == 0)
		return BUS_LOOP;
	for (size_t i = 0; device_path && i < LENGTH_OF(parts); i++)
		if (strstr(device_path, parts[i].part))
			return parts[i].bus;
	return device_path && strstr(device_path, "/virtual/") ? BUS_VIRTUAL : BUS_UNKNOWN;
}

/* USB sticks say nothing of rotation (the kernel then says they rotate); a disk behind a bridge tells its
 * rate through ATA IDENTIFY, which udev asked for. */
static enum medium_kind kind_on_usb(const struct medium *medium, const struct udev_properties *udev)
{
	const char *rate = udevdb_get(udev, "ID_ATA_ROTATION_RATE_RPM");
	if (udevdb_get(udev, "ID_DRIVE_FLASH_SD") || udevdb_get(udev, "ID_DRIVE_MEDIA_FLASH_SD"))
		return KIND_SD;
	if (rate)
		return strcmp(rate, "0") == 0 ? KIND_SSD : KIND_HDD;
	if (medium->removable)
		return KIND_USB_FLASH;
	return medium->rotational ? KIND_HDD : KIND_SSD;
}

static enum medium_kind kind_of(
    const struct medium *medium, int directory, const struct udev_properties *udev)
{
	CLEANUP_FREE char *type = file_attribute(directory, "device/type");
	switch (medium->bus) {
	case BUS_LOOP:
		return KIND_LOOP;
	case BUS_VIRTUAL:
		return KIND_VIRTUAL;
	case BUS_MMC:
		return type && strcmp(type, "SD") == 0 ? KIND_SD : KIND_SSD;
	case BUS_NVME:
		return KIND_SSD;
	case BUS_VIRTIO: /* what the host keeps it on is not to be seen from here */
	case BUS_UNKNOWN:
	case BUS_FILE:
		return KIND_UNKNOWN;
	case BUS_USB:
	case BUS_ATA:
	case BUS_SCSI:
		break;
	}
	if (type && strcmp(type, "5") == 0) /* SPC-4 §6.4.2: CD/DVD device */
		return KIND_OPTICAL;
	if (medium->bus == BUS_USB)
		return kind_on_usb(medium, udev);
	return medium->rotational ? KIND_HDD : KIND_SSD;
}

/* ── The disk's attributes ── */

static bool discards(int directory)
{
	return sysfs_number(directory, "queue/discard_granularity", 0) > 0 &&
	       sysfs_number(directory, "queue/discard_max_bytes", 0) > 0;
}

static void describe_disk(const struct media_place *place, int disk, const char *disk_name,
    const struct udev_properties *udev, struct medium *medium)
{
	CLEANUP_FREE char *device_path = sysfs_device_path(place, disk_name);
	CLEANUP_FREE char *zoned = file_attribute(disk, "queue/zoned");
	medium->bus = bus_of(disk_name, device_path);
	medium->logical_block_bytes = (uint32_t)sysfs_number(disk, "queue/logical_block_size", 512);
	medium->physical_block_bytes =
	    (uint32_t)sysfs_number(disk, "queue/physical_block_size", medium->logical_block_bytes);
	medium->disk_sequence = sysfs_number(disk, "diskseq", 0);
	medium->rotational = sysfs_number(disk, "queue/rotational", 0) != 0;
	medium->removable = sysfs_number(disk, "removable", 0) != 0;
	medium->discard = discards(disk);
	medium->zoned = zoned && strcmp(zoned, "none") != 0 ? strdup(zoned) : NULL;
	medium->backing_file = file_attribute(disk, "loop/backing_file");
	medium->kind = kind_of(medium, disk, udev);
	strings_read(disk, udev, medium);
	/* A drive without a disc has no capacity, but sysfs goes on telling that of some last disc. */
	if (medium->kind == KIND_OPTICAL && udev->known && !udevdb_get(udev, "ID_CDROM_MEDIA"))
		medium->size_bytes = 0;
}

/* ── Partitions ── */

static int describe_partition(int disk, const char *name, struct medium *medium, struct error *error)
{
	CLEANUP_CLOSE int directory = sysfs_open_below(disk, name);
	CLEANUP_FREE char *path = NULL;
	struct medium_partition partition = {.name = (char *)name};
	if (!sysfs_has(directory, "partition") || !sysfs_device_number(directory, &partition.number))
		return 0;
	if (asprintf(&path, "/dev/%s", name) < 0)
		return error_set(error, ENOMEM, _("out of memory"));
	partition.path = path;
	partition.index = (uint32_t)sysfs_number(directory, "partition", 0);
	partition.start_bytes = sectors(directory, "start");
	partition.length_bytes = sectors(directory, "size");
	return medium_add_partition(medium, &partition, error);
}

static int describe_partitions(int disk, const char *disk_name, struct medium *medium, struct error *error)
{
	CLEANUP(sysfs_release_names) struct name_list names = {0};
	int status = sysfs_list_below(disk, ".", &names, error);
	for (size_t i = 0; status == 0 && i < names.count; i++)
		if (strncmp(names.names[i], disk_name, strlen(disk_name)) == 0)
			status = describe_partition(disk, names.names[i], medium, error);
	return status;
}

/* ── The whole ── */

/* The node is named as in DEVNAME, which for some drivers has a directory that the kernel name writes with
 * "!". */
static char *node_path(int directory, const char *name)
{
	CLEANUP_FREE char *device = sysfs_node_name(directory);
	char *path = NULL;
	return asprintf(&path, "/dev/%s", device ? device : name) < 0 ? NULL : path;
}

static int note_missing(const struct udev_properties *udev, struct medium *medium, struct error *error)
{
	const struct {
		const char *member;
		const char *value;
	} members[] = {{"by_id", medium->by_id}, {"vendor", medium->vendor}, {"model", medium->model},
	    {"serial", medium->serial}, {"wwn", medium->wwn}, {"firmware", medium->firmware}};
	if (udev->known || medium->bus == BUS_LOOP || medium->bus == BUS_VIRTUAL)
		return 0;
	for (size_t i = 0; i < LENGTH_OF(members); i++)
		if (!members[i].value && medium_add_missing(medium, members[i].member, error) < 0)
			return error->code;
	return 0;
}

int describe_device(
    const struct media_place *place, const char *name, struct medium *medium, struct error *error)
{
	CLEANUP_CLOSE int directory = sysfs_open_block(place, name);
	CLEANUP(udevdb_release) struct udev_properties udev = {0};
	CLEANUP(udevdb_release) struct udev_properties disk_udev = {0};
	dev_t disk_number;
	if (directory < 0 || !sysfs_device_number(directory, &medium->number))
		return error_refuse(error, ENODEV, _("there is no block device %s"), name);
	medium->name = strdup(name);
	medium->path = node_path(directory, name);
	if (!medium->name || !medium->path)
		return error_set(error, ENOMEM, _("out of memory"));
	medium->is_partition = sysfs_has(directory, "partition");
	medium->size_bytes = sectors(directory, "size");
	medium->read_only = sysfs_number(directory, "ro", 0) != 0;
	CLEANUP_CLOSE int disk = sysfs_open_below(directory, medium->is_partition ? ".." : ".");
	CLEANUP_FREE char *disk_name = medium->is_partition ? sysfs_kernel_name(disk) : strdup(name);
	if (!disk_name || !sysfs_device_number(disk, &disk_number))
		return error_set(
		    error, ENODEV, _("could not find the disk that %s is a part of"), medium->path);
	if (udevdb_read(place, medium->number, &udev, error) < 0 ||
	    udevdb_read(place, disk_number, &disk_udev, error) < 0)
		return error->code;
	describe_disk(place, disk, disk_name, &disk_udev, medium);
	medium->by_id = strings_by_id(&udev);
	if (note_missing(&disk_udev, medium, error) < 0)
		return error->code;
	return medium->is_partition ? 0 : describe_partitions(disk, disk_name, medium, error);
}

/* ── Contents as udev found them ── */

static int add_filesystem(
    const struct udev_properties *udev, const char *device, struct medium *medium, struct error *error)
{
	CLEANUP_FREE char *label = udevdb_decoded(udev, "ID_FS_LABEL_ENC");
	CLEANUP_FREE char *uuid = udevdb_decoded(udev, "ID_FS_UUID_ENC");
	const char *type = udevdb_get(udev, "ID_FS_TYPE");
	const char *usage = udevdb_get(udev, "ID_FS_USAGE");
	const char *plain_uuid = udevdb_get(udev, "ID_FS_UUID");
	struct medium_content content = {.device = (char *)device,
	    .usage = (char *)(usage ? usage : "other"),
	    .type = (char *)type,
	    .label = label ? label : (char *)udevdb_get(udev, "ID_FS_LABEL"),
	    .uuid = uuid ? uuid : (char *)plain_uuid,
	    .version = (char *)udevdb_get(udev, "ID_FS_VERSION")};
	return type ? medium_add_content(medium, &content, error) : 0;
}

static int add_table(
    const struct udev_properties *udev, const char *device, struct medium *medium, struct error *error)
{
	/* On a partition udev repeats the table of its disk. */
	const char *type = udevdb_get(udev, "ID_PART_TABLE_TYPE");
	const char *kind = udevdb_get(udev, "DEVTYPE");
	struct medium_content content = {.device = (char *)device,
	    .usage = (char[]){"partition-table"},
	    .type = (char *)type,
	    .uuid = (char *)udevdb_get(udev, "ID_PART_TABLE_UUID")};
	if (!type || udevdb_get(udev, "ID_PART_ENTRY_NUMBER") || (kind && strcmp(kind, "partition") == 0))
		return 0;
	return medium_add_content(medium, &content, error);
}

static int add_device_contents(const struct media_place *place, dev_t number, const char *device,
    struct medium *medium, struct error *error)
{
	CLEANUP(udevdb_release) struct udev_properties udev = {0};
	int status = udevdb_read(place, number, &udev, error);
	if (status == 0 && !udev.known)
		status = medium_add_missing(medium, "contents", error);
	if (status == 0)
		status = add_table(&udev, device, medium, error);
	if (status == 0)
		status = add_filesystem(&udev, device, medium, error);
	return status;
}

int describe_contents_from_udev(const struct media_place *place, struct medium *medium, struct error *error)
{
	int status = add_device_contents(place, medium->number, medium->name, medium, error);
	for (size_t i = 0; status == 0 && i < medium->partition_count; i++)
		status = add_device_contents(
		    place, medium->partitions[i].number, medium->partitions[i].name, medium, error);
	return status;
}
