#include "src/cli/media_view.h"

#include "src/base/buffer.h"
#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "src/cli/command.h"

#include <errno.h>
#include <inttypes.h>
#include <libsmartcols/libsmartcols.h>
#include <stdio.h>
#include <string.h>

/* ── Words ── */

static const char *bus_name(enum medium_bus bus)
{
	static const char *const names[] = {[BUS_UNKNOWN] = N_("unknown"),
	    [BUS_USB] = "USB",
	    [BUS_ATA] = "ATA",
	    [BUS_SCSI] = "SCSI",
	    [BUS_NVME] = "NVMe",
	    [BUS_MMC] = "MMC",
	    [BUS_VIRTIO] = "virtio",
	    [BUS_LOOP] = N_("loop"),
	    [BUS_VIRTUAL] = N_("virtual"),
	    [BUS_FILE] = N_("file")};
	return _(names[bus]);
}

static const char *kind_name(enum medium_kind kind)
{
	static const char *const names[] = {[KIND_UNKNOWN] = N_("unknown"),
	    [KIND_HDD] = "HDD",
	    [KIND_SSD] = "SSD",
	    [KIND_USB_FLASH] = N_("USB flash"),
	    [KIND_SD] = N_("SD card"),
	    [KIND_OPTICAL] = N_("optical"),
	    [KIND_LOOP] = N_("loop device"),
	    [KIND_VIRTUAL] = N_("virtual"),
	    [KIND_IMAGE] = N_("disk image")};
	return _(names[kind]);
}

static void append_content(struct buffer *out, const struct medium_content *content)
{
	text_append_for_terminal(out, content->type);
	if (content->label) {
		buffer_append_text(out, " \"");
		text_append_for_terminal(out, content->label);
		buffer_append_text(out, "\"");
	}
}

static void append_contents(struct buffer *out, const struct medium *medium)
{
	for (size_t i = 0; i < medium->content_count; i++) {
		buffer_append_text(out, i ? ", " : "");
		append_content(out, &medium->contents[i]);
	}
}

static void append_mounts(struct buffer *out, const struct medium *medium)
{
	for (size_t i = 0; i < medium->mount_count; i++) {
		buffer_append_text(out, i ? ", " : "");
		text_append_for_terminal(out, medium->mounts[i]);
	}
}

static void append_obstacle(struct buffer *out, const struct medium *medium, size_t index)
{
	struct error why = {0};
	medium_explain_obstacle(medium, &medium->obstacles[index], &why);
	text_append_for_terminal(out, why.sentence);
}

static void append_erasable(struct buffer *out, const struct medium *medium)
{
	if (medium->obstacle_count == 0) {
		buffer_append_text(out, _("yes"));
		return;
	}
	buffer_append_text(out, _("no: "));
	append_obstacle(out, medium, 0);
}

/* ── The table ── */

enum column { DEVICE, BUS, KIND, MODEL, SERIAL, SIZE, HOLDS, MOUNTED, ERASABLE, COLUMNS };

static const struct {
	const char *title;
	double width;
	int flags;
} columns[COLUMNS] = {
    [DEVICE] = {N_("DEVICE"), 0, 0},
    [BUS] = {N_("BUS"), 0, 0},
    [KIND] = {N_("KIND"), 0, 0},
    [MODEL] = {N_("MODEL"), 0, SCOLS_FL_TRUNC},
    [SERIAL] = {N_("SERIAL"), 0, 0},
    [SIZE] = {N_("SIZE"), 0, SCOLS_FL_RIGHT},
    [HOLDS] = {N_("HOLDS"), 0, SCOLS_FL_TRUNC},
    [MOUNTED] = {N_("MOUNTED"), 0, SCOLS_FL_TRUNC},
    [ERASABLE] = {N_("MAY BE ERASED"), 0, 0},
};

static void append_optional(struct buffer *out, const char *text)
{
	text_append_for_terminal(out, text ? text : "-");
}

static void append_cell(struct buffer *out, const struct medium *medium, enum column column)
{
	switch (column) {
	case DEVICE:
		append_optional(out, medium->path);
		break;
	case BUS:
		buffer_append_text(out, bus_name(medium->bus));
		break;
	case KIND:
		buffer_append_text(out, kind_name(medium->kind));
		break;
	case MODEL:
		append_optional(out, medium->model);
		break;
	case SERIAL:
		append_optional(out, medium->serial);
		break;
	case SIZE:
		text_append_size(out, medium->size_bytes);
		break;
	case HOLDS:
		append_contents(out, medium);
		break;
	case MOUNTED:
		append_mounts(out, medium);
		break;
	case ERASABLE:
	case COLUMNS:
		append_erasable(out, medium);
		break;
	}
}

static void release_table(struct libscols_table **table)
{
	scols_unref_table(*table);
}

static int add_line(struct libscols_table *table, const struct medium *medium)
{
	struct libscols_line *line = scols_table_new_line(table, NULL);
	for (size_t i = 0; line && i < COLUMNS; i++) {
		CLEANUP_BUFFER struct buffer cell = BUFFER_EMPTY;
		append_cell(&cell, medium, (enum column)i);
		if (cell.failed || scols_line_set_data(line, i, buffer_text(&cell)) < 0)
			return -ENOMEM;
	}
	return line ? 0 : -ENOMEM;
}

int media_view_print_table(const struct medium *media, size_t count, struct error *error)
{
	CLEANUP(release_table) struct libscols_table *table = scols_new_table();
	int status = table ? 0 : -ENOMEM;
	for (size_t i = 0; status == 0 && i < COLUMNS; i++)
		if (!scols_table_new_column(table, _(columns[i].title), columns[i].width, columns[i].flags))
			status = -ENOMEM;
	for (size_t i = 0; status == 0 && i < count; i++)
		status = add_line(table, &media[i]);
	if (status == 0)
		status = scols_print_table(table);
	return status < 0 ? error_system(error, -status, _("could not print the table")) : 0;
}

/* ── The sheet ── */

/* A title in a column of its own; a Japanese letter is two columns wide, so that widths are counted by
 * libsmartcols. */
static int add_row(struct libscols_table *table, const char *title, const char *text)
{
	struct libscols_line *line = scols_table_new_line(table, NULL);
	if (!line || scols_line_set_data(line, 0, title) < 0 || scols_line_set_data(line, 1, text) < 0)
		return -ENOMEM;
	return 0;
}

static bool is_missing(const struct medium *medium, const char *member)
{
	for (size_t i = 0; i < medium->missing_count; i++)
		if (strcmp(medium->missing[i], member) == 0)
			return true;
	return false;
}

static int add_text(struct libscols_table *table, const struct medium *medium, const char *title,
    const char *member, const char *text)
{
	CLEANUP_BUFFER struct buffer cell = BUFFER_EMPTY;
	if (text)
		text_append_for_terminal(&cell, text);
	else
		buffer_append_text(
		    &cell, is_missing(medium, member) ? _("could not be determined here") : "-");
	return cell.failed ? -ENOMEM : add_row(table, title, buffer_text(&cell));
}

static int add_names(struct libscols_table *table, const struct medium *medium)
{
	const struct {
		const char *title;
		const char *member;
		const char *text;
	} rows[] = {
	    {_("device"), "path", medium->path},
	    {_("stable name"), "by_id", medium->by_id},
	    {_("bus"), "bus", bus_name(medium->bus)},
	    {_("kind"), "kind", kind_name(medium->kind)},
	    {_("vendor"), "vendor", medium->vendor},
	    {_("model"), "model", medium->model},
	    {_("serial number"), "serial", medium->serial},
	    {"WWN", "wwn", medium->wwn},
	    {_("firmware"), "firmware", medium->firmware},
	};
	for (size_t i = 0; i < LENGTH_OF(rows); i++)
		if (add_text(table, medium, rows[i].title, rows[i].member, rows[i].text) < 0)
			return -ENOMEM;
	return medium->backing_file
		   ? add_text(table, medium, _("backing file"), "backing_file", medium->backing_file)
		   : 0;
}

static int add_capacity(struct libscols_table *table, const struct medium *medium)
{
	CLEANUP_BUFFER struct buffer size = BUFFER_EMPTY;
	CLEANUP_BUFFER struct buffer blocks = BUFFER_EMPTY;
	text_append_size(&size, medium->size_bytes);
	buffer_append_text(&size, " (");
	text_append_grouped(&size, medium->size_bytes);
	buffer_printf(&size, " %s)", _("bytes"));
	buffer_printf(&blocks, _("%" PRIu32 " bytes logical, %" PRIu32 " bytes physical"),
	    medium->logical_block_bytes, medium->physical_block_bytes);
	if (size.failed || blocks.failed || add_row(table, _("capacity"), buffer_text(&size)) < 0)
		return -ENOMEM;
	return add_row(table, _("blocks"), buffer_text(&blocks));
}

static int add_properties(struct libscols_table *table, const struct medium *medium)
{
	const struct {
		const char *title;
		bool value;
	} rows[] = {
	    {_("rotational"), medium->rotational},
	    {_("removable"), medium->removable},
	    {_("read-only"), medium->read_only},
	    {_("discard (TRIM)"), medium->discard},
	};
	for (size_t i = 0; i < LENGTH_OF(rows); i++)
		if (add_row(table, rows[i].title, rows[i].value ? _("yes") : _("no")) < 0)
			return -ENOMEM;
	return add_row(table, _("zoned"), medium->zoned ? medium->zoned : _("no"));
}

static int add_partitions(struct libscols_table *table, const struct medium *medium)
{
	for (size_t i = 0; i < medium->partition_count; i++) {
		CLEANUP_BUFFER struct buffer cell = BUFFER_EMPTY;
		text_append_for_terminal(&cell, medium->partitions[i].path);
		buffer_append_text(&cell, ", ");
		text_append_size(&cell, medium->partitions[i].length_bytes);
		if (cell.failed || add_row(table, i ? "" : _("partitions"), buffer_text(&cell)) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int add_contents(struct libscols_table *table, const struct medium *medium)
{
	for (size_t i = 0; i < medium->content_count; i++) {
		const struct medium_content *content = &medium->contents[i];
		CLEANUP_BUFFER struct buffer cell = BUFFER_EMPTY;
		text_append_for_terminal(&cell, content->device);
		buffer_append_text(&cell, content->device[0] ? ": " : "");
		append_content(&cell, content);
		if (content->uuid) {
			buffer_append_text(&cell, ", UUID ");
			text_append_for_terminal(&cell, content->uuid);
		}
		if (cell.failed || add_row(table, i ? "" : _("holds"), buffer_text(&cell)) < 0)
			return -ENOMEM;
	}
	if (medium->content_count)
		return 0;
	return add_row(table, _("holds"),
	    is_missing(medium, "contents") ? _("could not be determined here")
					   : _("nothing that is recognised"));
}

static int add_mounts(struct libscols_table *table, const struct medium *medium)
{
	for (size_t i = 0; i < medium->mount_count; i++)
		if (add_text(table, medium, i ? "" : _("mounted"), "mounts", medium->mounts[i]) < 0)
			return -ENOMEM;
	return medium->mount_count ? 0 : add_row(table, _("mounted"), _("no"));
}

static int add_verdict(struct libscols_table *table, const struct medium *medium)
{
	for (size_t i = 0; i < medium->obstacle_count; i++) {
		CLEANUP_BUFFER struct buffer cell = BUFFER_EMPTY;
		buffer_append_text(&cell, i ? "" : _("no: "));
		append_obstacle(&cell, medium, i);
		if (cell.failed || add_row(table, i ? "" : _("may be erased"), buffer_text(&cell)) < 0)
			return -ENOMEM;
	}
	if (medium->obstacle_count == 0 && add_row(table, _("may be erased"), _("yes")) < 0)
		return -ENOMEM;
	return add_text(table, medium, _("to confirm, type"), "confirm", medium_confirmation(medium));
}

int media_view_print_sheet(const struct medium *medium, struct error *error)
{
	static int (*const parts[])(struct libscols_table *, const struct medium *) = {
	    add_names, add_capacity, add_properties, add_partitions, add_contents, add_mounts, add_verdict};
	CLEANUP(release_table) struct libscols_table *table = scols_new_table();
	int status = table && scols_table_new_column(table, "title", 0, 0) &&
			     scols_table_new_column(table, "text", 0, 0)
			 ? 0
			 : -ENOMEM;
	for (size_t i = 0; status == 0 && i < LENGTH_OF(parts); i++)
		status = parts[i](table, medium);
	if (status == 0) {
		(void)scols_table_enable_noheadings(table, 1);
		(void)scols_table_set_column_separator(table, "  ");
		status = scols_print_table(table);
	}
	return status < 0 ? error_system(error, -status, _("could not print what was found")) : 0;
}

/* ── An event ── */

static const char *change_name(enum media_change change)
{
	static const char *const names[] = {[MEDIA_NOTHING] = "",
	    [MEDIA_PRESENT] = N_("present"),
	    [MEDIA_APPEARED] = N_("appeared"),
	    [MEDIA_CHANGED] = N_("changed"),
	    [MEDIA_GONE] = N_("gone")};
	return _(names[change]);
}

int media_view_print_event(const struct media_event *event)
{
	CLEANUP_BUFFER struct buffer line = BUFFER_EMPTY;
	const struct medium *medium = event->medium;
	buffer_printf(&line, "%s: ", change_name(event->change));
	for (int i = DEVICE; i <= SIZE; i++) {
		buffer_append_text(&line, i == DEVICE ? "" : "  ");
		append_cell(&line, medium, (enum column)i);
	}
	if (event->change != MEDIA_GONE) {
		buffer_printf(&line, "  %s: ", _("may be erased"));
		append_erasable(&line, medium);
	}
	return puts(buffer_text(&line)) == EOF || fflush(stdout) == EOF ? EXIT_COULD_NOT : EXIT_DONE;
}
