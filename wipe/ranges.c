#include "wipe/ranges.h"

#include "src/base/cleanup.h"
#include "src/base/json.h"

#include <errno.h>
#include <string.h>

static const char *const words[] = {
    [RANGE_WRITE_ERROR] = "write-error", [RANGE_READ_ERROR] = "read-error", [RANGE_MISMATCH] = "mismatch"};

/* The first item that does not lie wholly before this place. */
static size_t position_of(const struct ranges *ranges, uint64_t offset_bytes, enum range_what what)
{
	size_t low = 0;
	size_t high = ranges->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct range *item = &ranges->items[middle];
		if (item->offset_bytes < offset_bytes ||
		    (item->offset_bytes == offset_bytes && item->what < what))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void remove_item(struct ranges *ranges, size_t index)
{
	memmove(&ranges->items[index], &ranges->items[index + 1],
	    (ranges->count - index - 1) * sizeof *ranges->items);
	ranges->count--;
}

static bool make_room(struct ranges *ranges)
{
	if (ranges->count == RANGES_MAXIMUM)
		return false;
	if (ranges->count < ranges->capacity)
		return true;
	size_t capacity = ranges->capacity ? 2 * ranges->capacity : 16;
	struct range *items = reallocarray(ranges->items, capacity, sizeof *items);
	if (!items)
		return false;
	ranges->items = items;
	ranges->capacity = capacity;
	return true;
}

/* Takes the neighbours of its kind that touch the range out of the list, and into it. */
static void absorb_neighbours(struct ranges *ranges, struct range *range)
{
	/* Ranges of one kind do not overlap, so of those before it only the nearest of its kind can touch it.
	 */
	size_t first = position_of(ranges, range->offset_bytes, range->what);
	while (first > 0 && ranges->items[--first].what != range->what)
		;
	for (size_t i = first; i < ranges->count;) {
		const struct range *item = &ranges->items[i];
		uint64_t item_end = item->offset_bytes + item->length_bytes;
		uint64_t end = range->offset_bytes + range->length_bytes;
		if (item->offset_bytes > end)
			return;
		if (item->what != range->what || item_end < range->offset_bytes) {
			i++;
			continue;
		}
		if (item->offset_bytes < range->offset_bytes)
			range->offset_bytes = item->offset_bytes;
		range->length_bytes = (item_end > end ? item_end : end) - range->offset_bytes;
		remove_item(ranges, i);
	}
}

void ranges_add(struct ranges *ranges, uint64_t offset_bytes, uint64_t length_bytes, enum range_what what)
{
	struct range range = {offset_bytes, length_bytes, what};
	if (length_bytes == 0)
		return;
	absorb_neighbours(ranges, &range);
	if (!make_room(ranges)) {
		ranges->omitted++;
		return;
	}
	size_t index = position_of(ranges, range.offset_bytes, what);
	memmove(&ranges->items[index + 1], &ranges->items[index],
	    (ranges->count - index) * sizeof *ranges->items);
	ranges->items[index] = range;
	ranges->count++;
}

bool ranges_contain(
    const struct ranges *ranges, uint64_t offset_bytes, uint64_t length_bytes, enum range_what what)
{
	for (size_t i = 0; i < ranges->count && ranges->items[i].offset_bytes <= offset_bytes; i++) {
		const struct range *item = &ranges->items[i];
		if (item->what == what &&
		    item->offset_bytes + item->length_bytes >= offset_bytes + length_bytes)
			return true;
	}
	return false;
}

size_t ranges_count(const struct ranges *ranges, enum range_what what)
{
	size_t count = 0;
	for (size_t i = 0; i < ranges->count; i++)
		count += ranges->items[i].what == what;
	return count;
}

json_t *ranges_to_json(const struct ranges *ranges)
{
	json_t *list = json_array();
	for (size_t i = 0; i < ranges->count; i++) {
		const struct range *item = &ranges->items[i];
		json_array_append_new(list,
		    json_pack("{s:o, s:o, s:s}", "offset_bytes", json_from_count(item->offset_bytes),
			"length_bytes", json_from_count(item->length_bytes), "what", words[item->what]));
	}
	return list;
}

int ranges_from_json(const json_t *json, struct ranges *ranges, struct error *error)
{
	size_t index;
	const json_t *item;
	json_array_foreach(json, index, item)
	{
		const char *word = json_text(item, "what", "");
		size_t what = 0;
		while (what < LENGTH_OF(words) && strcmp(words[what], word) != 0)
			what++;
		if (what == LENGTH_OF(words))
			return error_set(error, EBADMSG, _("the record holds an unknown kind of exception"));
		ranges_add(ranges, json_count(item, "offset_bytes", 0), json_count(item, "length_bytes", 0),
		    (enum range_what)what);
	}
	return 0;
}

void ranges_release(struct ranges *ranges)
{
	free(ranges->items);
	*ranges = (struct ranges){0};
}
