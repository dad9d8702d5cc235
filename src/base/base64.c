#include "src/base/base64.h"

#include <errno.h>
#include <stdint.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_append(struct buffer *out, const void *bytes, size_t length)
{
	const unsigned char *byte = bytes;
	for (; length > 0; byte += 3) {
		size_t group = length < 3 ? length : 3;
		uint32_t bits = (uint32_t)byte[0] << 16 | (group > 1 ? (uint32_t)byte[1] << 8 : 0) |
				(group > 2 ? byte[2] : 0U);
		char text[4] = {alphabet[bits >> 18], alphabet[bits >> 12 & 63],
		    group > 1 ? alphabet[bits >> 6 & 63] : '=', group > 2 ? alphabet[bits & 63] : '='};
		buffer_append(out, text, sizeof text);
		length -= group;
	}
}

static int value_of(char character)
{
	if (character >= 'A' && character <= 'Z')
		return character - 'A';
	if (character >= 'a' && character <= 'z')
		return character - 'a' + 26;
	if (character >= '0' && character <= '9')
		return character - '0' + 52;
	return character == '+' ? 62 : character == '/' ? 63 : -1;
}

/* Reads the up to three bytes of four characters, of which the last ones are padding. */
static int read_group(const char text[4], size_t bytes, uint32_t *bits)
{
	*bits = 0;
	for (size_t i = 0; i < 4; i++) {
		int value = i <= bytes ? value_of(text[i]) : text[i] == '=' ? 0 : -1;
		if (value < 0)
			return -EINVAL;
		*bits = *bits << 6 | (uint32_t)value;
	}
	/* What the padding leaves over of the last character must be zero. */
	return bytes < 3 && (*bits & (UINT32_C(0xffffff) >> (8 * bytes))) ? -EINVAL : 0;
}

size_t base64_size(const char *text, size_t length)
{
	if (length == 0 || length % 4)
		return 0;
	size_t padding = text[length - 1] != '=' ? 0 : text[length - 2] != '=' ? 1 : 2;
	for (size_t i = 0; i < length; i += 4) {
		uint32_t bits;
		if (read_group(text + i, i + 4 < length ? 3 : 3 - padding, &bits) < 0)
			return 0;
	}
	return length / 4 * 3 - padding;
}

int base64_read(const char *text, size_t length, void *bytes, size_t size)
{
	unsigned char *out = bytes;
	if (size == 0 || base64_size(text, length) != size)
		return -EINVAL;
	for (size_t done = 0; done < size; text += 4) {
		size_t group = size - done < 3 ? size - done : 3;
		uint32_t bits;
		if (read_group(text, group, &bits) < 0)
			return -EINVAL;
		for (size_t i = 0; i < group; i++)
			out[done + i] = (unsigned char)(bits >> (16 - 8 * i));
		done += group;
	}
	return 0;
}
