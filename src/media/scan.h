/* Finding media: sysfs for what the kernel knows, udev's database for what udev added, superblocks by
 * libblkid in the sandboxed child. */
#pragma once

#include "src/base/error.h"
#include "src/media/medium.h"

#include <stddef.h>

/* Where to look. root is "" for this machine; or the directory of a recorded tree: root/sys, root/proc, and
 * root/udev/MAJOR:MINOR (udev's properties, a line KEY=VALUE each). A recorded tree has no device nodes:
 * nothing is opened, contents come from udev's properties. */
struct media_place {
	const char *root;
	bool probe; /* read superblocks (opens the devices for reading) */
};

struct media_list {
	struct medium *media;
	size_t count;
};

/* All whole disks, ordered by kernel name in natural order (sda … sdz, sdaa; nvme2n1 before nvme10n1);
 * without those of size zero that have no medium to be inserted (unused loop and ram devices). Obstacles are
 * filled in. */
int media_scan(const struct media_place *place, struct media_list *list, struct error *error);
void media_list_release(struct media_list *list);

/* The medium behind a path (device node, by-id link, or partition). -ENODEV / -ENOTBLK (refused) otherwise.
 */
int media_find(const struct media_place *place, const char *path, struct medium *medium, struct error *error);

/* A regular file as a medium: kind KIND_IMAGE, blocks of 512 bytes. -ENOTSUP (refused) for anything else. */
int media_describe_image(const char *path, struct medium *medium, struct error *error);
