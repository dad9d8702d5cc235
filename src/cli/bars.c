#include "src/cli/bars.h"

#include "src/base/buffer.h"
#include "src/base/clock.h"
#include "src/base/json.h"
#include "src/base/text.h"
#include "src/cli/command.h"

#include <string.h>
#include <sys/ioctl.h>

static const char *const activity_words[] = {[PROGRESS_WRITING] = "write",
    [PROGRESS_READING_BACK] = "verify",
    [PROGRESS_CHECKING_ADDRESSES] = "check-addresses",
    [PROGRESS_RETRYING] = "retry",
    [PROGRESS_SYNCING] = "sync"};

static const char *const activity_names[] = {[PROGRESS_WRITING] = N_("writing"),
    [PROGRESS_READING_BACK] = N_("reading back"),
    [PROGRESS_CHECKING_ADDRESSES] = N_("checking addresses"),
    [PROGRESS_RETRYING] = N_("working around a bad place"),
    [PROGRESS_SYNCING] = N_("flushing")};

static const uint64_t redraw_every_ns = 150000000;

static const char *activity_name(enum progress_activity activity)
{
	return _(activity_names[activity]);
}

bool bars_parse_style(const char *word, enum bars_style *style)
{
	static const char *const words[] = {"none", "auto", "plain", "json"};
	static const enum bars_style styles[] = {BARS_NONE, BARS_TERMINAL, BARS_PLAIN, BARS_JSON};
	for (size_t i = 0; i < LENGTH_OF(words); i++)
		if (strcmp(word, words[i]) == 0) {
			*style = styles[i];
			if (*style == BARS_TERMINAL && !command_terminal_error())
				*style = BARS_PLAIN;
			return true;
		}
	return false;
}

void bars_start(struct bars *bars, enum bars_style style, const char *const *targets, size_t count)
{
	*bars = (struct bars){.style = style, .count = count < BARS_MAXIMUM ? count : BARS_MAXIMUM};
	for (size_t i = 0; i < bars->count; i++)
		bars->items[i].target = targets[i];
}

static unsigned percent(uint64_t done, uint64_t total)
{
	if (total == 0)
		return 0;
	double share = 100.0 * (double)done / (double)total;
	return share > 100 ? 100 : (unsigned)share;
}

static size_t terminal_width(void)
{
	struct winsize size;
	return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= 40 ? size.ws_col : 80;
}

static void append_bar(struct buffer *out, unsigned filled_percent, size_t columns)
{
	static const char *const eighths[] = {" ", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
	size_t units = filled_percent * columns * 8 / 100;
	for (size_t i = 0; i < columns; i++, units -= units < 8 ? units : 8)
		buffer_append_text(out, units >= 8 ? "█" : eighths[units]);
}

static void append_rate(struct buffer *out, const struct progress *progress)
{
	text_append_size(out, progress->bytes_per_second);
	buffer_append_text(out, "/s");
}

static void draw_line(struct buffer *out, const struct bar *bar, size_t width)
{
	const struct progress *progress = &bar->progress;
	CLEANUP_BUFFER struct buffer target = BUFFER_EMPTY;
	CLEANUP_BUFFER struct buffer rest = BUFFER_EMPTY;
	/* The directory is the same for many; the name tells them apart. */
	const char *slash = strrchr(bar->target, '/');
	text_append_for_terminal(&target, slash && slash[1] ? slash + 1 : bar->target);
	text_append_columns(out, buffer_text(&target), 16, true);
	buffer_append_text(out, " ");
	if (bar->ended) {
		text_append_columns(out, bar->ending, width - 18, false);
		return;
	}
	if (!bar->started) {
		buffer_append_text(out, _("starting"));
		return;
	}
	unsigned done = percent(progress->run_done_bytes, progress->run_total_bytes);
	append_bar(out, done, 20);
	buffer_printf(&rest, " %3u%%  %u/%u %s  ", done, progress->pass, progress->passes,
	    activity_name(progress->activity));
	append_rate(&rest, progress);
	buffer_append_text(&rest, "  ");
	buffer_append_text(&rest, _("left "));
	text_append_duration(&rest, progress->seconds_left);
	if (progress->errors)
		buffer_printf(&rest, _("  errors %lu"), (unsigned long)progress->errors);
	text_append_columns(out, buffer_text(&rest), width - 38, false);
}

static void draw(struct bars *bars, bool now)
{
	uint64_t now_ns = clock_monotonic_ns();
	if (!now && now_ns - bars->drawn_ns < redraw_every_ns)
		return;
	CLEANUP_BUFFER struct buffer out = BUFFER_EMPTY;
	size_t width = terminal_width();
	if (bars->drawn_lines)
		buffer_printf(&out, "\x1b[%zuA", bars->drawn_lines);
	for (size_t i = 0; i < bars->count; i++) {
		draw_line(&out, &bars->items[i], width);
		buffer_append_text(&out, "\x1b[K\n");
	}
	(void)fwrite(buffer_text(&out), 1, out.length, stderr);
	(void)fflush(stderr);
	bars->drawn_lines = bars->count;
	bars->drawn_ns = now_ns;
}

static void tell_plain(struct bar *bar)
{
	const struct progress *progress = &bar->progress;
	int tenth = (int)(percent(progress->done_bytes, progress->total_bytes) / 10);
	bool is_aside = progress->activity == PROGRESS_RETRYING || progress->activity == PROGRESS_SYNCING;
	if (is_aside || (bar->started && bar->told_pass == progress->pass &&
			    bar->told_activity == (int)progress->activity && bar->told_tenth == tenth))
		return;
	CLEANUP_BUFFER struct buffer line = BUFFER_EMPTY;
	text_append_for_terminal(&line, bar->target);
	buffer_printf(&line, _(": pass %u of %u, %s"), progress->pass, progress->passes,
	    activity_name(progress->activity));
	if (progress->total_bytes)
		buffer_printf(&line, ", %u%%", percent(progress->done_bytes, progress->total_bytes));
	if (progress->bytes_per_second) {
		buffer_append_text(&line, ", ");
		append_rate(&line, progress);
		buffer_append_text(&line, _(", left "));
		text_append_duration(&line, progress->seconds_left);
	}
	if (progress->errors)
		buffer_printf(&line, _(", errors %lu"), (unsigned long)progress->errors);
	buffer_append_text(&line, "\n");
	(void)fputs(buffer_text(&line), stderr);
	bar->told_pass = progress->pass;
	bar->told_activity = (int)progress->activity;
	bar->told_tenth = tenth;
}

static void tell_json(const struct bar *bar)
{
	const struct progress *progress = &bar->progress;
	json_t *line = json_pack("{s:o, s:s, s:i, s:i, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "target",
	    json_from_bytes(bar->target), "activity", activity_words[progress->activity], "pass",
	    (int)progress->pass, "passes", (int)progress->passes, "done_bytes",
	    json_from_count(progress->done_bytes), "total_bytes", json_from_count(progress->total_bytes),
	    "run_done_bytes", json_from_count(progress->run_done_bytes), "run_total_bytes",
	    json_from_count(progress->run_total_bytes), "bytes_per_second",
	    json_from_count(progress->bytes_per_second), "seconds_left",
	    json_from_count(progress->seconds_left), "errors", json_from_count(progress->errors));
	if (line)
		(void)json_dumpf(line, stderr, JSON_COMPACT);
	(void)fputc('\n', stderr);
	json_decref(line);
}

void bars_update(struct bars *bars, size_t index, const struct progress *progress)
{
	if (index >= bars->count)
		return;
	struct bar *bar = &bars->items[index];
	bar->progress = *progress;
	if (bars->style == BARS_PLAIN)
		tell_plain(bar);
	if (bars->style == BARS_JSON)
		tell_json(bar);
	bar->started = true;
	if (bars->style == BARS_TERMINAL)
		draw(bars, false);
}

void bars_end(struct bars *bars, size_t index, const char *ending)
{
	if (index >= bars->count)
		return;
	struct bar *bar = &bars->items[index];
	bar->ended = true;
	(void)snprintf(bar->ending, sizeof bar->ending, "%s", ending);
	if (bars->style == BARS_TERMINAL)
		draw(bars, true);
}

void bars_stop(struct bars *bars)
{
	if (bars->style == BARS_TERMINAL && bars->count)
		draw(bars, true);
}
