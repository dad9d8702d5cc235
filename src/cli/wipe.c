/* kiyome wipe: erases media, and says what became of each. */
#include "src/workflow/wipe.h"
#include "src/base/file.h"
#include "src/base/json.h"
#include "src/base/text.h"
#include "src/cli/bars.h"
#include "src/cli/command.h"
#include "src/cli/passphrase.h"
#include "src/cli/wipe_text.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

enum { TARGETS_MAXIMUM = BARS_MAXIMUM };

struct wish {
	struct wipe_request request; /* the same for every target */
	const char *confirmations[TARGETS_MAXIMUM];
	size_t confirmation_count;
	struct passphrase_source passphrase;
	enum bars_style style;
	bool dry_run;
	bool list_methods;
	bool help;
};

/* One run, as its watcher sees it. */
struct session {
	const struct invocation *invocation;
	struct wipe_job *jobs[TARGETS_MAXIMUM];
	size_t count;
	struct bars bars;
	json_t *results[TARGETS_MAXIMUM];
	int status;
};

static volatile sig_atomic_t stop_asked;

static void note_stop(int signal_number)
{
	(void)signal_number;
	stop_asked = 1;
}

/* What was ignored stays so (nohup, a background job); a reader of ours that goes away must not end the work.
 */
static void catch_stops(void)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
	const struct sigaction action = {.sa_handler = note_stop};
	for (size_t i = 0; i < LENGTH_OF(signals); i++) {
		struct sigaction before;
		if (sigaction(signals[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN)
			(void)sigaction(signals[i], &action, NULL);
	}
	(void)signal(SIGPIPE, SIG_IGN);
}

enum option_code {
	OPTION_IMAGE = 256,
	OPTION_PARTITION,
	OPTION_CONFIRM,
	OPTION_METHOD,
	OPTION_VERIFY,
	OPTION_ASSET,
	OPTION_CONFIDENTIALITY,
	OPTION_PLACE,
	OPTION_PASSPHRASE_FILE,
	OPTION_PASSPHRASE_FD,
	OPTION_RESUME,
	OPTION_DRY_RUN,
	OPTION_LIST_METHODS,
	OPTION_PROGRESS,
	OPTION_HELP
};

static const struct option options[] = {
    {"image", no_argument, NULL, OPTION_IMAGE},
    {"partition", no_argument, NULL, OPTION_PARTITION},
    {"confirm", required_argument, NULL, OPTION_CONFIRM},
    {"method", required_argument, NULL, OPTION_METHOD},
    {"verify", required_argument, NULL, OPTION_VERIFY},
    {"asset", required_argument, NULL, OPTION_ASSET},
    {"confidentiality", required_argument, NULL, OPTION_CONFIDENTIALITY},
    {"place", required_argument, NULL, OPTION_PLACE},
    {"passphrase-file", required_argument, NULL, OPTION_PASSPHRASE_FILE},
    {"passphrase-fd", required_argument, NULL, OPTION_PASSPHRASE_FD},
    {"resume", no_argument, NULL, OPTION_RESUME},
    {"dry-run", no_argument, NULL, OPTION_DRY_RUN},
    {"list-methods", no_argument, NULL, OPTION_LIST_METHODS},
    {"progress", required_argument, NULL, OPTION_PROGRESS},
    {"help", no_argument, NULL, OPTION_HELP},
    {NULL, 0, NULL, 0},
};

static bool take_option(struct wish *wish, int code, const char *word)
{
	struct wipe_request *request = &wish->request;
	switch ((enum option_code)code) {
	case OPTION_IMAGE:
		return request->image = true;
	case OPTION_PARTITION:
		return request->partition = true;
	case OPTION_RESUME:
		return request->resume = true;
	case OPTION_DRY_RUN:
		return wish->dry_run = true;
	case OPTION_LIST_METHODS:
		return wish->list_methods = true;
	case OPTION_HELP:
		return wish->help = true;
	case OPTION_CONFIRM:
		if (wish->confirmation_count == TARGETS_MAXIMUM)
			return false;
		wish->confirmations[wish->confirmation_count++] = word;
		return true;
	case OPTION_METHOD:
		request->method = word;
		return true;
	case OPTION_VERIFY:
		request->verify = word;
		return true;
	case OPTION_ASSET:
		request->asset = word;
		return true;
	case OPTION_CONFIDENTIALITY:
		request->confidentiality = word;
		return true;
	case OPTION_PLACE:
		request->place = word;
		return true;
	case OPTION_PASSPHRASE_FILE:
		wish->passphrase.file = word;
		return true;
	case OPTION_PASSPHRASE_FD:
		return passphrase_take_descriptor(&wish->passphrase, word);
	case OPTION_PROGRESS:
		return bars_parse_style(word, &wish->style);
	}
	return false;
}

/* 0, or the exit status when the words were wrong. */
static int read_words(const struct invocation *invocation, int argc, char **argv, struct wish *wish)
{
	int index = 0;
	int code;
	opterr = 0;
	while ((code = getopt_long(argc, argv, "", options, &index)) != -1) {
		if (code == '?')
			return command_misuse(
			    invocation, "wipe", _("'%s' is no option, or lacks its value"), argv[optind - 1]);
		if (!take_option(wish, code, optarg))
			return command_misuse(invocation, "wipe", _("--%s does not take '%s'"),
			    options[index].name, optarg ? optarg : "");
	}
	if (wish->request.resume && (wish->request.method || wish->request.verify))
		return command_misuse(invocation, "wipe",
		    _("a resumed wipe keeps its method and verification: leave them out"));
	if (wish->request.image && wish->request.partition)
		return command_misuse(invocation, "wipe", _("--image and --partition exclude each other"));
	return 0;
}

/* ── Confirmation: by the serial number, not by "yes" ── */

static bool is_confirmed(const struct wish *wish, const struct medium *medium)
{
	for (size_t i = 0; i < wish->confirmation_count; i++)
		if (medium_is_confirmed_by(medium, wish->confirmations[i]))
			return true;
	return false;
}

static bool ask(const struct wipe_job *job)
{
	static const char *const questions[2][2] = {
	    {N_("Everything on it will be gone. To erase it, type its name:"),
		N_("Everything on it will be gone. To erase it, type its serial number:")},
	    {N_("To go on erasing it, type its name:"), N_("To go on erasing it, type its serial number:")},
	};
	char line[512];
	wipe_text_describe(stderr, job);
	(void)fprintf(
	    stderr, "%s ", _(questions[wipe_job_is_resumed(job)][wipe_job_medium(job)->serial != NULL]));
	(void)fflush(stderr);
	if (!fgets(line, sizeof line, stdin))
		return false;
	line[strcspn(line, "\r\n")] = '\0';
	return medium_is_confirmed_by(wipe_job_medium(job), line);
}

static int confirm(const struct wish *wish, const struct wipe_job *job, struct error *error)
{
	const struct medium *medium = wipe_job_medium(job);
	if (is_confirmed(wish, medium))
		return 0;
	if (wish->confirmation_count) {
		error_refuse(error, EPERM, _("%s is not what was confirmed"), wipe_job_target(job));
		error_advise(
		    error, _("look at the medium; `kiyome media show` tells what confirms it, an image "
			     "is confirmed by its file name"));
		return error->code;
	}
	if (!isatty(STDIN_FILENO)) {
		error_refuse(error, EPERM, _("the erasure of %s is not confirmed"), wipe_job_target(job));
		error_advise(error, _("without a terminal, --confirm names the serial number on the medium; "
				      "`kiyome media show` tells what confirms it"));
		return error->code;
	}
	return ask(job) ? 0
			: error_refuse(error, EPERM, _("that is not '%s': %s was not touched"),
			      medium_confirmation(medium), wipe_job_target(job));
}

/* ── Watching ── */

static size_t index_of(const struct session *session, const struct wipe_job *job)
{
	size_t index = 0;
	while (index < session->count && session->jobs[index] != job)
		index++;
	return index;
}

static void on_progress(void *context, const struct wipe_job *job, const struct progress *progress)
{
	struct session *session = context;
	bars_update(&session->bars, index_of(session, job), progress);
}

static int status_of(const struct wipe_outcome *outcome)
{
	if (!outcome->finished || !outcome->number)
		return EXIT_COULD_NOT;
	/* Places that could not be written are a finding even where nobody looked at the rest. */
	bool clean = json_array_size(json_object_get(outcome->body, "exceptions")) == 0;
	bool done = outcome->result == RESULT_ERASED || (outcome->result == RESULT_UNVERIFIED && clean);
	return done ? EXIT_DONE : EXIT_FINDING;
}

static void on_finished(void *context, const struct wipe_job *job, const struct wipe_outcome *outcome)
{
	struct session *session = context;
	size_t index = index_of(session, job);
	int status = status_of(outcome);
	if (status > session->status)
		session->status = status;
	bars_end(&session->bars, index,
	    outcome->finished ? wipe_text_result(outcome->result) : _("could not be done"));
	session->results[index] = wipe_text_json(job, outcome);
	if (!session->invocation->json) {
		CLEANUP_BUFFER struct buffer text = BUFFER_EMPTY;
		wipe_text_outcome(&text, job, outcome);
		/* Printed at the end, below the bars. */
		json_object_set_new(session->results[index], "text", json_string(buffer_text(&text)));
	}
}

static void print_results(const struct session *session)
{
	for (size_t i = 0; i < session->count; i++) {
		if (session->invocation->json)
			(void)command_print_json(json_incref(session->results[i]), true);
		else
			(void)fputs(json_text(session->results[i], "text", ""), stdout);
		json_decref(session->results[i]);
	}
	(void)fflush(stdout);
}

static int run(
    const struct wish *wish, struct wipe_batch *batch, struct session *session, struct error *error)
{
	CLEANUP_SECRET struct secret passphrase = SECRET_EMPTY;
	const struct wipe_watcher watcher = {
	    .context = session, .progress = on_progress, .finished = on_finished};
	const char *targets[TARGETS_MAXIMUM];
	for (size_t i = 0; i < session->count; i++)
		targets[i] = wipe_job_target(session->jobs[i]);
	int status = passphrase_obtain(&wish->passphrase, false, &passphrase, error);
	if (status < 0)
		return error_exit_status(error);
	catch_stops();
	bars_start(&session->bars, wish->style, targets, session->count);
	status = wipe_batch_run(batch, &passphrase, &stop_asked, &watcher, error);
	bars_stop(&session->bars);
	bool ran = session->results[0] != NULL;
	if (ran)
		print_results(session);
	if (status < 0 && ran)
		return EXIT_COULD_NOT; /* told with the job it happened to */
	return status < 0 ? error_exit_status(error) : session->status;
}

static int prepare(const struct wish *wish, char **targets, struct wipe_batch *batch, struct session *session,
    struct error *error)
{
	for (; *targets; targets++) {
		struct wipe_request request = wish->request;
		request.target = *targets;
		int status = wipe_batch_add(batch, &request, &session->jobs[session->count], error);
		if (status < 0)
			return status;
		session->count++;
	}
	return 0;
}

static int show_plans(const struct invocation *invocation, const struct session *session)
{
	for (size_t i = 0; i < session->count; i++) {
		if (invocation->json)
			(void)command_print_json(wipe_text_plan_json(session->jobs[i]), true);
		else
			wipe_text_plan(stdout, session->jobs[i]);
	}
	return fflush(stdout) == EOF ? EXIT_COULD_NOT : EXIT_DONE;
}

static int wipe_targets(const struct invocation *invocation, const struct wish *wish, char **targets)
{
	struct error error = {0};
	struct session session = {.invocation = invocation};
	CLEANUP(wipe_batch_close) struct wipe_batch *batch = NULL;
	int status = wipe_batch_open(invocation->home, &batch, &error);
	if (status == 0)
		status = prepare(wish, targets, batch, &session, &error);
	if (status == 0 && wish->dry_run)
		return show_plans(invocation, &session);
	if (status == 0)
		status = wipe_batch_open_register(batch, &error);
	for (size_t i = 0; status == 0 && i < session.count; i++)
		status = confirm(wish, session.jobs[i], &error);
	if (status < 0)
		return command_fail(invocation, &error);
	int exit_status = run(wish, batch, &session, &error);
	if (error.code < 0 && !session.results[0])
		return command_fail(invocation, &error);
	return exit_status;
}

int command_wipe(struct invocation *invocation, int argc, char **argv)
{
	struct wish wish = {.passphrase = PASSPHRASE_SOURCE_NONE};
	wish.style = command_terminal_error() ? BARS_TERMINAL : invocation->json ? BARS_NONE : BARS_PLAIN;
	int status = read_words(invocation, argc, argv, &wish);
	if (status)
		return status;
	if (wish.help)
		return wipe_text_help();
	if (wish.list_methods)
		return wipe_text_methods(invocation);
	if (optind == argc)
		return command_misuse(invocation, "wipe", _("no medium was named"));
	if (argc - optind > TARGETS_MAXIMUM)
		return command_misuse(invocation, "wipe", _("at most %d media at once"), TARGETS_MAXIMUM);
	return wipe_targets(invocation, &wish, argv + optind);
}
