/* What a medium is: everything that detection found out about one block device, as a value. */
#pragma once

#include "src/base/error.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum medium_bus {
	BUS_UNKNOWN,
	BUS_USB,
	BUS_ATA,
	BUS_SCSI,
	BUS_NVME,
	BUS_MMC,
	BUS_VIRTIO,
	BUS_LOOP,
	BUS_VIRTUAL, /* dm, md, zram, …: no medium, made of others */
	BUS_FILE,    /* a disk image */
};

enum medium_kind {
	KIND_UNKNOWN,
	KIND_HDD,
	KIND_SSD,
	KIND_USB_FLASH,
	KIND_SD,
	KIND_OPTICAL,
	KIND_LOOP,
	KIND_VIRTUAL,
	KIND_IMAGE, /* a regular file */
};

/* One thing a medium (or a partition of it) holds: a superblock that libblkid or udev recognised. */
struct medium_content {
	char *device; /* kernel name of the device it lies on: "sda", "sda1"; of an image "" */
	char *usage;  /* "filesystem", "crypto", "raid", "partition-table", "other" (libblkid's USAGE) */
	char *type;   /* "vfat", "crypto_LUKS", "LVM2_member", "gpt", … (libblkid's names) */
	char *label;  /* or NULL; foreign bytes: escape before showing */
	char *uuid;   /* or NULL */
	char *version;
};

/* A part of the medium that has a device of its own. */
struct medium_partition {
	char *name; /* kernel name: "sda1" */
	char *path; /* "/dev/sda1" */
	dev_t number;
	uint32_t index; /* partition number */
	uint64_t start_bytes;
	uint64_t length_bytes;
};

/* A use of the medium that forbids erasing it. */
enum medium_use {
	USE_MOUNTED, /* where: mount point */
	USE_SWAP,    /* where: device */
	USE_HOLDER,  /* where: kernel name of dm, md, bcache, loop … above it */
	USE_SYSTEM,  /* where: "/", "/boot", "/usr" or "/var" that stands on it */
	USE_READ_ONLY,
	USE_EMPTY,          /* size zero: no medium in the drive */
	USE_PARTITION,      /* not a whole disk; where: the disk's path */
	USE_OPENED,         /* where: "name (pid N)" of a process that has it open */
	USE_MADE_OF_OTHERS, /* dm, md …: erase what it is made of */
};

struct medium_obstacle {
	enum medium_use use;
	char *device; /* kernel name of the device in use: the disk or its partition */
	char *where;  /* as above, or NULL; foreign bytes: escape before showing */
};

/* All strings are NULL when unknown. */
struct medium {
	char *path;     /* "/dev/sda"; of an image its path */
	char *name;     /* kernel name "sda"; of an image its base name */
	char *by_id;    /* stable name: the best link below /dev/disk/by-id, without the directory */
	dev_t number;   /* of the device; of an image, of the file system it lies on */
	uint64_t inode; /* of an image; else 0 */
	enum medium_bus bus;
	enum medium_kind kind;
	char *vendor;
	char *model;
	char *serial;
	char *wwn;
	char *firmware;
	uint64_t size_bytes;
	uint32_t logical_block_bytes;
	uint32_t physical_block_bytes;
	uint64_t disk_sequence; /* the kernel's diskseq; 0 = unknown */
	bool is_partition;
	bool rotational;
	bool removable;
	bool read_only;
	bool discard;
	char *zoned;        /* NULL (not zoned), "host-aware", "host-managed" */
	char *backing_file; /* of a loop device */

	struct medium_content *contents;
	size_t content_count;
	struct medium_partition *partitions;
	size_t partition_count;
	struct medium_obstacle *obstacles; /* empty: it may be erased */
	size_t obstacle_count;
	char **mounts; /* where it or its partitions are mounted */
	size_t mount_count;
	char **
	    missing; /* names of JSON members that could not be determined here (no udev, no right to read) */
	size_t missing_count;
};

/* The fixed words of JSON: "usb", "hdd", "mounted" … */
const char *medium_bus_word(enum medium_bus bus);
const char *medium_kind_word(enum medium_kind kind);
const char *medium_use_word(enum medium_use use);

/* What must be typed to confirm the erasure of this medium: its serial number; without one its by-id name;
 * without that its kernel name; of an image the base name of its file. */
const char *medium_confirmation(const struct medium *medium);

/* Whether text confirms this medium: equal to medium_confirmation(); for a loop device also the base name of
 * its backing file. */
bool medium_is_confirmed_by(const struct medium *medium, const char *text);

/* Why the obstacle forbids erasing, as one sentence for people. */
void medium_explain_obstacle(
    const struct medium *medium, const struct medium_obstacle *obstacle, struct error *error);

/* All of it as JSON; the members are documented in docs/formats.md. NULL without memory. */
json_t *medium_to_json(const struct medium *medium);

void medium_release(struct medium *medium);

/* ── Building one: each copies its texts (NULL = unknown). 0, or -ENOMEM with the error filled. ── */

int medium_add_content(struct medium *medium, const struct medium_content *content, struct error *error);
int medium_add_partition(
    struct medium *medium, const struct medium_partition *partition, struct error *error);
/* The same obstacle twice is one. */
int medium_add_obstacle(
    struct medium *medium, enum medium_use use, const char *device, const char *where, struct error *error);
/* A mount point twice is one. */
int medium_add_mount(struct medium *medium, const char *point, struct error *error);
int medium_add_missing(struct medium *medium, const char *member, struct error *error);
/* Forgets the obstacles and mounts, for another examination. */
void medium_clear_obstacles(struct medium *medium);
