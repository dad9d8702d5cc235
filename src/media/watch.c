#include "src/media/watch.h"

#include "src/base/cleanup.h"
#include "src/base/file.h"

#include <errno.h>
#include <libudev.h>
#include <stdlib.h>
#include <string.h>

enum { RECEIVE_BUFFER_BYTES = 1024 * 1024 };

struct media_watch {
	struct media_place place;
	struct udev *udev;
	struct udev_monitor *monitor;
	struct media_list known;
	size_t told; /* how many of known were told as present */
	bool beginning;
	struct medium gone; /* the last one that went */
};

const char *media_change_word(enum media_change change)
{
	static const char *const words[] = {[MEDIA_NOTHING] = "nothing",
	    [MEDIA_PRESENT] = "present",
	    [MEDIA_APPEARED] = "appeared",
	    [MEDIA_CHANGED] = "changed",
	    [MEDIA_GONE] = "gone"};
	return words[change];
}

static int begin(struct media_watch *watch, struct error *error)
{
	/* libudev's "udev" source speaks only where udevd does; it would be silent without. */
	bool has_udevd = file_exists("/run/udev/control");
	watch->udev = udev_new();
	watch->monitor =
	    watch->udev ? udev_monitor_new_from_netlink(watch->udev, has_udevd ? "udev" : "kernel") : NULL;
	if (!watch->monitor)
		return error_system(error, errno ? errno : ENOMEM, _("could not listen for media"));
	(void)udev_monitor_set_receive_buffer_size(watch->monitor, RECEIVE_BUFFER_BYTES);
	int status = udev_monitor_filter_add_match_subsystem_devtype(watch->monitor, "block", "disk");
	if (status >= 0)
		status = udev_monitor_enable_receiving(watch->monitor);
	if (status < 0)
		return error_system(error, -status, _("could not listen for media"));
	/* After listening began, so that nothing falls between. */
	return media_scan(&watch->place, &watch->known, error);
}

int media_watch_open(const struct media_place *place, struct media_watch **watch, struct error *error)
{
	*watch = calloc(1, sizeof **watch);
	if (!*watch)
		return error_set(error, ENOMEM, _("out of memory"));
	(*watch)->place = *place;
	(*watch)->beginning = true;
	int status = begin(*watch, error);
	if (status < 0)
		media_watch_close(watch);
	return status;
}

int media_watch_descriptor(const struct media_watch *watch)
{
	return udev_monitor_get_fd(watch->monitor);
}

/* ── What is known ── */

static size_t find_known(const struct media_watch *watch, const char *name)
{
	for (size_t i = 0; i < watch->known.count; i++)
		if (strcmp(watch->known.media[i].name, name) == 0)
			return i;
	return SIZE_MAX;
}

static struct medium *add_known(struct media_watch *watch, const struct medium *medium)
{
	struct medium *grown = reallocarray(watch->known.media, watch->known.count + 1, sizeof *grown);
	if (!grown)
		return NULL;
	watch->known.media = grown;
	grown[watch->known.count] = *medium;
	return &grown[watch->known.count++];
}

static void forget_known(struct media_watch *watch, size_t index)
{
	medium_release(&watch->gone);
	watch->gone = watch->known.media[index];
	watch->known.count--;
	memmove(&watch->known.media[index], &watch->known.media[index + 1],
	    (watch->known.count - index) * sizeof *watch->known.media);
}

/* ── One event ── */

static bool is_another_medium(const struct medium *was, const struct medium *now)
{
	return (was->size_bytes == 0) != (now->size_bytes == 0) ||
	       (was->disk_sequence && now->disk_sequence && was->disk_sequence != now->disk_sequence);
}

/* Takes what now is under a name. */
static int take_present(
    struct media_watch *watch, struct medium *now, struct media_event *event, struct error *error)
{
	size_t index = find_known(watch, now->name);
	if (index == SIZE_MAX) {
		event->medium = add_known(watch, now);
		if (!event->medium)
			return error_set(error, ENOMEM, _("out of memory"));
		event->change = now->size_bytes ? MEDIA_APPEARED : MEDIA_NOTHING;
	} else {
		struct medium *was = &watch->known.media[index];
		event->change = is_another_medium(was, now) ? MEDIA_APPEARED : MEDIA_CHANGED;
		medium_release(was);
		*was = *now;
		event->medium = was;
	}
	*now = (struct medium){0};
	return 0;
}

static void take_absent(struct media_watch *watch, const char *name, struct media_event *event)
{
	size_t index = find_known(watch, name);
	if (index == SIZE_MAX)
		return;
	bool had_medium = watch->known.media[index].size_bytes > 0;
	forget_known(watch, index);
	event->change = had_medium ? MEDIA_GONE : MEDIA_NOTHING;
	event->medium = &watch->gone;
}

static int take_device(
    struct media_watch *watch, struct udev_device *device, struct media_event *event, struct error *error)
{
	const char *action = udev_device_get_action(device);
	const char *name = udev_device_get_sysname(device);
	const char *node = udev_device_get_devnode(device);
	CLEANUP(medium_release) struct medium now = {0};
	if (!name || !node)
		return 0;
	int status =
	    action && strcmp(action, "remove") == 0 ? -ENODEV : media_find(&watch->place, node, &now, error);
	/* A drive that lost its medium, or a loop device that was detached, is still a device. */
	if (status == -ENODEV || status == -ENOTBLK || (status == 0 && now.size_bytes == 0)) {
		take_absent(watch, name, event);
		return 0;
	}
	return status < 0 ? status : take_present(watch, &now, event, error);
}

int media_watch_next(struct media_watch *watch, struct media_event *event, struct error *error)
{
	*event = (struct media_event){0};
	if (watch->beginning && watch->told < watch->known.count) {
		*event = (struct media_event){MEDIA_PRESENT, &watch->known.media[watch->told++]};
		return 0;
	}
	watch->beginning = false;
	int status = 0;
	while (status == 0 && event->change == MEDIA_NOTHING) {
		struct udev_device *device = udev_monitor_receive_device(watch->monitor);
		if (!device)
			return 0;
		status = take_device(watch, device, event, error);
		(void)udev_device_unref(device);
	}
	return status;
}

void media_watch_close(struct media_watch **watch)
{
	if (!*watch)
		return;
	(void)udev_monitor_unref((*watch)->monitor);
	(void)udev_unref((*watch)->udev);
	media_list_release(&(*watch)->known);
	medium_release(&(*watch)->gone);
	free(*watch);
	*watch = NULL;
}
