/* The rights a parser of foreign bytes is left with: read and write what is open, memory, the clock, exit. */
#pragma once

#include "src/base/error.h"

#include <stdint.h>

/* Gives up for good, in this process: every capability and root's identity, new privileges, the file system
 * but for reading the NULL-ended readable_files (Landlock where the kernel has it; seccomp forbids opening
 * for writing everywhere, and opening at all when the list is empty), the network, other processes, and
 * memory beyond memory_bytes. A forbidden system call fails with EPERM. Reading ioctls of block devices
 * (size, block size, geometry, zones) stay. */
int sandbox_enter(const char *const *readable_files, uint64_t memory_bytes, struct error *error);
