#include "src/cli/wipe_text.h"

#include "src/base/json.h"
#include "src/base/text.h"

#include <inttypes.h>
#include <libsmartcols.h>
#include <string.h>

int wipe_text_help(void)
{
	printf("%s\n\n%s\n", _("Usage: kiyome wipe [OPTION]… DEVICE…"),
	    _("Overwrites media so that nothing comes back, reads them back, and hands out a signed "
	      "certificate.\n"
	      "\n"
	      "  --confirm SERIAL      the medium's serial number (of an image its file name); without it, "
	      "it is asked;\n"
	      "                        for several media, once for each\n"
	      "  --method M            the passes (default nist-clear); --list-methods prints all\n"
	      "  --verify V            last (default), all, sample:N%, none (no certificate)\n"
	      "  --image               the target is a disk image, a regular file\n"
	      "  --partition           the target is a partition, not a whole medium\n"
	      "  --asset TEXT          number in the ledger of assets\n"
	      "  --confidentiality T   of what it held, for example 社外秘\n"
	      "  --place TEXT          where it is erased\n"
	      "  --passphrase-file F   of the operator's key; also --passphrase-fd N, else it is asked\n"
	      "  --resume              go on with the interrupted wipe of this medium\n"
	      "  --dry-run             print the plan and do nothing\n"
	      "  --progress P          auto, plain, json (lines on standard error), none\n"
	      "  --json                one JSON object for each medium on standard output\n"
	      "\n"
	      "Exit status: 0 done; 1 exceptions, interrupted, or not erased; 2 refused, nothing touched; 3 "
	      "could not."));
	return fflush(stdout) == EOF ? EXIT_COULD_NOT : EXIT_DONE;
}

/* ── Methods ── */

static void format_sequence(struct buffer *out, const struct method *method)
{
	for (size_t i = 0; i < method->pass_count; i++) {
		char pattern[2 * PATTERN_MAXIMUM_BYTES + 1];
		pattern_format(&method->passes[i], pattern);
		buffer_printf(out, "%s%s", i ? " " : "", pattern);
	}
}

static json_t *methods_json(void)
{
	json_t *list = json_array();
	for (size_t i = 0; i < method_count(); i++) {
		struct method method;
		CLEANUP_BUFFER struct buffer sequence = BUFFER_EMPTY;
		method_at(i, &method);
		format_sequence(&sequence, &method);
		json_array_append_new(
		    list, json_pack("{s:s, s:s, s:i, s:s, s:b, s:s}", "id", method.id, "name", method.name,
			      "passes", (int)method.pass_count, "sequence", buffer_text(&sequence),
			      "verifies", (int)method.verifies, "source", method.source));
	}
	return json_pack("{s:o}", "methods", list);
}

static void print_method(const struct method *method)
{
	CLEANUP_BUFFER struct buffer sequence = BUFFER_EMPTY;
	format_sequence(&sequence, method);
	printf("%-12s  %s\n", method->id, method->name);
	printf("              %zu × %s%s\n", method->pass_count, buffer_text(&sequence),
	    method->verifies ? _("; the standard asks for a read-back") : "");
	printf("              %s\n", method->source);
	if (method->remark)
		printf("              %s\n", _(method->remark));
}

int wipe_text_methods(const struct invocation *invocation)
{
	if (invocation->json)
		return command_print_json(methods_json(), false);
	for (size_t i = 0; i < method_count(); i++) {
		struct method method;
		method_at(i, &method);
		print_method(&method);
	}
	printf("%-12s  %s\n", "custom", _("the passes of [wipe] custom in kiyome.conf"));
	return fflush(stdout) == EOF ? EXIT_COULD_NOT : EXIT_DONE;
}

/* ── The medium and the plan ── */

static void print_field(FILE *stream, const char *name, const char *text)
{
	CLEANUP_BUFFER struct buffer line = BUFFER_EMPTY;
	if (!text || !*text)
		return;
	command_append_line(&line, 2, name, text);
	(void)fputs(buffer_text(&line), stream);
}

static void print_contents(FILE *stream, const struct medium *medium)
{
	for (size_t i = 0; i < medium->content_count; i++) {
		const struct medium_content *content = &medium->contents[i];
		CLEANUP_BUFFER struct buffer line = BUFFER_EMPTY;
		buffer_printf(&line, "%s", content->type ? content->type : "?");
		if (content->label)
			buffer_printf(&line, " \"%s\"", content->label);
		if (content->device && *content->device)
			buffer_printf(&line, " (%s)", content->device);
		print_field(stream, i ? "" : _("holds"), buffer_text(&line));
	}
}

void wipe_text_describe(FILE *stream, const struct wipe_job *job)
{
	const struct medium *medium = wipe_job_medium(job);
	CLEANUP_BUFFER struct buffer size = BUFFER_EMPTY;
	CLEANUP_BUFFER struct buffer model = BUFFER_EMPTY;
	text_append_size(&size, medium->size_bytes);
	buffer_append_text(&size, " (");
	text_append_grouped(&size, medium->size_bytes);
	buffer_append_text(&size, _(" bytes)"));
	buffer_printf(&model, "%s%s%s", medium->vendor ? medium->vendor : "",
	    medium->vendor && medium->model ? " " : "", medium->model ? medium->model : "");
	(void)fputc('\n', stream);
	print_field(stream, _("medium"), wipe_job_target(job));
	print_field(stream, _("model"), buffer_text(&model));
	print_field(stream, _("capacity"), buffer_text(&size));
	print_contents(stream, medium);
	print_field(stream, medium->serial ? _("serial number") : _("name"), medium_confirmation(medium));
}

static const char *step_name(enum step_kind kind)
{
	switch (kind) {
	case STEP_WRITE:
		return _("write");
	case STEP_STAMP:
		return _("stamp addresses (finds a false capacity)");
	case STEP_VERIFY:
		return _("read back and compare");
	case STEP_UNSTAMP:
		return _("overwrite the stamps, read them back");
	}
	return "";
}

static void print_sample(FILE *stream, uint32_t percent)
{
	char text[64];
	(void)snprintf(text, sizeof text, _("a sample of %" PRIu32 "%%"), percent);
	print_field(stream, _("verification"), text);
}

void wipe_text_plan(FILE *stream, const struct wipe_job *job)
{
	const struct wipe_plan *plan = wipe_job_plan(job);
	struct step steps[STEPS_MAXIMUM];
	wipe_text_describe(stream, job);
	if (wipe_job_is_resumed(job)) {
		print_field(stream, _("plan"), _("that of its interrupted run"));
		return;
	}
	print_field(stream, _("method"), plan->method_name);
	size_t count = plan_steps(plan, steps);
	for (size_t i = 0; i < count; i++) {
		char pattern[2 * PATTERN_MAXIMUM_BYTES + 1];
		pattern_format(&plan->passes[steps[i].pass].pattern, pattern);
		(void)fprintf(stream, "  %3zu. %s %" PRIu32 "/%" PRIu32 " [%s]: %s\n", i + 1, _("pass"),
		    steps[i].pass + 1, plan->pass_count, pattern, step_name(steps[i].kind));
	}
	if (plan->verify == VERIFY_NONE)
		print_field(stream, _("verification"), _("none: there will be no certificate of erasure"));
	if (plan->verify == VERIFY_SAMPLE)
		print_sample(stream, plan->sample_percent);
}

json_t *wipe_text_plan_json(const struct wipe_job *job)
{
	json_t *json = wipe_job_is_resumed(job) ? json_object() : plan_to_json(wipe_job_plan(job));
	json_object_set_new(json, "target", json_from_bytes(wipe_job_target(job)));
	json_object_set_new(json, "confirm", json_from_bytes(medium_confirmation(wipe_job_medium(job))));
	json_object_set_new(json, "resume", json_boolean(wipe_job_is_resumed(job)));
	/* A planned key is not the one a later run will use. */
	size_t index;
	json_t *pass;
	json_array_foreach(json_object_get(json, "passes"), index, pass) json_object_del(pass, "key");
	json_object_del(json_object_get(json, "verification"), "seed");
	return json;
}

/* ── Outcomes ── */

const char *wipe_text_result(enum wipe_result result)
{
	switch (result) {
	case RESULT_ERASED:
		return _("Erased");
	case RESULT_ERASED_WITH_EXCEPTIONS:
		return _("EXCEPTIONS: not a complete erasure");
	case RESULT_NOT_ERASED:
		return _("NOT ERASED");
	case RESULT_UNVERIFIED:
		return _("UNVERIFIED: written, not read back");
	case RESULT_INTERRUPTED:
		return _("INTERRUPTED");
	}
	return "";
}

static const struct {
	const char *word;
	const char *text;
} reasons[] = {
    {"write-errors", N_("places could not be written")},
    {"read-errors", N_("places could not be read back")},
    {"mismatches", N_("the medium does not hold what was written to it")},
    {"false-capacity", N_("several addresses are one place: the medium has less room than it claims")},
    {"not-verified", N_("nothing was read back")},
    {"sampled", N_("a sample was read back, not all")},
    {"signal", N_("it was stopped; `--resume` goes on")},
    {"no-space", N_("the file system that holds the image is full; make room, then `--resume`")},
    {"medium-gone", N_("the medium no longer answers; plug it in again, then `--resume`")},
    {"identity-changed", N_("it is no longer the same medium")},
    {"crashed", N_("the process that did the work ended early; `--resume` goes on")},
};

static void append_reasons(struct buffer *out, const json_t *body)
{
	size_t index;
	const json_t *word;
	json_array_foreach(json_object_get(body, "reasons"), index, word)
	{
		for (size_t i = 0; i < LENGTH_OF(reasons); i++)
			if (strcmp(reasons[i].word, json_string_value(word)) == 0)
				buffer_printf(out, "  %s\n", _(reasons[i].text));
	}
}

static void append_exceptions(struct buffer *out, const json_t *body)
{
	enum { SHOWN = 8 };
	const json_t *list = json_object_get(body, "exceptions");
	size_t index;
	const json_t *item;
	json_array_foreach(list, index, item)
	{
		if (index == SHOWN)
			break;
		buffer_append_text(out, "  ");
		buffer_printf(out, _("at byte %" PRIu64 ", %" PRIu64 " bytes: %s"),
		    json_count(item, "offset_bytes", 0), json_count(item, "length_bytes", 0),
		    json_text(item, "what", ""));
		buffer_append_text(out, "\n");
	}
	if (json_array_size(list) > SHOWN)
		buffer_printf(out, _("  … and %zu more, all in the record\n"), json_array_size(list) - SHOWN);
}

static void append_file(struct buffer *out, const char *name, const char *path)
{
	if (path)
		command_append_line(out, 2, name, path);
}

/* As the document calls itself. */
static const char *document_name(const struct wipe_outcome *outcome)
{
	if (!outcome->certified)
		return _("report");
	return outcome->result == RESULT_ERASED ? _("certificate") : _("record");
}

void wipe_text_outcome(struct buffer *out, const struct wipe_job *job, const struct wipe_outcome *outcome)
{
	buffer_append_text(out, "\n");
	text_append_for_terminal(out, wipe_job_target(job));
	if (outcome->finished)
		buffer_printf(out, ": %s%s\n", wipe_text_result(outcome->result),
		    outcome->level == LEVEL_CLEAR ? _(" — level Clear (NIST SP 800-88)") : "");
	else
		buffer_printf(out, ": %s\n", _("could not be done"));
	append_reasons(out, outcome->body);
	append_exceptions(out, outcome->body);
	if (outcome->failure.code < 0) {
		buffer_append_text(out, "  ");
		text_append_for_terminal(out, outcome->failure.sentence);
		buffer_append_text(out, "\n");
	}
	if (outcome->finished && !outcome->number)
		buffer_printf(out,
		    _("  the outcome is entry %" PRIu64 " of the register; its document could not be made\n"),
		    outcome->seq);
	append_file(out, document_name(outcome), outcome->pdf);
	append_file(out, "", outcome->json);
	append_file(out, "", outcome->signature);
}

static json_t *passes_json(const json_t *body)
{
	json_t *list = json_array();
	size_t index;
	const json_t *pass;
	json_array_foreach(json_object_get(body, "passes"), index, pass)
	{
		json_array_append_new(
		    list, json_pack("{s:O, s:O, s:f, s:O}", "pattern", json_object_get(pass, "pattern"),
			      "bytes_written", json_object_get(pass, "bytes_written"), "seconds",
			      (double)json_count(pass, "milliseconds", 0) / 1000, "errors",
			      json_object_get(pass, "errors")));
	}
	return list;
}

static json_t *files_json(const struct wipe_outcome *outcome)
{
	if (!outcome->number)
		return json_null();
	return json_pack("{s:s, s:o, s:o, s:o}", "number", outcome->number, "pdf",
	    json_from_bytes(outcome->pdf), "json", json_from_bytes(outcome->json), "signature",
	    json_from_bytes(outcome->signature));
}

json_t *wipe_text_json(const struct wipe_job *job, const struct wipe_outcome *outcome)
{
	json_t *json = json_pack("{s:o}", "target", json_from_bytes(wipe_job_target(job)));
	const json_t *body = outcome->body;
	if (!outcome->finished) {
		json_object_set_new(json, "error", json_from_bytes(outcome->failure.sentence));
		return json;
	}
	json_object_set_new(json, "result", json_string(verdict_result_word(outcome->result)));
	json_object_set_new(json, "level", json_string(verdict_level_word(outcome->level)));
	json_object_set(json, "reasons", json_object_get(body, "reasons"));
	json_object_set(json, "limits", json_object_get(body, "limits"));
	json_object_set_new(json, "passes", passes_json(body));
	json_object_set(json, "verification", json_object_get(body, "verification"));
	json_object_set(json, "capacity_check", json_object_get(body, "capacity_check"));
	json_object_set(json, "exceptions", json_object_get(body, "exceptions"));
	json_object_set_new(json, "entry", json_from_count(outcome->seq));
	json_object_set_new(json, "certificate", outcome->certified ? files_json(outcome) : json_null());
	json_object_set_new(json, "report", outcome->certified ? json_null() : files_json(outcome));
	if (outcome->failure.code < 0)
		json_object_set_new(json, "error", json_from_bytes(outcome->failure.sentence));
	return json;
}
