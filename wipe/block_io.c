#include "wipe/block_io.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <unistd.h>

uint64_t block_device_aligned_bytes(const struct block_device *device)
{
	return device->size_bytes - device->size_bytes % device->block_bytes;
}

static int set_direct(const struct block_device *device, bool direct)
{
	int flags = fcntl(device->descriptor, F_GETFL);
	if (flags < 0 ||
	    fcntl(device->descriptor, F_SETFL, direct ? flags | O_DIRECT : flags & ~O_DIRECT) < 0)
		return -errno;
	return 0;
}

static int transfer(
    const struct block_device *device, bool writing, char *bytes, size_t length, uint64_t offset_bytes)
{
	while (length) {
		ssize_t done = writing ? pwrite(device->descriptor, bytes, length, (off_t)offset_bytes)
				       : pread(device->descriptor, bytes, length, (off_t)offset_bytes);
		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -errno;
		if (done == 0)
			return -EIO;
		bytes += done;
		offset_bytes += (uint64_t)done;
		length -= (size_t)done;
	}
	return 0;
}

/* The tail of an image that is no whole block cannot be transferred with O_DIRECT. */
static int transfer_tail(
    const struct block_device *device, bool writing, char *bytes, size_t length, uint64_t offset_bytes)
{
	int status = device->direct ? set_direct(device, false) : 0;
	if (status < 0)
		return status;
	if (!writing)
		block_drop_cache(device);
	status = transfer(device, writing, bytes, length, offset_bytes);
	if (status == 0 && writing && fdatasync(device->descriptor) < 0)
		status = -errno;
	if (device->direct) {
		int restored = set_direct(device, true);
		status = status < 0 ? status : restored;
	}
	return status;
}

static int transfer_range(
    const struct block_device *device, bool writing, char *bytes, size_t length, uint64_t offset_bytes)
{
	uint64_t aligned_end = block_device_aligned_bytes(device);
	size_t whole = length;
	if (offset_bytes + length > aligned_end)
		whole = offset_bytes < aligned_end ? (size_t)(aligned_end - offset_bytes) : 0;
	int status = whole ? transfer(device, writing, bytes, whole, offset_bytes) : 0;
	if (status == 0 && whole < length)
		status = transfer_tail(device, writing, bytes + whole, length - whole, offset_bytes + whole);
	return status;
}

int block_write(const struct block_device *device, const void *bytes, size_t length, uint64_t offset_bytes)
{
	return transfer_range(device, true, (char *)bytes, length, offset_bytes);
}

int block_read(const struct block_device *device, void *bytes, size_t length, uint64_t offset_bytes)
{
	return transfer_range(device, false, bytes, length, offset_bytes);
}

static int transfer_retrying(const struct block_device *device, bool writing, char *bytes, size_t length,
    uint64_t offset_bytes, uint32_t retries)
{
	int status = transfer_range(device, writing, bytes, length, offset_bytes);
	while (status < 0 && retries-- > 0 && !block_error_is_gone(-status))
		status = transfer_range(device, writing, bytes, length, offset_bytes);
	return status;
}

int block_write_retrying(const struct block_device *device, const void *bytes, size_t length,
    uint64_t offset_bytes, uint32_t retries)
{
	return transfer_retrying(device, true, (char *)bytes, length, offset_bytes, retries);
}

int block_read_retrying(
    const struct block_device *device, void *bytes, size_t length, uint64_t offset_bytes, uint32_t retries)
{
	return transfer_retrying(device, false, bytes, length, offset_bytes, retries);
}

int block_flush(const struct block_device *device)
{
	return fdatasync(device->descriptor) < 0 ? -errno : 0;
}

void block_drop_cache(const struct block_device *device)
{
	(void)fdatasync(device->descriptor);
	(void)posix_fadvise(device->descriptor, 0, 0, POSIX_FADV_DONTNEED);
	(void)ioctl(device->descriptor, BLKFLSBUF); /* a block device's own cache; ENOTTY for a file */
}

bool block_error_is_gone(int errnum)
{
	return errnum == ENODEV || errnum == ENXIO || errnum == ENOMEDIUM || errnum == ESTALE ||
	       errnum == ENOTCONN || errnum == ESHUTDOWN;
}
