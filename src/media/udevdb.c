#include "src/media/udevdb.h"

#include "src/base/cleanup.h"
#include "src/base/file.h"
#include "src/base/text.h"

#include <errno.h>
#include <libudev.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

enum { RECORD_LIMIT = 1024 * 1024 };

static int add_property(struct udev_properties *properties, const char *key, size_t key_length,
    const char *value, size_t value_length, struct error *error)
{
	struct udev_property *grown = reallocarray(properties->items, properties->count + 1, sizeof *grown);
	if (!grown)
		return error_set(error, ENOMEM, _("out of memory"));
	properties->items = grown;
	struct udev_property *added = &grown[properties->count];
	added->key = strndup(key, key_length);
	added->value = strndup(value, value_length);
	properties->count++;
	return added->key && added->value ? 0 : error_set(error, ENOMEM, _("out of memory"));
}

int udevdb_parse(const char *text, size_t length, struct udev_properties *properties, struct error *error)
{
	const char *end = text + length;
	while (text < end) {
		const char *stop = memchr(text, '\n', (size_t)(end - text));
		if (!stop)
			stop = end;
		const char *equals = memchr(text, '=', (size_t)(stop - text));
		if (equals && add_property(properties, text, (size_t)(equals - text), equals + 1,
				  (size_t)(stop - equals - 1), error) < 0)
			return error->code;
		text = stop + (stop < end);
	}
	return 0;
}

static int read_record(
    const struct media_place *place, dev_t number, struct udev_properties *properties, struct error *error)
{
	CLEANUP_BUFFER struct buffer text = BUFFER_EMPTY;
	CLEANUP_FREE char *path = NULL;
	if (asprintf(&path, "%s/udev/%u:%u", place->root, major(number), minor(number)) < 0)
		return error_set(error, ENOMEM, _("out of memory"));
	if (!file_exists(path))
		return 0;
	if (file_read(path, RECORD_LIMIT, &text, error) < 0)
		return error->code;
	properties->known = true;
	return udevdb_parse(buffer_text(&text), text.length, properties, error);
}

static void release_udev(struct udev **udev)
{
	(void)udev_unref(*udev);
}

static void release_device(struct udev_device **device)
{
	(void)udev_device_unref(*device);
}

int udevdb_read(
    const struct media_place *place, dev_t number, struct udev_properties *properties, struct error *error)
{
	*properties = (struct udev_properties){0};
	if (place->root[0])
		return read_record(place, number, properties, error);
	CLEANUP(release_udev) struct udev *udev = udev_new();
	CLEANUP(release_device)
	struct udev_device *device = udev ? udev_device_new_from_devnum(udev, 'b', number) : NULL;
	if (!device)
		return 0;
	properties->known = udev_device_get_is_initialized(device) > 0;
	struct udev_list_entry *entry;
	udev_list_entry_foreach(entry, udev_device_get_properties_list_entry(device))
	{
		const char *key = udev_list_entry_get_name(entry);
		const char *value = udev_list_entry_get_value(entry);
		if (key && value &&
		    add_property(properties, key, strlen(key), value, strlen(value), error) < 0)
			return error->code;
	}
	return 0;
}

const char *udevdb_get(const struct udev_properties *properties, const char *key)
{
	for (size_t i = 0; i < properties->count; i++)
		if (strcmp(properties->items[i].key, key) == 0)
			return properties->items[i].value[0] ? properties->items[i].value : NULL;
	return NULL;
}

char *udevdb_decoded(const struct udev_properties *properties, const char *key)
{
	const char *value = udevdb_get(properties, key);
	if (!value)
		return NULL;
	CLEANUP_BUFFER struct buffer bytes = BUFFER_EMPTY;
	while (*value) {
		char digits[3] = {0};
		unsigned char byte;
		if (value[0] == '\\' && value[1] == 'x' && value[2] && value[3]) {
			memcpy(digits, value + 2, 2);
			if (text_read_hex(digits, &byte, 1) == 0) {
				buffer_append(&bytes, &byte, 1);
				value += 4;
				continue;
			}
		}
		buffer_append(&bytes, value++, 1);
	}
	return bytes.failed ? NULL : text_trimmed(buffer_text(&bytes), bytes.length);
}

void udevdb_release(struct udev_properties *properties)
{
	for (size_t i = 0; i < properties->count; i++) {
		free(properties->items[i].key);
		free(properties->items[i].value);
	}
	free(properties->items);
	*properties = (struct udev_properties){0};
}
