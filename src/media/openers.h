/* Which processes have a device or a file open: read from /proc, as far as the caller may. */
#pragma once

#include "src/base/error.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct opener {
	pid_t process;
	char name[64];  /* the program's: foreign bytes */
	dev_t number;   /* of a block device; of a regular file its file system's */
	uint64_t inode; /* of a regular file; 0 for a block device */
};

struct opener_list {
	struct opener *openers;
	size_t count;
};

/* Every opener of a block device, but this process. */
int openers_read_devices(struct opener_list *list, struct error *error);
/* Every opener of one regular file, but this process. */
int openers_read_file(dev_t file_system, uint64_t inode, struct opener_list *list, struct error *error);
void openers_release(struct opener_list *list);
