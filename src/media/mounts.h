/* What is mounted, in every mount namespace that can be seen, and what is swapped to. */
#pragma once

#include "src/base/error.h"
#include "src/media/scan.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct mount_entry {
	dev_t number;  /* as mountinfo says: of a file system of several devices, an anonymous one */
	char *source;  /* "/dev/sda1", or anything; may be NULL */
	char *type;    /* "ext4" */
	char *point;   /* where, as the process that sees it does */
	char *options; /* of the file system ("lowerdir=…"); may be NULL */
	bool ours;     /* seen by this process or by process 1: what the running system stands on */
};

struct mount_list {
	struct mount_entry *entries;
	size_t count;
};

struct swap_entry {
	char *path;
	bool is_file;
};

struct swap_list {
	struct swap_entry *entries;
	size_t count;
};

int mounts_read(const struct media_place *place, struct mount_list *list, struct error *error);
void mounts_release(struct mount_list *list);

/* The entry that path lies on: the last one with the longest mount point above it, of those that are ours;
 * NULL when there is none. */
const struct mount_entry *mounts_cover(const struct mount_list *list, const char *path);

int mounts_read_swaps(const struct media_place *place, struct swap_list *list, struct error *error);
void mounts_release_swaps(struct swap_list *list);
