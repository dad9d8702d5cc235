#include "src/base/text.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>
#include <wchar.h>

size_t text_decode(const char *text, size_t length, uint32_t *point)
{
	static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
	const unsigned char *byte = (const unsigned char *)text;
	if (length == 0)
		return 0;
	size_t size = byte[0] < 0x80             ? 1
		      : (byte[0] & 0xe0) == 0xc0 ? 2
		      : (byte[0] & 0xf0) == 0xe0 ? 3
		      : (byte[0] & 0xf8) == 0xf0 ? 4
						 : 0;
	if (size == 0 || size > length)
		return 0;
	uint32_t value = size == 1 ? byte[0] : byte[0] & (0x7fU >> size);
	for (size_t i = 1; i < size; i++) {
		if ((byte[i] & 0xc0) != 0x80)
			return 0;
		value = value << 6 | (byte[i] & 0x3f);
	}
	if (value < smallest[size] || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))
		return 0;
	*point = value;
	return size;
}

void text_append_valid(struct buffer *out, const char *text, size_t length)
{
	while (length) {
		uint32_t point;
		size_t size = text_decode(text, length, &point);
		if (size == 0 || point == 0)
			buffer_append_text(out, "\xef\xbf\xbd");
		else
			buffer_append(out, text, size);
		size += size == 0;
		text += size;
		length -= size;
	}
}

static bool is_unsafe_on_terminal(uint32_t point)
{
	return point < 0x20 || (point >= 0x7f && point < 0xa0) || point == 0xad || point == 0x61c ||
	       (point >= 0x200b && point <= 0x200f) || (point >= 0x2028 && point <= 0x202e) ||
	       (point >= 0x2060 && point <= 0x206f) || point == 0xfeff ||
	       (point >= 0xfff9 && point <= 0xfffb) || (point >= 0xe0000 && point <= 0xe0fff);
}

void text_append_for_terminal(struct buffer *out, const char *text)
{
	size_t length = strlen(text);
	while (length) {
		uint32_t point;
		size_t size = text_decode(text, length, &point);
		if (size == 0) {
			size = 1;
			buffer_printf(out, "\\x%02x", (unsigned char)*text);
		} else if (is_unsafe_on_terminal(point)) {
			buffer_printf(out, "\\u{%04" PRIx32 "}", point);
		} else if (point == '\\') {
			buffer_append_text(out, "\\\\");
		} else {
			buffer_append(out, text, size);
		}
		text += size;
		length -= size;
	}
}

void text_append_columns(struct buffer *out, const char *text, size_t columns, bool padded)
{
	mbstate_t state = {0};
	size_t used = 0;
	while (*text) {
		wchar_t character;
		size_t length = mbrtowc(&character, text, strlen(text), &state);
		if (length == (size_t)-1 || length == (size_t)-2 || length == 0)
			break;
		int width = wcwidth(character);
		if (width < 0 || used + (size_t)width > columns)
			break;
		buffer_append(out, text, length);
		used += (size_t)width;
		text += length;
	}
	for (; padded && used < columns; used++)
		buffer_append(out, " ", 1);
}

void text_append_size(struct buffer *out, uint64_t bytes)
{
	static const char *const units[] = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};
	size_t unit = 0;
	double value = (double)bytes;
	while (value >= 999.5 && unit + 1 < LENGTH_OF(units)) {
		value /= 1000;
		unit++;
	}
	int decimals = unit == 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
	buffer_printf(out, "%.*f %s", decimals, value, units[unit]);
}

void text_append_grouped(struct buffer *out, uint64_t number)
{
	char digits[24];
	int length = snprintf(digits, sizeof digits, "%" PRIu64, number);
	for (int i = 0; i < length; i++) {
		if (i && (length - i) % 3 == 0)
			buffer_append(out, ",", 1);
		buffer_append(out, &digits[i], 1);
	}
}

void text_append_duration(struct buffer *out, uint64_t seconds)
{
	if (seconds < 60)
		buffer_printf(out, "%" PRIu64 " s", seconds);
	else if (seconds < 3600)
		buffer_printf(out, "%" PRIu64 " min %02" PRIu64 " s", seconds / 60, seconds % 60);
	else if (seconds < 86400)
		buffer_printf(out, "%" PRIu64 " h %02" PRIu64 " min", seconds / 3600, seconds % 3600 / 60);
	else
		buffer_printf(out, "%" PRIu64 " d %02" PRIu64 " h", seconds / 86400, seconds % 86400 / 3600);
}

void text_append_elapsed(struct buffer *out, uint64_t milliseconds)
{
	if (milliseconds < 60000)
		buffer_printf(out, "%.*f s", milliseconds < 10000 ? 2 : 1, (double)milliseconds / 1000);
	else
		text_append_duration(out, milliseconds / 1000);
}

void text_append_hex(struct buffer *out, const void *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++)
		buffer_printf(out, "%02x", ((const unsigned char *)bytes)[i]);
}

static int hex_digit(char character)
{
	if (character >= '0' && character <= '9')
		return character - '0';
	if (character >= 'a' && character <= 'f')
		return character - 'a' + 10;
	if (character >= 'A' && character <= 'F')
		return character - 'A' + 10;
	return -1;
}

int text_read_hex(const char *text, void *bytes, size_t length)
{
	if (strlen(text) != 2 * length)
		return -EINVAL;
	for (size_t i = 0; i < length; i++) {
		int high = hex_digit(text[2 * i]);
		int low = hex_digit(text[2 * i + 1]);
		if (high < 0 || low < 0)
			return -EINVAL;
		((unsigned char *)bytes)[i] = (unsigned char)(high << 4 | low);
	}
	return 0;
}

char *text_trimmed(const char *text, size_t length)
{
	length = strnlen(text, length);
	while (length && isspace((unsigned char)text[0])) {
		text++;
		length--;
	}
	while (length && isspace((unsigned char)text[length - 1]))
		length--;
	return length ? strndup(text, length) : NULL;
}
