#include "src/media/medium.h"

#include "src/base/cleanup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char *const bus_words[] = {
    [BUS_UNKNOWN] = "unknown",
    [BUS_USB] = "usb",
    [BUS_ATA] = "ata",
    [BUS_SCSI] = "scsi",
    [BUS_NVME] = "nvme",
    [BUS_MMC] = "mmc",
    [BUS_VIRTIO] = "virtio",
    [BUS_LOOP] = "loop",
    [BUS_VIRTUAL] = "virtual",
    [BUS_FILE] = "file",
};

static const char *const kind_words[] = {
    [KIND_UNKNOWN] = "unknown",
    [KIND_HDD] = "hdd",
    [KIND_SSD] = "ssd",
    [KIND_USB_FLASH] = "usb-flash",
    [KIND_SD] = "sd",
    [KIND_OPTICAL] = "optical",
    [KIND_LOOP] = "loop",
    [KIND_VIRTUAL] = "virtual",
    [KIND_IMAGE] = "image",
};

static const char *const use_words[] = {
    [USE_MOUNTED] = "mounted",
    [USE_SWAP] = "swap",
    [USE_HOLDER] = "holder",
    [USE_SYSTEM] = "system",
    [USE_READ_ONLY] = "read-only",
    [USE_EMPTY] = "empty",
    [USE_PARTITION] = "partition",
    [USE_OPENED] = "opened",
    [USE_MADE_OF_OTHERS] = "made-of-others",
};

const char *medium_bus_word(enum medium_bus bus)
{
	return bus_words[(size_t)bus < LENGTH_OF(bus_words) ? bus : BUS_UNKNOWN];
}

const char *medium_kind_word(enum medium_kind kind)
{
	return kind_words[(size_t)kind < LENGTH_OF(kind_words) ? kind : KIND_UNKNOWN];
}

const char *medium_use_word(enum medium_use use)
{
	return (size_t)use < LENGTH_OF(use_words) ? use_words[use] : "unknown";
}

const char *medium_confirmation(const struct medium *medium)
{
	if (medium->serial && medium->kind != KIND_IMAGE)
		return medium->serial;
	if (medium->by_id && medium->kind != KIND_IMAGE)
		return medium->by_id;
	return medium->name;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

bool medium_is_confirmed_by(const struct medium *medium, const char *text)
{
	const char *wanted = medium_confirmation(medium);
	if (!text || !*text)
		return false;
	if (wanted && strcmp(wanted, text) == 0)
		return true;
	return medium->kind == KIND_LOOP && medium->backing_file &&
	       strcmp(base_name(medium->backing_file), text) == 0;
}

/* ── Why not ── */

static void explain_busy(const struct medium_obstacle *obstacle, const char *device, struct error *error)
{
	const char *where = obstacle->where ? obstacle->where : "?";
	switch (obstacle->use) {
	case USE_MOUNTED:
		error_refuse(error, EBUSY, _("%s is mounted at %s"), device, where);
		error_advise(error, _("unmount it first: umount %s"), where);
		break;
	case USE_SWAP:
		error_refuse(error, EBUSY, _("%s holds swap space in use (%s)"), device, where);
		error_advise(error, _("switch it off first: swapoff %s"), where);
		break;
	case USE_HOLDER:
		error_refuse(error, EBUSY, _("%s is held by %s, which is made of it"), device, where);
		error_advise(
		    error, _("dissolve %s first (LVM, RAID, encryption, multipath, loop device)"), where);
		break;
	case USE_SYSTEM:
		error_refuse(error, EBUSY, _("%s carries the running system: %s is on it"), device, where);
		error_advise(error, _("start the machine from another medium to erase this one"));
		break;
	case USE_OPENED:
	default:
		error_refuse(error, EBUSY, _("%s is open in %s"), device, where);
		error_advise(error, _("end that program first"));
		break;
	}
}

void medium_explain_obstacle(
    const struct medium *medium, const struct medium_obstacle *obstacle, struct error *error)
{
	CLEANUP_FREE char *device = NULL;
	const char *path = medium->path ? medium->path : "?";
	if (obstacle->device && obstacle->device[0] &&
	    (!medium->name || strcmp(medium->name, obstacle->device) != 0) &&
	    asprintf(&device, "/dev/%s", obstacle->device) >= 0)
		path = device;
	switch (obstacle->use) {
	case USE_READ_ONLY:
		error_refuse(error, EROFS, _("%s is read-only"), path);
		error_advise(error, _("look for a write-protect switch, or the right to write"));
		break;
	case USE_EMPTY:
		error_refuse(error, ENOMEDIUM, _("%s has size zero: there is no medium in it"), path);
		error_advise(error, _("insert the medium"));
		break;
	case USE_PARTITION:
		error_refuse(error, ENOTBLK, _("%s is a partition, not a whole medium"), path);
		error_advise(error,
		    _("name the whole medium, %s, or say --partition if only this part is meant"),
		    obstacle->where ? obstacle->where : "?");
		break;
	case USE_MADE_OF_OTHERS:
		error_refuse(error, ENOTSUP, _("%s is no medium of its own"), path);
		error_advise(error, _("erase the media it is made of"));
		break;
	default:
		explain_busy(obstacle, path, error);
		break;
	}
}

/* ── Building one ── */

/* Room for one more element of size bytes at the end of the array. */
static void *grow(void *array, size_t count, size_t size, struct error *error)
{
	void *grown = reallocarray(array, count + 1, size);
	if (!grown)
		error_set(error, ENOMEM, _("out of memory"));
	return grown;
}

static char *copy(const char *text, bool *failed)
{
	char *made = text ? strdup(text) : NULL;
	*failed |= text && !made;
	return made;
}

int medium_add_content(struct medium *medium, const struct medium_content *content, struct error *error)
{
	struct medium_content *grown = grow(medium->contents, medium->content_count, sizeof *grown, error);
	if (!grown)
		return -ENOMEM;
	bool failed = false;
	medium->contents = grown;
	grown[medium->content_count++] = (struct medium_content){
	    .device = copy(content->device, &failed),
	    .usage = copy(content->usage, &failed),
	    .type = copy(content->type, &failed),
	    .label = copy(content->label, &failed),
	    .uuid = copy(content->uuid, &failed),
	    .version = copy(content->version, &failed),
	};
	return failed ? error_set(error, ENOMEM, _("out of memory")) : 0;
}

int medium_add_partition(struct medium *medium, const struct medium_partition *partition, struct error *error)
{
	struct medium_partition *grown =
	    grow(medium->partitions, medium->partition_count, sizeof *grown, error);
	if (!grown)
		return -ENOMEM;
	bool failed = false;
	medium->partitions = grown;
	struct medium_partition *added = &grown[medium->partition_count++];
	*added = *partition;
	added->name = copy(partition->name, &failed);
	added->path = copy(partition->path, &failed);
	return failed ? error_set(error, ENOMEM, _("out of memory")) : 0;
}

static bool is_same_text(const char *one, const char *other)
{
	return one && other ? strcmp(one, other) == 0 : one == other;
}

int medium_add_obstacle(
    struct medium *medium, enum medium_use use, const char *device, const char *where, struct error *error)
{
	for (size_t i = 0; i < medium->obstacle_count; i++) {
		const struct medium_obstacle *known = &medium->obstacles[i];
		if (known->use == use && is_same_text(known->device, device) &&
		    is_same_text(known->where, where))
			return 0;
	}
	struct medium_obstacle *grown = grow(medium->obstacles, medium->obstacle_count, sizeof *grown, error);
	if (!grown)
		return -ENOMEM;
	bool failed = false;
	medium->obstacles = grown;
	grown[medium->obstacle_count++] = (struct medium_obstacle){
	    .use = use, .device = copy(device, &failed), .where = copy(where, &failed)};
	return failed ? error_set(error, ENOMEM, _("out of memory")) : 0;
}

static int add_text(char ***texts, size_t *count, const char *text, struct error *error)
{
	for (size_t i = 0; i < *count; i++)
		if (strcmp((*texts)[i], text) == 0)
			return 0;
	char **grown = grow(*texts, *count, sizeof *grown, error);
	if (!grown)
		return -ENOMEM;
	*texts = grown;
	grown[*count] = strdup(text);
	if (!grown[*count])
		return error_set(error, ENOMEM, _("out of memory"));
	(*count)++;
	return 0;
}

int medium_add_mount(struct medium *medium, const char *point, struct error *error)
{
	return add_text(&medium->mounts, &medium->mount_count, point, error);
}

int medium_add_missing(struct medium *medium, const char *member, struct error *error)
{
	return add_text(&medium->missing, &medium->missing_count, member, error);
}

/* ── Releasing ── */

static void release_texts(char ***texts, size_t *count)
{
	for (size_t i = 0; i < *count; i++)
		free((*texts)[i]);
	free(*texts);
	*texts = NULL;
	*count = 0;
}

void medium_clear_obstacles(struct medium *medium)
{
	for (size_t i = 0; i < medium->obstacle_count; i++) {
		free(medium->obstacles[i].device);
		free(medium->obstacles[i].where);
	}
	free(medium->obstacles);
	medium->obstacles = NULL;
	medium->obstacle_count = 0;
	release_texts(&medium->mounts, &medium->mount_count);
}

static void release_contents(struct medium *medium)
{
	for (size_t i = 0; i < medium->content_count; i++) {
		const struct medium_content *content = &medium->contents[i];
		free(content->device);
		free(content->usage);
		free(content->type);
		free(content->label);
		free(content->uuid);
		free(content->version);
	}
	free(medium->contents);
}

void medium_release(struct medium *medium)
{
	char *const texts[] = {medium->path, medium->name, medium->by_id, medium->vendor, medium->model,
	    medium->serial, medium->wwn, medium->firmware, medium->zoned, medium->backing_file};
	for (size_t i = 0; i < LENGTH_OF(texts); i++)
		free(texts[i]);
	for (size_t i = 0; i < medium->partition_count; i++) {
		free(medium->partitions[i].name);
		free(medium->partitions[i].path);
	}
	free(medium->partitions);
	release_contents(medium);
	medium_clear_obstacles(medium);
	release_texts(&medium->missing, &medium->missing_count);
	*medium = (struct medium){0};
}
