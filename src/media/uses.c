#include "src/media/uses.h"

#include "src/base/cleanup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int uses_read(const struct media_place *place, struct uses *uses, struct error *error)
{
	*uses = (struct uses){.place = *place};
	int status = mounts_read(place, &uses->mounts, error);
	if (status == 0)
		status = mounts_read_swaps(place, &uses->swaps, error);
	if (status == 0)
		status = stack_read(place, &uses->mounts, &uses->stack, error);
	if (status == 0 && !place->root[0])
		status = openers_read_devices(&uses->openers, error);
	return status;
}

void uses_release(struct uses *uses)
{
	mounts_release(&uses->mounts);
	mounts_release_swaps(&uses->swaps);
	stack_release(&uses->stack);
	openers_release(&uses->openers);
}

/* ── Does a use of this node touch the medium? ── */

static bool overlap(const struct stack_node *one, const struct stack_node *other)
{
	return one->start_bytes < other->start_bytes + other->length_bytes &&
	       other->start_bytes < one->start_bytes + one->length_bytes;
}

/* A whole medium is concerned by all its partitions; a partition by itself, by what uses the whole disk, and
 * by siblings that lie on the same bytes; both also by what reaches them on another path. */
static bool concerns(const struct stack *stack, size_t medium, size_t node)
{
	if (medium == STACK_NONE || node == STACK_NONE)
		return false;
	const struct stack_node *target = &stack->nodes[medium];
	const struct stack_node *used = &stack->nodes[node];
	if (medium == node)
		return true;
	if (target->unit != used->unit)
		return false;
	return target->disk == STACK_NONE || used->disk == STACK_NONE || overlap(target, used);
}

static bool is_same_disk(const struct stack *stack, size_t one, size_t other)
{
	size_t first = stack->nodes[one].disk == STACK_NONE ? one : stack->nodes[one].disk;
	size_t second = stack->nodes[other].disk == STACK_NONE ? other : stack->nodes[other].disk;
	return first == second;
}

/* On the medium's own path, if it is touched there. */
static const char *touched_device(const struct stack *stack, size_t medium, const bool *touched)
{
	const char *elsewhere = NULL;
	for (size_t i = 0; i < stack->count; i++) {
		if (!touched[i] || !concerns(stack, medium, i))
			continue;
		if (is_same_disk(stack, medium, i))
			return stack->nodes[i].name;
		if (!elsewhere)
			elsewhere = stack->nodes[i].name;
	}
	return elsewhere;
}

/* ── The uses ── */

static bool is_system_point(const struct mount_entry *mount)
{
	static const char *const points[] = {"/", "/boot", "/usr", "/var"};
	for (size_t i = 0; mount->ours && i < LENGTH_OF(points); i++)
		if (strcmp(mount->point, points[i]) == 0)
			return true;
	return false;
}

/* Adds the mounts that stand on the medium: of the running system, or of others. */
static int examine_mounts(
    const struct uses *uses, size_t node, bool system, struct medium *medium, struct error *error)
{
	const struct stack *stack = &uses->stack;
	CLEANUP_FREE bool *touched = calloc(stack->count + 1, sizeof *touched);
	if (!touched)
		return error_set(error, ENOMEM, _("out of memory"));
	for (size_t i = 0; i < uses->mounts.count; i++) {
		const struct mount_entry *mount = &uses->mounts.entries[i];
		if (is_system_point(mount) != system)
			continue;
		memset(touched, 0, stack->count * sizeof *touched);
		stack_touch_mount(&uses->place, stack, &uses->mounts, mount, touched);
		const char *device = touched_device(stack, node, touched);
		if (!device)
			continue;
		if (medium_add_mount(medium, mount->point, error) < 0 ||
		    medium_add_obstacle(
			medium, system ? USE_SYSTEM : USE_MOUNTED, device, mount->point, error) < 0)
			return error->code;
	}
	return 0;
}

static void touch_swap(const struct uses *uses, const struct swap_entry *swap, bool *touched)
{
	if (!swap->is_file) {
		stack_touch(&uses->stack, stack_find_path(&uses->place, &uses->stack, swap->path), touched);
		return;
	}
	const struct mount_entry *mount = mounts_cover(&uses->mounts, swap->path);
	if (mount)
		stack_touch_mount(&uses->place, &uses->stack, &uses->mounts, mount, touched);
}

static int examine_swaps(const struct uses *uses, size_t node, struct medium *medium, struct error *error)
{
	const struct stack *stack = &uses->stack;
	CLEANUP_FREE bool *touched = calloc(stack->count + 1, sizeof *touched);
	if (!touched)
		return error_set(error, ENOMEM, _("out of memory"));
	for (size_t i = 0; i < uses->swaps.count; i++) {
		memset(touched, 0, stack->count * sizeof *touched);
		touch_swap(uses, &uses->swaps.entries[i], touched);
		const char *device = touched_device(stack, node, touched);
		if (device &&
		    medium_add_obstacle(medium, USE_SWAP, device, uses->swaps.entries[i].path, error) < 0)
			return error->code;
	}
	return 0;
}

/* The nodes that a holder is made of and that concern the medium: on its own path, or on others. */
static int add_holder(const struct stack *stack, size_t node, const struct stack_node *holder, bool own,
    struct medium *medium, bool *added, struct error *error)
{
	for (size_t i = 0; i < holder->lower_count; i++) {
		size_t lower = holder->lower[i];
		if (!concerns(stack, node, lower) || is_same_disk(stack, node, lower) != own)
			continue;
		*added = true;
		if (medium_add_obstacle(medium, USE_HOLDER, stack->nodes[lower].name, holder->name, error) <
		    0)
			return error->code;
	}
	return 0;
}

static int examine_holders(const struct uses *uses, size_t node, struct medium *medium, struct error *error)
{
	const struct stack *stack = &uses->stack;
	int status = 0;
	for (size_t i = 0; status == 0 && i < stack->count; i++) {
		const struct stack_node *holder = &stack->nodes[i];
		bool added = false;
		/* A loop device over a file stands on a mounted file system: that is said already. */
		if (holder->backing_inode)
			continue;
		status = add_holder(stack, node, holder, true, medium, &added, error);
		if (status == 0 && !added)
			status = add_holder(stack, node, holder, false, medium, &added, error);
	}
	return status;
}

static int add_opener(
    struct medium *medium, const char *device, const struct opener *opener, struct error *error)
{
	CLEANUP_FREE char *where = NULL;
	if (asprintf(&where, "%s (pid %d)", opener->name, (int)opener->process) < 0)
		return error_set(error, ENOMEM, _("out of memory"));
	return medium_add_obstacle(medium, USE_OPENED, device, where, error);
}

static int examine_openers(const struct uses *uses, size_t node, struct medium *medium, struct error *error)
{
	for (size_t i = 0; i < uses->openers.count; i++) {
		size_t opened = stack_find_number(&uses->stack, uses->openers.openers[i].number);
		if (concerns(&uses->stack, node, opened) &&
		    add_opener(medium, uses->stack.nodes[opened].name, &uses->openers.openers[i], error) < 0)
			return error->code;
	}
	return 0;
}

static int examine_itself(const struct uses *uses, size_t node, struct medium *medium, struct error *error)
{
	int status = 0;
	if (medium->kind == KIND_VIRTUAL)
		status = medium_add_obstacle(medium, USE_MADE_OF_OTHERS, medium->name, NULL, error);
	/* Before read-only, which the kernel says of every drive without a disc. */
	if (status == 0 && medium->size_bytes == 0)
		status = medium_add_obstacle(medium, USE_EMPTY, medium->name, NULL, error);
	if (status == 0 && medium->read_only)
		status = medium_add_obstacle(medium, USE_READ_ONLY, medium->name, NULL, error);
	if (status == 0 && medium->is_partition) {
		CLEANUP_FREE char *disk = NULL;
		size_t above = node == STACK_NONE ? STACK_NONE : uses->stack.nodes[node].disk;
		if (above != STACK_NONE && asprintf(&disk, "/dev/%s", uses->stack.nodes[above].name) < 0)
			return error_set(error, ENOMEM, _("out of memory"));
		status = medium_add_obstacle(medium, USE_PARTITION, medium->name, disk, error);
	}
	return status;
}

/* ── An image ── */

static bool is_swap_file(const struct swap_entry *swap, const struct stat *image)
{
	struct stat status;
	return swap->is_file && stat(swap->path, &status) == 0 && status.st_dev == image->st_dev &&
	       status.st_ino == image->st_ino;
}

static int examine_image(const struct uses *uses, struct medium *medium, struct error *error)
{
	CLEANUP(openers_release) struct opener_list openers = {0};
	struct stat image;
	if (stat(medium->path, &image) < 0)
		return error_system(error, errno, _("could not look at %s"), medium->path);
	for (size_t i = 0; i < uses->swaps.count; i++)
		if (is_swap_file(&uses->swaps.entries[i], &image) &&
		    medium_add_obstacle(medium, USE_SWAP, "", uses->swaps.entries[i].path, error) < 0)
			return error->code;
	for (size_t i = 0; i < uses->stack.count; i++) {
		const struct stack_node *loop = &uses->stack.nodes[i];
		if (loop->backing_inode && loop->backing_inode == image.st_ino &&
		    loop->backing_number == image.st_dev &&
		    medium_add_obstacle(medium, USE_HOLDER, "", loop->name, error) < 0)
			return error->code;
	}
	int status = openers_read_file(image.st_dev, image.st_ino, &openers, error);
	for (size_t i = 0; status == 0 && i < openers.count; i++)
		status = add_opener(medium, "", &openers.openers[i], error);
	return status;
}

/* ── All of it, the gravest first ── */

int uses_examine(const struct uses *uses, struct medium *medium, struct error *error)
{
	size_t node =
	    medium->kind == KIND_IMAGE ? STACK_NONE : stack_find_number(&uses->stack, medium->number);
	int status = 0;
	medium_clear_obstacles(medium);
	/* What is not among the devices could not be found in use either. */
	if (medium->kind != KIND_IMAGE && node == STACK_NONE)
		return error_set(error, ENODEV, _("%s went away while it was looked at"), medium->path);
	if (medium->kind == KIND_IMAGE)
		status = examine_image(uses, medium, error);
	if (status == 0)
		status = examine_mounts(uses, node, true, medium, error);
	if (status == 0)
		status = examine_mounts(uses, node, false, medium, error);
	if (status == 0)
		status = examine_swaps(uses, node, medium, error);
	if (status == 0)
		status = examine_holders(uses, node, medium, error);
	if (status == 0)
		status = examine_itself(uses, node, medium, error);
	if (status == 0)
		status = examine_openers(uses, node, medium, error);
	return status;
}
