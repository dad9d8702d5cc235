/* Which block device stands on which: partitions on disks; dm, md and bcache on their slaves; a loop device
 * on its backing device or file. */
#pragma once

#include "src/base/error.h"
#include "src/media/mounts.h"
#include "src/media/scan.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STACK_NONE SIZE_MAX

struct stack_node {
	char *name;
	char *alias; /* of dm its name below /dev/mapper, or NULL */
	dev_t number;
	size_t disk; /* of a partition: the node it is a part of; else STACK_NONE */
	char *wwid;  /* the kernel's world-wide name of a disk, or NULL */
	size_t unit; /* of a disk: the first node with its world-wide name and size, itself or another path to
			the same unit; of a partition: its disk's */
	uint64_t start_bytes;
	uint64_t length_bytes;
	char *backing_file;   /* of a loop device, or NULL */
	dev_t backing_number; /* of a loop device: the file system its file is on, or the block device itself;
				 0 = unknown */
	uint64_t backing_inode; /* of a loop device over a file; 0 = unknown, or over a block device */
	size_t *lower;          /* nodes this one is made of */
	size_t lower_count;
};

struct stack {
	struct stack_node *nodes;
	size_t count;
};

int stack_read(const struct media_place *place, const struct mount_list *mounts, struct stack *stack,
    struct error *error);
void stack_release(struct stack *stack);

size_t stack_find_number(const struct stack *stack, dev_t number);
/* By a node's path or name: "/dev/sda1", "/dev/mapper/NAME"; this machine's nodes by what they are. */
size_t stack_find_path(const struct media_place *place, const struct stack *stack, const char *path);

/* Marks in touched (stack->count members) the node and all it is made of, but not the disk of a partition:
 * the devices whose bytes it uses. */
void stack_touch(const struct stack *stack, size_t node, bool *touched);

/* Marks what a mount uses: its device, what its source names, the other devices of its file system (btrfs),
 * the layers of an overlay. */
void stack_touch_mount(const struct media_place *place, const struct stack *stack,
    const struct mount_list *mounts, const struct mount_entry *mount, bool *touched);
