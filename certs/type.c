#include "certs/type.h"

#include "src/base/text.h"

#include <cairo-ft.h>
#include <errno.h>
#include <ft2build.h>
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>
#include FT_FREETYPE_H

enum { FACES = 2 };

struct type {
	FT_Library library;
	FT_Face faces[FACES];
	cairo_font_face_t *fonts[FACES];
};

const char *const type_files[] = {TYPE_GOTHIC_FILE, TYPE_MINCHO_FILE, NULL};

static const char *const families[FACES] = {"IPAexGothic", "IPAexMincho"};

static int open_face(struct type *type, int index, struct error *error)
{
	const char *path = type_files[index];
	if (FT_New_Face(type->library, path, 0, &type->faces[index]) != 0) {
		error_set(error, ENOENT, _("could not read the font %s"), path);
		error_advise(error, _("install the package fonts-ipaexfont"));
		return error->code;
	}
	FT_Face face = type->faces[index];
	if (!face->family_name || strcmp(face->family_name, families[index]) != 0 ||
	    face->units_per_EM == 0 || FT_Select_Charmap(face, FT_ENCODING_UNICODE) != 0)
		return error_set(error, EBADMSG, _("the font %s is not %s but %s"), path, families[index],
		    face->family_name ? face->family_name : "?");
	type->fonts[index] =
	    cairo_ft_font_face_create_for_ft_face(face, FT_LOAD_NO_HINTING | FT_LOAD_NO_BITMAP);
	if (cairo_font_face_status(type->fonts[index]) != CAIRO_STATUS_SUCCESS)
		return error_set(error, EIO, _("cairo could not use the font %s"), path);
	return 0;
}

int type_open(struct type **type, struct error *error)
{
	struct type *made = calloc(1, sizeof *made);
	if (!made || FT_Init_FreeType(&made->library) != 0) {
		free(made);
		return error_set(error, ENOMEM, _("could not start FreeType"));
	}
	int status = 0;
	for (int i = 0; status == 0 && i < FACES; i++)
		status = open_face(made, i, error);
	*type = made;
	return status;
}

void type_append_visible(const struct type *type, enum typeface face, const char *text, struct buffer *out)
{
	for (size_t left = strlen(text), size; left; text += size, left -= size) {
		uint32_t point = 0;
		size = text_decode(text, left, &point);
		if (size == 0) {
			size = 1;
			buffer_printf(out, "\\x%02x", (unsigned char)*text);
			continue;
		}
		char character[5] = {0};
		memcpy(character, text, size);
		CLEANUP_BUFFER struct buffer safe = BUFFER_EMPTY;
		text_append_for_terminal(&safe, character);
		if (point != '\\' && strcmp(buffer_text(&safe), character) != 0)
			buffer_append_text(out, buffer_text(&safe));
		else if (FT_Get_Char_Index(type->faces[face], point) == 0)
			buffer_printf(out, "\\u{%04" PRIx32 "}", point);
		else
			buffer_append(out, character, size);
	}
}

static double advance(const struct type *type, enum typeface face, double size, uint32_t point)
{
	FT_Face font = type->faces[face];
	FT_UInt glyph = FT_Get_Char_Index(font, point);
	if (FT_Load_Glyph(font, glyph, FT_LOAD_NO_SCALE) != 0)
		return 0;
	return size * (double)font->glyph->metrics.horiAdvance / font->units_per_EM;
}

double type_measure(const struct type *type, enum typeface face, double size, double tracking,
    const char *text, size_t length)
{
	double width = 0;
	for (size_t step; length; text += step, length -= step) {
		uint32_t point = 0;
		step = text_decode(text, length, &point);
		if (step == 0)
			break;
		width += advance(type, face, size, point) + tracking;
	}
	return width;
}

static bool is_one_of(uint32_t point, const char *set)
{
	for (size_t left = strlen(set), step; left; set += step, left -= step) {
		uint32_t member = 0;
		step = text_decode(set, left, &member);
		if (step == 0 || member == point)
			return step != 0;
	}
	return false;
}

static bool may_break(uint32_t before, uint32_t after)
{
	if (before == ' ' && after != ' ')
		return true;
	bool japanese = (before >= 0x2e80 && before <= 0xffef) || (after >= 0x2e80 && after <= 0xffef);
	return japanese && after != ' ' &&
	       !is_one_of(after,
		   "、。，．・：；？！）」』】〉》〕］｝ー々ぁぃぅぇぉっゃゅょァィゥェォッャュョ%),.") &&
	       !is_one_of(before, "（「『【〈《〔［｛(");
}

size_t type_break(const struct type *type, enum typeface face, double size, double width, const char *text,
    struct type_line *lines, size_t maximum, bool *complete)
{
	size_t count = 0;
	size_t length = strlen(text);
	size_t start = 0;
	*complete = true;
	while (start < length) {
		size_t end = start;
		size_t chance = start;
		uint32_t before = 0;
		double used = 0;
		while (end < length) {
			uint32_t point = 0;
			size_t step = text_decode(text + end, length - end, &point);
			used += advance(type, face, size, point);
			if (end > start && may_break(before, point))
				chance = end;
			if (step == 0 || (used > width && end > start && point != ' '))
				break;
			end += step;
			before = point;
		}
		if (end < length && chance > start)
			end = chance;
		if (end == start || count == maximum) {
			*complete = false;
			return count;
		}
		lines[count++] = (struct type_line){start, end - start};
		start = end;
	}
	return count;
}

void type_draw(const struct type *type, enum typeface face, double size, double tracking, cairo_t *cairo,
    double x, double baseline, const char *text, size_t length)
{
	CLEANUP_FREE cairo_glyph_t *glyphs = calloc(length + 1, sizeof *glyphs);
	CLEANUP_FREE cairo_text_cluster_t *clusters = calloc(length + 1, sizeof *clusters);
	int count = 0;
	if (!glyphs || !clusters)
		return;
	size_t used = 0;
	for (size_t step; used < length; used += step, count++) {
		uint32_t point = 0;
		step = text_decode(text + used, length - used, &point);
		if (step == 0)
			break;
		glyphs[count] = (cairo_glyph_t){FT_Get_Char_Index(type->faces[face], point), x, baseline};
		clusters[count] = (cairo_text_cluster_t){(int)step, 1};
		x += advance(type, face, size, point) + tracking;
	}
	cairo_set_font_face(cairo, type->fonts[face]);
	cairo_set_font_size(cairo, size);
	cairo_show_text_glyphs(cairo, text, (int)used, glyphs, count, clusters, count, 0);
}
