#include "src/register/register.h"
#include "src/base/cleanup.h"
#include "src/base/clock.h"
#include "src/base/json.h"
#include "src/base/merkle.h"
#include "src/base/text.h"
#include "src/cli/command.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <libsmartcols.h>
#include <stdio.h>
#include <string.h>

static int help(void)
{
	(void)printf("%s\n\n"
		     "  list [--kind KIND] [--since DATE]   %s\n"
		     "  show SEQ                            %s\n"
		     "  verify                              %s\n\n"
		     "%s\n",
	    _("Usage: kiyome register list|show|verify"),
	    _("the entries in order: when, what, who, about what, with what result"),
	    _("one entry with its hash, and the proof that it is in the register"),
	    _("check every entry, hash, and signature"),
	    _("DATE is 2026-01-31 or 2026-01-31T23:59:59Z (UTC). --json gives each for machines."));
	return fflush(stdout) == EOF ? EXIT_COULD_NOT : EXIT_DONE;
}

/* ── list ── */

struct listing {
	struct reg *reg;
	const char *since;            /* NULL = from the first entry on */
	struct libscols_table *table; /* NULL = as JSON */
	bool begun;
};

enum column { COLUMN_SEQ, COLUMN_TIME, COLUMN_KIND, COLUMN_WHO, COLUMN_SUBJECT, COLUMN_RESULT };

static const struct {
	const char *title;
	int flags;
} columns[] = {
    [COLUMN_SEQ] = {N_("SEQ"), SCOLS_FL_RIGHT},
    [COLUMN_TIME] = {N_("TIME"), 0},
    [COLUMN_KIND] = {N_("KIND"), 0},
    [COLUMN_WHO] = {N_("WHO"), 0},
    [COLUMN_SUBJECT] = {N_("SUBJECT"), 0},
    [COLUMN_RESULT] = {N_("RESULT"), 0},
};

static int print_summary(struct listing *listing, const struct register_entry *entry,
    enum register_state state, uint64_t outcome, struct error *error)
{
	static const char *const states[] = {
	    [REGISTER_FINISHED] = "finished", [REGISTER_UNFINISHED] = "interrupted"};
	json_t *summary = json_pack("{s:I, s:O, s:O, s:O, s:O}", "seq", (json_int_t)entry->seq, "time",
	    json_object_get(entry->json, "time"), "kind", json_object_get(entry->json, "kind"), "actor",
	    json_object_get(entry->json, "actor"), "subject", json_object_get(entry->json, "subject"));
	json_t *result = json_object_get(json_object_get(entry->json, "body"), "result");
	if (json_is_string(result))
		(void)json_object_set(summary, "result", result);
	if (state != REGISTER_NO_INTENT)
		(void)json_object_set_new(summary, "state", json_string(states[state]));
	if (state == REGISTER_FINISHED)
		(void)json_object_set_new(summary, "outcome", json_from_count(outcome));
	if (!summary)
		return error_set(error, ENOMEM, _("out of memory"));
	/* One line an entry: the array is never in memory as a whole. */
	(void)fputs(listing->begun ? ",\n" : "\n", stdout);
	listing->begun = true;
	int status = json_dumpf(summary, stdout, JSON_COMPACT);
	json_decref(summary);
	return status < 0 ? error_set(error, EIO, _("could not write the list")) : 0;
}

static int add_cell(struct libscols_line *line, enum column column, const char *text)
{
	CLEANUP_BUFFER struct buffer safe = BUFFER_EMPTY;
	text_append_for_terminal(&safe, text);
	return scols_line_set_data(line, column, buffer_text(&safe));
}

static int add_line(struct listing *listing, const struct register_entry *entry, enum register_state state,
    uint64_t outcome, struct error *error)
{
	struct libscols_line *line = scols_table_new_line(listing->table, NULL);
	char seq[24];
	char result[64];
	const json_t *body = json_object_get(entry->json, "body");
	(void)snprintf(seq, sizeof seq, "%" PRIu64, entry->seq);
	if (state == REGISTER_UNFINISHED)
		(void)snprintf(result, sizeof result, "%s", _("interrupted or still running"));
	else if (state == REGISTER_FINISHED)
		(void)snprintf(result, sizeof result, _("see %" PRIu64), outcome);
	else
		(void)snprintf(result, sizeof result, "%s", json_text(body, "result", ""));
	if (!line || add_cell(line, COLUMN_SEQ, seq) || add_cell(line, COLUMN_RESULT, result) ||
	    add_cell(line, COLUMN_TIME, json_text(entry->json, "time", "")) ||
	    add_cell(line, COLUMN_KIND, json_text(entry->json, "kind", "")) ||
	    add_cell(line, COLUMN_WHO, json_text(json_object_get(entry->json, "actor"), "name", "")) ||
	    add_cell(line, COLUMN_SUBJECT, json_text(entry->json, "subject", "")))
		return error_set(error, ENOMEM, _("out of memory"));
	return 0;
}

static int list_entry(void *context, const struct register_entry *entry, struct error *error)
{
	struct listing *listing = context;
	enum register_state state;
	uint64_t outcome;
	/* A date is the beginning of the times of its day. */
	if (listing->since && strcmp(json_text(entry->json, "time", ""), listing->since) < 0)
		return 0;
	int status = register_find_outcome(listing->reg, entry, &state, &outcome, error);
	if (status < 0)
		return status;
	return listing->table ? add_line(listing, entry, state, outcome, error)
			      : print_summary(listing, entry, state, outcome, error);
}

static bool is_date_or_time(const char *text)
{
	char time[CLOCK_TEXT_SIZE];
	time_t seconds;
	(void)snprintf(time, sizeof time, "%.10sT00:00:00Z", text);
	return clock_parse(text, &seconds) == 0 || (strlen(text) == 10 && clock_parse(time, &seconds) == 0);
}

static void cleanup_table(struct libscols_table *const *table)
{
	scols_unref_table(*table);
}

/* What was read before an error is shown too: a changed entry does not hide those before it. */
static int print_table(struct listing *listing, const char *kind, struct error *error)
{
	CLEANUP(cleanup_table) struct libscols_table *table = scols_new_table();
	if (!table)
		return error_set(error, ENOMEM, _("out of memory"));
	for (size_t i = 0; i < LENGTH_OF(columns); i++)
		if (!scols_table_new_column(table, _(columns[i].title), 0, columns[i].flags))
			return error_set(error, ENOMEM, _("out of memory"));
	listing->table = table;
	int status = register_each(listing->reg, 0, kind, list_entry, listing, error);
	bool printed = scols_print_table(table) == 0 && fflush(stdout) != EOF;
	return status < 0 || printed ? status : error_system(error, errno, _("could not write the list"));
}

static int print_array(struct listing *listing, const char *kind, struct error *error)
{
	(void)fputs("{\"entries\":[", stdout);
	int status = register_each(listing->reg, 0, kind, list_entry, listing, error);
	bool printed = puts("\n]}") != EOF && fflush(stdout) != EOF;
	return status < 0 || printed ? status : error_system(error, errno, _("could not write the list"));
}

static int list(struct invocation *invocation, int argc, char **argv)
{
	static const struct option options[] = {
	    {"kind", required_argument, NULL, 'k'}, {"since", required_argument, NULL, 's'}, {0}};
	CLEANUP(register_close) struct reg *reg = NULL;
	struct error error = {0};
	struct listing listing = {0};
	const char *kind = NULL;
	opterr = 0;
	for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
		if (option == '?')
			return command_misuse(
			    invocation, "register", _("register list does not take '%s'"), argv[optind - 1]);
		*(option == 'k' ? &kind : &listing.since) = optarg;
	}
	if (optind < argc)
		return command_misuse(
		    invocation, "register", _("register list does not take '%s'"), argv[optind]);
	if (listing.since && !is_date_or_time(listing.since))
		return command_misuse(
		    invocation, "register", _("'%s' is no date: write it as 2026-01-31"), listing.since);
	if (register_open(invocation->home, REGISTER_READ, &reg, &error) < 0)
		return command_fail(invocation, &error);
	listing.reg = reg;
	int status =
	    invocation->json ? print_array(&listing, kind, &error) : print_table(&listing, kind, &error);
	return status < 0 ? command_fail(invocation, &error) : EXIT_DONE;
}

/* ── show ── */

static void print_lines(const char *text)
{
	CLEANUP_FREE char *copy = strdup(text);
	char *rest = copy;
	for (char *line; copy && (line = strsep(&rest, "\n"));) {
		command_print_escaped(line);
		(void)putchar('\n');
	}
}

static int show_text(
    const struct register_entry *entry, const char *hash, const char *proof, struct error *error)
{
	CLEANUP_BUFFER struct buffer pretty = BUFFER_EMPTY;
	int status = json_write_pretty(entry->json, &pretty, error);
	if (status < 0)
		return status;
	print_lines(buffer_text(&pretty));
	(void)printf("\n%s %s\n\n", _("Leaf hash (SHA-256 of a zero byte and the entry's bytes):"), hash);
	print_lines(proof);
	return fflush(stdout) == EOF ? error_system(error, errno, _("could not write the entry")) : 0;
}

static int show_entry(struct invocation *invocation, uint64_t seq, struct error *error)
{
	CLEANUP(register_close) struct reg *reg = NULL;
	CLEANUP(register_entry_release) struct register_entry entry = {0};
	CLEANUP_BUFFER struct buffer proof = BUFFER_EMPTY;
	CLEANUP_BUFFER struct buffer hash = BUFFER_EMPTY;
	struct merkle_hash leaf;
	int status = register_open(invocation->home, REGISTER_READ, &reg, error);
	if (status == 0)
		status = register_read(reg, seq, &entry, error);
	if (status == 0)
		status = register_proof(reg, seq, &proof, error);
	if (status == 0)
		status = merkle_hash_leaf(entry.canonical.data, entry.canonical.length, &leaf, error);
	if (status < 0)
		return status;
	text_append_hex(&hash, leaf.bytes, sizeof leaf.bytes);
	if (!invocation->json)
		return show_text(&entry, buffer_text(&hash), buffer_text(&proof), error);
	json_t *shown = json_pack("{s:O, s:s, s:s}", "entry", entry.json, "leaf_hash", buffer_text(&hash),
	    "proof", buffer_text(&proof));
	return command_print_json(shown, false) == EXIT_DONE
		   ? 0
		   : error_set(error, EIO, _("could not write the entry"));
}

static int show(struct invocation *invocation, int argc, char **argv)
{
	struct error error = {0};
	char *end;
	if (argc != 2)
		return command_misuse(
		    invocation, "register", _("register show takes the number of one entry"));
	errno = 0;
	unsigned long long seq = strtoull(argv[1], &end, 10);
	if (argv[1][0] < '0' || argv[1][0] > '9' || *end || errno)
		return command_misuse(invocation, "register", _("'%s' is no number of an entry"), argv[1]);
	if (show_entry(invocation, seq, &error) < 0)
		return command_fail(invocation, &error);
	return EXIT_DONE;
}

/* ── verify ── */

static void print_sentences(const json_t *sentences, const char *mark)
{
	size_t i;
	json_t *sentence;
	json_array_foreach((json_t *)sentences, i, sentence)
	{
		(void)fputs(mark, stdout);
		command_print_escaped(json_string_value(sentence));
		(void)putchar('\n');
	}
}

static void print_report(const struct register_report *report)
{
	size_t i;
	json_t *seq;
	print_sentences(report->findings, "✗ ");
	print_sentences(report->notes, "· ");
	json_array_foreach(report->unfinished, i, seq)
	{
		(void)printf("· ");
		(void)printf(_("entry %" PRId64 " has no outcome: interrupted or still running"),
		    (int64_t)json_integer_value(seq));
		(void)putchar('\n');
	}
	(void)printf(_("%" PRIu64 " entries, %" PRIu64 " signed checkpoints, root %s"), report->entries,
	    report->checkpoints, report->root);
	(void)putchar('\n');
	if (json_array_size(report->findings) == 0)
		(void)puts(_("The register is sound."));
}

static int report_as_json(const struct register_report *report, const char *origin)
{
	return command_print_json(
	    json_pack("{s:b, s:s, s:I, s:I, s:s, s:O, s:O, s:O}", "sound",
		json_array_size(report->findings) == 0, "origin", origin, "entries",
		(json_int_t)report->entries, "checkpoints", (json_int_t)report->checkpoints, "root",
		report->root, "findings", report->findings, "notes", report->notes, "unfinished",
		report->unfinished),
	    false);
}

static int verify(struct invocation *invocation, int argc, char **argv)
{
	CLEANUP(register_close) struct reg *reg = NULL;
	CLEANUP(register_report_release) struct register_report report = {0};
	struct error error = {0};
	if (argc != 1)
		return command_misuse(
		    invocation, "register", _("register verify does not take '%s'"), argv[1]);
	if (register_open(invocation->home, REGISTER_READ, &reg, &error) < 0 ||
	    register_verify(reg, &report, &error) < 0)
		return command_fail(invocation, &error);
	size_t findings = json_array_size(report.findings);
	if (invocation->json) {
		int status = report_as_json(&report, register_origin(reg));
		return status == EXIT_DONE && findings ? EXIT_FINDING : status;
	}
	print_report(&report);
	if (fflush(stdout) == EOF)
		return EXIT_COULD_NOT;
	if (!findings)
		return EXIT_DONE;
	error_finding(&error, EBADMSG, _("the register is not sound: %zu findings"), findings);
	return command_fail(invocation, &error);
}

int command_register(struct invocation *invocation, int argc, char **argv)
{
	static const struct {
		const char *name;
		command_function *run;
	} verbs[] = {{"list", list}, {"show", show}, {"verify", verify}};
	if (argc < 2)
		return command_misuse(invocation, "register", _("register what? list, show, or verify"));
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], "--help") == 0)
			return help();
	for (size_t i = 0; i < LENGTH_OF(verbs); i++)
		if (strcmp(verbs[i].name, argv[1]) == 0)
			return verbs[i].run(invocation, argc - 1, argv + 1);
	return command_misuse(invocation, "register", _("register has no '%s'"), argv[1]);
}
