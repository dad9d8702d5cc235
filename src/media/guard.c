#include "src/media/guard.h"

#include "src/base/cleanup.h"
#include "src/base/clock.h"
#include "src/media/uses.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

/* How long somebody passing (a udev worker that looks at a new medium) may take to let go. */
#define PATIENCE_NS UINT64_C(1000000000)
enum { PAUSE_US = 50000 };

static const struct media_place here = {.root = "", .probe = true};

int guard_examine(const struct media_place *place, struct medium *medium, struct error *error)
{
	CLEANUP(uses_release) struct uses uses = {0};
	int status = uses_read(place, &uses, error);
	return status < 0 ? status : uses_examine(&uses, medium, error);
}

int guard_permit(const struct medium *medium, struct error *error)
{
	if (medium->obstacle_count == 0)
		return 0;
	medium_explain_obstacle(medium, &medium->obstacles[0], error);
	return error->code;
}

/* ── Describing ── */

/* A partition is no obstacle when a partition was asked for. */
static void forgive_partition(struct medium *medium)
{
	for (size_t i = 0; i < medium->obstacle_count; i++) {
		if (medium->obstacles[i].use != USE_PARTITION)
			continue;
		free(medium->obstacles[i].device);
		free(medium->obstacles[i].where);
		medium->obstacle_count--;
		memmove(&medium->obstacles[i], &medium->obstacles[i + 1],
		    (medium->obstacle_count - i) * sizeof *medium->obstacles);
		i--;
	}
}

static int examine_for(const struct guard_request *request, struct medium *medium, struct error *error)
{
	int status = guard_examine(&here, medium, error);
	if (status == 0 && request->partition)
		forgive_partition(medium);
	return status;
}

static int refuse_file(const struct guard_request *request, struct error *error)
{
	error_refuse(error, ENOTBLK, _("%s is a regular file, not a block device"), request->path);
	error_advise(error, _("say --image if it is a disk image to be erased"));
	return error->code;
}

static int check_request(
    const struct guard_request *request, const struct medium *medium, struct error *error)
{
	if (medium->is_partition && !request->partition) {
		for (size_t i = 0; i < medium->obstacle_count; i++) {
			if (medium->obstacles[i].use == USE_PARTITION) {
				medium_explain_obstacle(medium, &medium->obstacles[i], error);
				return error->code;
			}
		}
	}
	if (!medium->is_partition && request->partition) {
		error_refuse(error, EINVAL, _("%s is a whole medium, not a partition"), medium->path);
		error_advise(error, _("leave --partition out if all of it is meant"));
		return error->code;
	}
	return 0;
}

int guard_describe(const struct guard_request *request, struct medium *medium, struct error *error)
{
	struct stat status;
	*medium = (struct medium){0};
	if (request->image && request->partition)
		return error_refuse(
		    error, EINVAL, _("%s cannot be both an image and a partition"), request->path);
	if (!request->image && stat(request->path, &status) == 0 && S_ISREG(status.st_mode))
		return refuse_file(request, error);
	int result;
	if (request->image) {
		result = media_describe_image(request->path, medium, error);
		if (result == 0)
			result = guard_examine(&here, medium, error);
	} else {
		result = media_find(&here, request->path, medium, error);
		if (result == 0)
			result = check_request(request, medium, error);
		if (result == 0 && request->partition)
			forgive_partition(medium);
	}
	if (result < 0)
		medium_release(medium);
	return result;
}

/* ── Opening ── */

static bool is_only_opened(const struct medium *medium)
{
	for (size_t i = 0; i < medium->obstacle_count; i++)
		if (medium->obstacles[i].use != USE_OPENED)
			return false;
	return medium->obstacle_count > 0;
}

/* Refuses on an obstacle; one who merely has it open is given until the deadline. */
static int wait_for_permission(
    const struct guard_request *request, uint64_t deadline_ns, struct medium *medium, struct error *error)
{
	while (is_only_opened(medium) && clock_monotonic_ns() < deadline_ns) {
		(void)usleep(PAUSE_US);
		if (examine_for(request, medium, error) < 0)
			return error->code;
	}
	return guard_permit(medium, error);
}

static int refuse_open(int cause, const struct medium *medium, struct error *error)
{
	const char *path = medium->path;
	switch (cause) {
	case EBUSY:
	case EWOULDBLOCK:
		error_refuse(error, EBUSY,
		    _("%s is in use by the kernel or by a program that cannot be seen from here"), path);
		error_advise(error, _("look for file systems, RAID or encryption on it in other containers"));
		return error->code;
	case EROFS:
	case ETXTBSY:
		return error_refuse(error, cause, _("%s cannot be written: %s"), path, strerror(cause));
	case ENOMEDIUM:
		return error_refuse(error, cause, _("%s has no medium in it"), path);
	case ELOOP:
		return error_refuse(error, cause, _("%s is a symbolic link: name the file itself"), path);
	default:
		return error_system(error, cause, _("could not open %s for writing"), path);
	}
}

/* A device exclusively, an image never through a link; past the page cache where that can be done. */
static int open_once(const struct medium *medium, uint64_t deadline_ns, struct error *error)
{
	int flags = O_RDWR | O_CLOEXEC | (medium->kind == KIND_IMAGE ? O_NOFOLLOW : O_EXCL);
	int direct = O_DIRECT;
	for (;;) {
		int descriptor = open(medium->path ? medium->path : "", flags | direct);
		if (descriptor >= 0)
			return descriptor;
		if (errno == EINVAL && direct) {
			direct = 0;
			continue;
		}
		if (errno != EBUSY || clock_monotonic_ns() >= deadline_ns)
			return refuse_open(errno, medium, error);
		(void)usleep(PAUSE_US);
	}
}

/* udev leaves a whole device alone while it is locked so (systemd's "Locking Block Device Access"). */
static int lock_descriptor(
    int descriptor, const struct medium *medium, uint64_t deadline_ns, struct error *error)
{
	while (flock(descriptor, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK)
			return error_system(error, errno, _("could not lock %s"), medium->path);
		if (clock_monotonic_ns() >= deadline_ns) {
			error_refuse(error, EBUSY, _("%s is locked by another program"), medium->path);
			error_advise(error, _("wait until that program is done, or end it"));
			return error->code;
		}
		(void)usleep(PAUSE_US);
	}
	return 0;
}

/* The kernel gives a write lease only to the one opener of a file. Where leases do not exist, what /proc
 * showed must do. */
static int check_only_opener(
    int descriptor, const struct medium *medium, uint64_t deadline_ns, struct error *error)
{
	/* A break of the lease is signalled by SIGIO, which would end the program; SIGURG is ignored. */
	if (medium->kind != KIND_IMAGE || fcntl(descriptor, F_SETSIG, SIGURG) < 0)
		return 0;
	while (fcntl(descriptor, F_SETLEASE, F_WRLCK) < 0) {
		if (errno != EAGAIN)
			return 0;
		if (clock_monotonic_ns() >= deadline_ns) {
			error_refuse(error, EBUSY, _("%s is open in another program"), medium->path);
			error_advise(error, _("end that program first"));
			return error->code;
		}
		(void)usleep(PAUSE_US);
	}
	(void)fcntl(descriptor, F_SETLEASE, F_UNLCK);
	return 0;
}

/* Whether single blocks can be moved past the page cache; if not, the flag is taken off the descriptor. A
 * block device always can, and is not read here: one that hangs is to hang its own job. */
static bool settle_direct(int descriptor, const struct medium *medium)
{
	enum { ALIGNMENT = 4096 };
	CLEANUP_FREE void *block = NULL;
	size_t length = medium->logical_block_bytes;
	int flags = fcntl(descriptor, F_GETFL);
	bool direct = flags >= 0 && (flags & O_DIRECT) && length;
	if (direct && medium->kind == KIND_IMAGE)
		direct = posix_memalign(
			     &block, ALIGNMENT, (length + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT) == 0 &&
			 (pread(descriptor, block, length, 0) >= 0 || errno != EINVAL);
	if (!direct && flags >= 0)
		(void)fcntl(descriptor, F_SETFL, flags & ~O_DIRECT);
	return direct;
}

static int check_same(struct guarded_medium *guarded, struct error *error)
{
	struct media_identity described;
	media_identity_of_medium(&guarded->medium, &described);
	int status = media_identity_read(guarded->descriptor, &guarded->identity, error);
	if (status == 0)
		status = media_identity_compare(&described, &guarded->identity, error);
	if (status < 0)
		return error_prefix(error, "%s", guarded->medium.path);
	return 0;
}

static int open_described(
    const struct guard_request *request, struct guarded_medium *guarded, struct error *error)
{
	struct medium *medium = &guarded->medium;
	uint64_t deadline_ns = clock_monotonic_ns() + PATIENCE_NS;
	int status = wait_for_permission(request, deadline_ns, medium, error);
	if (status < 0)
		return status;
	guarded->descriptor = open_once(medium, deadline_ns, error);
	if (guarded->descriptor < 0) {
		guarded->descriptor = -1;
		return error->code;
	}
	status = lock_descriptor(guarded->descriptor, medium, deadline_ns, error);
	if (status == 0)
		status = check_only_opener(guarded->descriptor, medium, deadline_ns, error);
	if (status == 0)
		status = check_same(guarded, error);
	/* Once more: what came between the look and the lock, and does not need the kernel's exclusive claim.
	 */
	if (status == 0)
		status = examine_for(request, medium, error);
	if (status == 0)
		status = wait_for_permission(request, deadline_ns, medium, error);
	if (status == 0)
		guarded->direct = settle_direct(guarded->descriptor, medium);
	return status;
}

int guard_open(const struct guard_request *request, struct guarded_medium *guarded, struct error *error)
{
	*guarded = GUARDED_NONE;
	int status = guard_describe(request, &guarded->medium, error);
	if (status == 0)
		status = open_described(request, guarded, error);
	if (status < 0)
		guard_release(guarded);
	return status;
}

void guard_release(struct guarded_medium *guarded)
{
	if (guarded->descriptor >= 0)
		(void)close(guarded->descriptor);
	medium_release(&guarded->medium);
	*guarded = GUARDED_NONE;
}
