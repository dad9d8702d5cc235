#include "src/media/identity.h"

#include "src/base/buffer.h"
#include "src/base/cleanup.h"
#include "src/base/json.h"
#include "src/base/text.h"
#include "src/media/describe.h"
#include "src/media/sysfs.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/fs.h>
#include <linux/loop.h>
#include <linux/major.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#ifndef BLKGETDISKSEQ
#define BLKGETDISKSEQ _IOR(0x12, 128, __u64) /* Linux 5.15 */
#endif

/* As JSON would keep it, so that an identity that was written down compares equal. */
static void keep_text(char *out, size_t size, const char *text)
{
	CLEANUP_BUFFER struct buffer valid = BUFFER_EMPTY;
	if (text)
		text_append_valid(&valid, text, strlen(text));
	(void)snprintf(out, size, "%s", buffer_text(&valid));
}

void media_identity_of_medium(const struct medium *medium, struct media_identity *identity)
{
	*identity = (struct media_identity){.number = medium->number,
	    .inode = medium->inode,
	    .size_bytes = medium->size_bytes,
	    .disk_sequence = medium->disk_sequence};
	keep_text(identity->serial, sizeof identity->serial, medium->serial);
	keep_text(identity->wwn, sizeof identity->wwn, medium->wwn);
}

static int read_names(dev_t number, struct media_identity *identity, struct error *error)
{
	static const struct media_place here = {.root = ""};
	CLEANUP(medium_release) struct medium medium = {0};
	CLEANUP_CLOSE int directory = sysfs_open_number(&here, number);
	CLEANUP_FREE char *name = sysfs_kernel_name(directory);
	if (!name)
		return error_set(error, ENODEV, _("the device is gone"));
	if (describe_device(&here, name, &medium, error) < 0)
		return error->code;
	keep_text(identity->serial, sizeof identity->serial, medium.serial);
	keep_text(identity->wwn, sizeof identity->wwn, medium.wwn);
	return 0;
}

int media_identity_read(int descriptor, struct media_identity *identity, struct error *error)
{
	struct stat status;
	*identity = (struct media_identity){0};
	if (fstat(descriptor, &status) < 0)
		return error_system(error, errno, _("could not ask which medium is open"));
	if (S_ISREG(status.st_mode)) {
		identity->number = status.st_dev;
		identity->inode = status.st_ino;
		identity->size_bytes = (uint64_t)status.st_size;
		return 0;
	}
	if (!S_ISBLK(status.st_mode))
		return error_set(
		    error, ENOTBLK, _("what is open is neither a block device nor a regular file"));
	identity->number = status.st_rdev;
	if (ioctl(descriptor, BLKGETSIZE64, &identity->size_bytes) < 0)
		return error_system(error, errno, _("could not ask the open medium's size"));
	if (ioctl(descriptor, BLKGETDISKSEQ, &identity->disk_sequence) < 0)
		identity->disk_sequence = 0;
	struct loop_info64 loop;
	if (major(status.st_rdev) == LOOP_MAJOR && ioctl(descriptor, LOOP_GET_STATUS64, &loop) == 0)
		identity->inode = loop.lo_inode;
	return read_names(status.st_rdev, identity, error);
}

/* ── Comparing ── */

static int compare_texts(const char *what, const char *was, const char *now, struct error *error)
{
	if (!was[0] || !now[0] || strcmp(was, now) == 0)
		return 0;
	return error_set(error, ESTALE, _("this is not the same medium any more: its %s was %s and is %s"),
	    what, was, now);
}

static int compare_numbers(const char *what, uint64_t was, uint64_t now, struct error *error)
{
	if (was == now)
		return 0;
	return error_set(error, ESTALE,
	    _("this is not the same medium any more: its %s was %" PRIu64 " and is %" PRIu64), what, was,
	    now);
}

int media_identity_compare(
    const struct media_identity *was, const struct media_identity *now, struct error *error)
{
	if (was->number != now->number)
		return error_set(error, ESTALE,
		    _("this is not the same medium any more: its device number was %u:%u and is %u:%u"),
		    major(was->number), minor(was->number), major(now->number), minor(now->number));
	int status = compare_texts(_("serial number"), was->serial, now->serial, error);
	if (status == 0)
		status = compare_texts("WWN", was->wwn, now->wwn, error);
	if (status == 0)
		status = compare_numbers(_("size in bytes"), was->size_bytes, now->size_bytes, error);
	if (status == 0 && was->inode && now->inode)
		status = compare_numbers(_("inode"), was->inode, now->inode, error);
	if (status == 0 && was->disk_sequence && now->disk_sequence)
		status =
		    compare_numbers(_("disk sequence number"), was->disk_sequence, now->disk_sequence, error);
	return status;
}

/* ── As JSON ── */

json_t *media_identity_to_json(const struct media_identity *identity)
{
	/* Of 64 bits, a JSON integer of ours holds 53. */
	return json_pack("{s:o, s:o, s:o, s:o, s:s, s:s}", "number",
	    json_sprintf("%u:%u", major(identity->number), minor(identity->number)), "inode",
	    json_sprintf("%" PRIu64, identity->inode), "size_bytes", json_from_count(identity->size_bytes),
	    "disk_sequence", json_from_count(identity->disk_sequence), "serial", identity->serial, "wwn",
	    identity->wwn);
}

static bool read_inode(const char *text, uint64_t *inode)
{
	char *end = NULL;
	errno = 0;
	*inode = text ? strtoull(text, &end, 10) : 0;
	return text && text[0] >= '0' && text[0] <= '9' && !*end && !errno;
}

int media_identity_from_json(const json_t *json, struct media_identity *identity, struct error *error)
{
	const char *number = json_text(json, "number", "");
	const char *serial = json_text(json, "serial", NULL);
	const char *wwn = json_text(json, "wwn", NULL);
	*identity = (struct media_identity){.size_bytes = json_count(json, "size_bytes", UINT64_MAX),
	    .disk_sequence = json_count(json, "disk_sequence", UINT64_MAX)};
	if (!sysfs_parse_device_number(number, &identity->number) ||
	    !read_inode(json_text(json, "inode", NULL), &identity->inode) || !serial || !wwn ||
	    strlen(serial) >= sizeof identity->serial || strlen(wwn) >= sizeof identity->wwn ||
	    identity->size_bytes == UINT64_MAX || identity->disk_sequence == UINT64_MAX)
		return error_set(error, EINVAL, _("the record of a medium's identity is not complete"));
	(void)strcpy(identity->serial, serial);
	(void)strcpy(identity->wwn, wwn);
	return 0;
}
