/* Who uses what, at one moment: the mounts, swaps, stacks and openers that forbid erasing a medium. */
#pragma once

#include "src/base/error.h"
#include "src/media/medium.h"
#include "src/media/mounts.h"
#include "src/media/openers.h"
#include "src/media/scan.h"
#include "src/media/stack.h"

struct uses {
	struct media_place place;
	struct mount_list mounts;
	struct swap_list swaps;
	struct stack stack;
	struct opener_list openers; /* of block devices; empty in a recorded tree */
};

int uses_read(const struct media_place *place, struct uses *uses, struct error *error);
void uses_release(struct uses *uses);

/* Replaces the medium's obstacles and mounts by what is known of it here. -ENODEV when the medium is not
 * among the devices any more. */
int uses_examine(const struct uses *uses, struct medium *medium, struct error *error);
