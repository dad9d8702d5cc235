/* Setting type: IPAexGothic and IPAexMincho read from their two files, measured in font units, drawn with
 * cairo.
 *
 * Nothing of the host's font configuration has a say, so the same text is the same bytes on every machine
 * with these fonts; and no thread is needed, which a sandboxed process could not start. */
#pragma once

#include "src/base/buffer.h"
#include "src/base/error.h"

#include <cairo.h>
#include <stdbool.h>
#include <stddef.h>

#define TYPE_GOTHIC_FILE "/usr/share/fonts/opentype/ipaexfont-gothic/ipaexg.ttf"
#define TYPE_MINCHO_FILE "/usr/share/fonts/opentype/ipaexfont-mincho/ipaexm.ttf"

/* NULL-ended: what the sandbox must let a renderer read. */
extern const char *const type_files[];

enum typeface { TYPE_GOTHIC, TYPE_MINCHO };

struct type; /* the two fonts */

/* Opens both. They stay open until the process ends: cairo keeps using them behind our back. -ENOENT when a
 * file is missing, -EBADMSG when it holds another family than its name says. */
int type_open(struct type **type, struct error *error);

/* Appends text so that every character of it shows: what would print nothing, change the direction of its
 * neighbours, or has no shape in the font becomes \u{XXXX}. */
void type_append_visible(const struct type *type, enum typeface face, const char *text, struct buffer *out);

/* The width in points of length bytes of visible text. tracking is added behind every character. */
double type_measure(const struct type *type, enum typeface face, double size, double tracking,
    const char *text, size_t length);

struct type_line {
	size_t start; /* bytes into the text */
	size_t length;
};

/* Breaks visible text into lines of at most width points: at spaces, between Japanese characters where the
 * rules for line ends allow it (JIS X 4051: no closing mark or small kana first, no opening bracket last),
 * else anywhere. Returns the number of lines, at most maximum; *complete is false when text was left over. */
size_t type_break(const struct type *type, enum typeface face, double size, double width, const char *text,
    struct type_line *lines, size_t maximum, bool *complete);

/* Draws visible text with its first character's origin at (x, baseline), in the current colour. The bytes
 * stay attached to their glyphs, so that a reader can search and copy them. */
void type_draw(const struct type *type, enum typeface face, double size, double tracking, cairo_t *cairo,
    double x, double baseline, const char *text, size_t length);
