#include "src/media/stack.h"

#include "src/base/cleanup.h"
#include "src/base/file.h"
#include "src/media/sysfs.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

enum { SECTOR_BYTES = 512 };

/* ── Finding nodes ── */

size_t stack_find_number(const struct stack *stack, dev_t number)
{
	for (size_t i = 0; number && i < stack->count; i++)
		if (stack->nodes[i].number == number)
			return i;
	return STACK_NONE;
}

static size_t find_name(const struct stack *stack, const char *name)
{
	for (size_t i = 0; i < stack->count; i++)
		if (strcmp(stack->nodes[i].name, name) == 0)
			return i;
	return STACK_NONE;
}

static size_t find_alias(const struct stack *stack, const char *alias)
{
	for (size_t i = 0; i < stack->count; i++)
		if (stack->nodes[i].alias && strcmp(stack->nodes[i].alias, alias) == 0)
			return i;
	return STACK_NONE;
}

size_t stack_find_path(const struct media_place *place, const struct stack *stack, const char *path)
{
	struct stat status;
	if (!path || path[0] != '/')
		return STACK_NONE;
	if (!place->root[0])
		return stat(path, &status) == 0 && S_ISBLK(status.st_mode)
			   ? stack_find_number(stack, status.st_rdev)
			   : STACK_NONE;
	if (strncmp(path, "/dev/mapper/", strlen("/dev/mapper/")) == 0)
		return find_alias(stack, path + strlen("/dev/mapper/"));
	return strncmp(path, "/dev/", strlen("/dev/")) == 0 ? find_name(stack, path + strlen("/dev/"))
							    : STACK_NONE;
}

/* ── Reading ── */

/* The path in backing_file may mean another file by now, or elsewhere: the kernel knows which it is. */
static void ask_loop_device(const struct media_place *place, struct stack_node *node)
{
	CLEANUP_FREE char *path = NULL;
	struct loop_info64 info;
	struct stat status;
	if (place->root[0] || asprintf(&path, "/dev/%s", node->name) < 0)
		return;
	CLEANUP_CLOSE int descriptor = open(path, O_RDONLY | O_CLOEXEC);
	if (descriptor >= 0 && ioctl(descriptor, LOOP_GET_STATUS64, &info) == 0) {
		node->backing_number = info.lo_rdevice ? info.lo_rdevice : info.lo_device;
		node->backing_inode = info.lo_rdevice ? 0 : info.lo_inode;
	} else if (stat(node->backing_file, &status) == 0) {
		node->backing_number = S_ISBLK(status.st_mode) ? status.st_rdev : status.st_dev;
		node->backing_inode = S_ISBLK(status.st_mode) ? 0 : status.st_ino;
	}
}

/* Of SCSI and NVMe. Only names that a registry keeps apart: what begins with t10. or nvme. is made of vendor,
 * model and serial number, which cheap devices share. */
static char *read_wwid(int directory)
{
	static const char *const prefixes[] = {"naa.", "eui.", "uuid."};
	char *wwid = file_attribute(directory, "wwid");
	if (!wwid)
		wwid = file_attribute(directory, "device/wwid");
	for (size_t i = 0; wwid && i < LENGTH_OF(prefixes); i++)
		if (strncmp(wwid, prefixes[i], strlen(prefixes[i])) == 0)
			return wwid;
	free(wwid);
	return NULL;
}

static int add_node(
    const struct media_place *place, const char *name, struct stack *stack, struct error *error)
{
	CLEANUP_CLOSE int directory = sysfs_open_block(place, name);
	struct stack_node node = {.disk = STACK_NONE};
	if (!sysfs_device_number(directory, &node.number))
		return 0;
	struct stack_node *grown = reallocarray(stack->nodes, stack->count + 1, sizeof *grown);
	if (!grown)
		return error_set(error, ENOMEM, _("out of memory"));
	stack->nodes = grown;
	node.name = strdup(name);
	if (!node.name)
		return error_set(error, ENOMEM, _("out of memory"));
	node.alias = file_attribute(directory, "dm/name");
	if (!sysfs_has(directory, "partition"))
		node.wwid = read_wwid(directory);
	node.start_bytes = sysfs_number(directory, "start", 0) * SECTOR_BYTES;
	node.length_bytes = sysfs_number(directory, "size", 0) * SECTOR_BYTES;
	node.backing_file = file_attribute(directory, "loop/backing_file");
	if (node.backing_file)
		ask_loop_device(place, &node);
	grown[stack->count++] = node;
	return 0;
}

static int add_lower(struct stack_node *node, size_t lower, struct error *error)
{
	if (lower == STACK_NONE)
		return 0;
	size_t *grown = reallocarray(node->lower, node->lower_count + 1, sizeof *grown);
	if (!grown)
		return error_set(error, ENOMEM, _("out of memory"));
	node->lower = grown;
	grown[node->lower_count++] = lower;
	return 0;
}

/* A loop device over a file stands on what the file system of that file stands on. */
static int link_loop(const struct media_place *place, const struct mount_list *mounts, struct stack *stack,
    struct stack_node *node, struct error *error)
{
	size_t lower = stack_find_number(stack, node->backing_number);
	if (lower == STACK_NONE)
		lower = stack_find_path(place, stack, node->backing_file);
	if (lower == STACK_NONE) {
		const struct mount_entry *mount = mounts_cover(mounts, node->backing_file);
		lower = mount ? stack_find_number(stack, mount->number) : STACK_NONE;
		if (lower == STACK_NONE && mount)
			lower = stack_find_path(place, stack, mount->source);
	}
	return add_lower(node, lower, error);
}

static int link_node(const struct media_place *place, const struct mount_list *mounts, struct stack *stack,
    struct stack_node *node, struct error *error)
{
	CLEANUP(sysfs_release_names) struct name_list slaves = {0};
	CLEANUP_CLOSE int directory = sysfs_open_block(place, node->name);
	dev_t disk;
	if (sysfs_has(directory, "partition")) {
		CLEANUP_CLOSE int above = sysfs_open_below(directory, "..");
		if (sysfs_device_number(above, &disk))
			node->disk = stack_find_number(stack, disk);
	}
	int status = sysfs_list_below(directory, "slaves", &slaves, error);
	for (size_t i = 0; status == 0 && i < slaves.count; i++)
		status = add_lower(node, find_name(stack, slaves.names[i]), error);
	if (status == 0 && node->backing_file)
		status = link_loop(place, mounts, stack, node, error);
	return status;
}

/* Disks that are one unit reached by two paths: without multipath the kernel takes them for two. */
static size_t first_path(const struct stack *stack, size_t node)
{
	const struct stack_node *disk = &stack->nodes[node];
	for (size_t i = 0; disk->wwid && i < node; i++) {
		const struct stack_node *other = &stack->nodes[i];
		if (other->wwid && strcmp(other->wwid, disk->wwid) == 0 &&
		    other->length_bytes == disk->length_bytes)
			return i;
	}
	return node;
}

static void find_units(struct stack *stack)
{
	for (size_t i = 0; i < stack->count; i++)
		stack->nodes[i].unit = first_path(stack, i);
	for (size_t i = 0; i < stack->count; i++)
		if (stack->nodes[i].disk != STACK_NONE)
			stack->nodes[i].unit = stack->nodes[stack->nodes[i].disk].unit;
}

int stack_read(const struct media_place *place, const struct mount_list *mounts, struct stack *stack,
    struct error *error)
{
	CLEANUP(sysfs_release_names) struct name_list names = {0};
	*stack = (struct stack){0};
	int status = sysfs_list(place, "/sys/class/block", &names, error);
	for (size_t i = 0; status == 0 && i < names.count; i++)
		status = add_node(place, names.names[i], stack, error);
	for (size_t i = 0; status == 0 && i < stack->count; i++)
		status = link_node(place, mounts, stack, &stack->nodes[i], error);
	find_units(stack);
	return status;
}

void stack_release(struct stack *stack)
{
	for (size_t i = 0; i < stack->count; i++) {
		free(stack->nodes[i].name);
		free(stack->nodes[i].alias);
		free(stack->nodes[i].wwid);
		free(stack->nodes[i].backing_file);
		free(stack->nodes[i].lower);
	}
	free(stack->nodes);
	*stack = (struct stack){0};
}

/* ── What uses which bytes ── */

void stack_touch(const struct stack *stack, size_t node, bool *touched)
{
	if (node == STACK_NONE || touched[node])
		return;
	touched[node] = true;
	for (size_t i = 0; i < stack->nodes[node].lower_count; i++)
		stack_touch(stack, stack->nodes[node].lower[i], touched);
}

/* The kernel lists the devices of every mounted btrfs: if one of them is the mount's, all are. */
static void touch_btrfs(const struct media_place *place, const struct stack *stack, bool *touched)
{
	CLEANUP(sysfs_release_names) struct name_list systems = {0};
	struct error ignored;
	(void)sysfs_list(place, "/sys/fs/btrfs", &systems, &ignored);
	for (size_t i = 0; i < systems.count; i++) {
		CLEANUP(sysfs_release_names) struct name_list devices = {0};
		CLEANUP_FREE char *path = NULL;
		bool is_it = false;
		if (asprintf(&path, "/sys/fs/btrfs/%s/devices", systems.names[i]) < 0)
			continue;
		(void)sysfs_list(place, path, &devices, &ignored);
		for (size_t k = 0; k < devices.count; k++) {
			size_t node = find_name(stack, devices.names[k]);
			is_it |= node != STACK_NONE && touched[node];
		}
		for (size_t k = 0; is_it && k < devices.count; k++)
			stack_touch(stack, find_name(stack, devices.names[k]), touched);
	}
}

/* bcachefs names all its devices in its source, with colons. */
static void touch_source(
    const struct media_place *place, const struct stack *stack, const char *source, bool *touched)
{
	CLEANUP_FREE char *words = source ? strdup(source) : NULL;
	char *rest = words;
	stack_touch(stack, stack_find_path(place, stack, source), touched);
	for (const char *word = strsep(&rest, ":"); word; word = strsep(&rest, ":"))
		stack_touch(stack, stack_find_path(place, stack, word), touched);
}

static void touch_overlay(const struct media_place *place, const struct stack *stack,
    const struct mount_list *mounts, const char *options, bool *touched)
{
	CLEANUP_FREE char *words = options ? strdup(options) : NULL;
	char *rest = words;
	for (char *option = strsep(&rest, ","); option; option = strsep(&rest, ",")) {
		char *layers = strchr(option, '=');
		if (!layers || (strncmp(option, "lowerdir", 8) != 0 && strncmp(option, "upperdir", 8) != 0))
			continue;
		layers++;
		for (const char *layer = strsep(&layers, ":"); layer; layer = strsep(&layers, ":")) {
			const struct mount_entry *below = mounts_cover(mounts, layer);
			/* An overlay on an overlay ends here: its layers are mounted and seen for themselves.
			 */
			if (layer[0] == '/' && below && below->type && strcmp(below->type, "overlay") != 0)
				stack_touch_mount(place, stack, mounts, below, touched);
		}
	}
}

void stack_touch_mount(const struct media_place *place, const struct stack *stack,
    const struct mount_list *mounts, const struct mount_entry *mount, bool *touched)
{
	const char *type = mount->type ? mount->type : "";
	stack_touch(stack, stack_find_number(stack, mount->number), touched);
	touch_source(place, stack, mount->source, touched);
	if (strcmp(type, "btrfs") == 0)
		touch_btrfs(place, stack, touched);
	if (strcmp(type, "overlay") == 0)
		touch_overlay(place, stack, mounts, mount->options, touched);
}
