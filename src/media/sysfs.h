/* Reading sysfs, of this machine or of a recorded tree: nothing here follows a path out of the tree's root
 * but through the links that sysfs itself has. */
#pragma once

#include "src/base/error.h"
#include "src/media/scan.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct name_list {
	char **names;
	size_t count;
};

/* The directory root/sys/class/block/NAME, or -1. */
int sysfs_open_block(const struct media_place *place, const char *name);
/* The directory root/sys/dev/block/MAJOR:MINOR, or -1. */
int sysfs_open_number(const struct media_place *place, dev_t number);
/* The directory name below (or, "..", above) another, or -1. */
int sysfs_open_below(int directory, const char *name);

/* Where a block device stands among the devices: "../../devices/pci0000:00/…/block/sda"; NULL when unknown.
 * The caller frees it. */
char *sysfs_device_path(const struct media_place *place, const char *name);

/* A number in an attribute (decimal), or fallback. */
uint64_t sysfs_number(int directory, const char *name, uint64_t fallback);
/* The attribute "dev", MAJOR:MINOR. False when there is none. */
bool sysfs_device_number(int directory, dev_t *number);
/* "MAJOR:MINOR" as a number. */
bool sysfs_parse_device_number(const char *text, dev_t *number);
bool sysfs_has(int directory, const char *name);

/* The name of a block device's node below /dev, from its uevent's DEVNAME ("cciss/c0d0"); NULL when unknown.
 * The caller frees it. */
char *sysfs_node_name(int directory);
/* Its kernel name, the same with "!" for "/". */
char *sysfs_kernel_name(int directory);

/* Names in a directory below the place's root ("/sys/class/block"), or below a directory, in natural order;
 * empty when there is none. */
int sysfs_list(
    const struct media_place *place, const char *path, struct name_list *list, struct error *error);
int sysfs_list_below(int directory, const char *name, struct name_list *list, struct error *error);
void sysfs_release_names(struct name_list *list);

/* Kernel names in natural order: sdz before sdaa, nvme2n1 before nvme10n1. As strcmp(). */
int sysfs_compare_names(const char *one, const char *other);
