#include "certs/authority.h"
#include "certs/identity.h"
#include "src/base/actor.h"
#include "src/base/crypto.h"
#include "src/base/file.h"
#include "src/base/json.h"
#include "src/base/text.h"
#include "src/cli/command.h"
#include "src/cli/home.h"
#include "src/cli/passphrase.h"
#include "src/register/register.h"

#include <errno.h>
#include <getopt.h>
#include <string.h>
#include <sys/stat.h>

struct request {
	char *organisation;
	char *department;
	char *operator_name;
	char *title;
	struct passphrase_source passphrase;
	bool yes;
	bool print_settings;
};

enum { STATION_BYTES = 3, STATION_SIZE = sizeof "k123456" };

static void release_request(struct request *request)
{
	free(request->organisation);
	free(request->department);
	free(request->operator_name);
	free(request->title);
}

static int help(void)
{
	printf("%s\n\n%s\n", _("Usage: kiyome [--home DIR] setup [--organisation TEXT --operator TEXT …]"),
	    _("Sets this machine up, once: settings, a small certification authority, the operator's\n"
	      "signing key, the log's key and an empty register. What is not given is asked for.\n\n"
	      "  --organisation TEXT     as printed on certificates (at most 64 characters)\n"
	      "  --department TEXT       of the organisation\n"
	      "  --operator TEXT         who signs\n"
	      "  --title TEXT            the operator's title (\"System administrator\")\n"
	      "  --passphrase-file FILE  the new passphrase of the keys\n"
	      "  --passphrase-fd N       the same from an open descriptor\n"
	      "  --yes                   do not ask\n"
	      "  --print-settings        print a fresh kiyome.conf and do nothing"));
	return fflush(stdout) == EOF ? EXIT_COULD_NOT : EXIT_DONE;
}

static bool take(char **text, const char *word)
{
	free(*text);
	*text = strdup(word);
	return *text;
}

enum {
	OPTION_ORGANISATION = 256,
	OPTION_DEPARTMENT,
	OPTION_OPERATOR,
	OPTION_TITLE,
	OPTION_FILE,
	OPTION_FD,
	OPTION_YES,
	OPTION_PRINT,
	OPTION_HELP
};

static const struct option options[] = {
    {"organisation", required_argument, NULL, OPTION_ORGANISATION},
    {"department", required_argument, NULL, OPTION_DEPARTMENT},
    {"operator", required_argument, NULL, OPTION_OPERATOR},
    {"title", required_argument, NULL, OPTION_TITLE},
    {"passphrase-file", required_argument, NULL, OPTION_FILE},
    {"passphrase-fd", required_argument, NULL, OPTION_FD},
    {"yes", no_argument, NULL, OPTION_YES},
    {"print-settings", no_argument, NULL, OPTION_PRINT},
    {"help", no_argument, NULL, OPTION_HELP},
    {0},
};

/* -1: go on; else the exit status. */
static int read_words(struct invocation *invocation, int argc, char **argv, struct request *request)
{
	int option;
	opterr = 0;
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		bool taken = true;
		switch (option) {
		case OPTION_ORGANISATION:
			taken = take(&request->organisation, optarg);
			break;
		case OPTION_DEPARTMENT:
			taken = take(&request->department, optarg);
			break;
		case OPTION_OPERATOR:
			taken = take(&request->operator_name, optarg);
			break;
		case OPTION_TITLE:
			taken = take(&request->title, optarg);
			break;
		case OPTION_FILE:
			request->passphrase.file = optarg;
			break;
		case OPTION_FD:
			taken = passphrase_take_descriptor(&request->passphrase, optarg);
			break;
		case OPTION_YES:
			request->yes = true;
			break;
		case OPTION_PRINT:
			request->print_settings = true;
			break;
		case OPTION_HELP:
			return help();
		default:
			return command_misuse(
			    invocation, "setup", _("%s is not understood"), argv[optind - 1]);
		}
		if (!taken)
			return command_misuse(invocation, "setup", _("%s is not understood"), optarg);
	}
	if (optind < argc)
		return command_misuse(invocation, "setup", _("%s is not understood"), argv[optind]);
	return -1;
}

/* ── Asking ── */

static int ask(const char *question, const char *fallback, char **answer, struct error *error)
{
	CLEANUP_FREE char *line = NULL;
	size_t capacity = 0;
	if (fallback)
		(void)fprintf(stderr, "%s [%s]: ", question, fallback);
	else
		(void)fprintf(stderr, "%s: ", question);
	ssize_t length = getline(&line, &capacity, stdin);
	if (length < 0)
		return error_refuse(error, ECANCELED, _("the set-up was broken off; nothing was made"));
	*answer = text_trimmed(line, (size_t)length);
	if (!*answer)
		*answer = strdup(fallback ? fallback : "");
	return *answer ? 0 : error_set(error, ENOMEM, _("out of memory"));
}

/* Asks a person for what was not given; whoever said --yes has given all. */
static int complete_request(struct request *request, struct error *error)
{
	bool may_ask = !request->yes && isatty(STDIN_FILENO);
	int status = 0;
	if (!may_ask && (!request->organisation || !request->operator_name || !request->yes)) {
		error_refuse(error, EINVAL, _("there is nobody to ask"));
		error_advise(error, _("give --organisation, --operator, --passphrase-file and --yes"));
		return error->code;
	}
	if (!request->organisation)
		status =
		    ask(_("Organisation, as printed on certificates"), NULL, &request->organisation, error);
	if (status == 0 && may_ask && !request->department)
		status = ask(_("Department (may be empty)"), NULL, &request->department, error);
	if (status == 0 && !request->operator_name)
		status = ask(_("Operator: who signs"), NULL, &request->operator_name, error);
	if (status == 0 && may_ask && !request->title)
		status = ask(_("The operator's title"), "System administrator", &request->title, error);
	if (status == 0 && ((!request->title && !take(&request->title, "System administrator")) ||
			       (!request->department && !take(&request->department, ""))))
		status = error_set(error, ENOMEM, _("out of memory"));
	return status;
}

static int check_request(const struct request *request, struct error *error)
{
	if (!request->organisation || !request->department || !request->operator_name || !request->title)
		return error_set(error, EINVAL, _("the set-up was not told everything"));
	int status = authority_check_name(request->organisation, _("the organisation's name"), error);
	if (status == 0 && request->department[0])
		status = authority_check_name(request->department, _("the department's name"), error);
	if (status == 0)
		status = authority_check_name(request->operator_name, _("the operator's name"), error);
	if (status == 0)
		status = authority_check_name(request->title, _("the operator's title"), error);
	return status;
}

/* ── What is made ── */

/* Fills in a setting that policy_write_default() left as a comment. */
static void fill_setting(struct buffer *settings, const char *key, const char *value)
{
	CLEANUP_BUFFER struct buffer filled = BUFFER_EMPTY;
	char commented[64];
	(void)snprintf(commented, sizeof commented, "\n#%s = ", key);
	const char *line = strstr(buffer_text(settings), commented);
	if (!line || !value || !value[0])
		return;
	const char *rest = strchrnul(line + 1, '\n');
	buffer_append(&filled, buffer_text(settings), (size_t)(line + 1 - buffer_text(settings)));
	buffer_printf(&filled, "%s = %s%s", key, value, rest);
	filled.failed |= settings->failed;
	struct buffer old = *settings;
	*settings = filled;
	filled = old;
}

/* Writes kiyome.conf and reads it back: what INI cannot hold is found out here and not on the first
 * certificate. */
static int make_settings(const char *directory, const struct request *request, struct error *error)
{
	CLEANUP_BUFFER struct buffer settings = BUFFER_EMPTY;
	CLEANUP(policy_release) struct policy *policy = NULL;
	CLEANUP_FREE char *path = file_join(directory, "kiyome.conf");
	policy_write_default(&settings, request->organisation);
	const char *department = request->department ? request->department : "";
	fill_setting(&settings, "department", department);
	int status = path ? buffer_check(&settings, error) : error_set(error, ENOMEM, _("out of memory"));
	if (status == 0)
		status = file_replace(path, settings.data, settings.length, 0600, error);
	if (status == 0)
		status = policy_load(directory, &policy, error);
	if (status == 0 && (strcmp(policy_text(policy, "organisation", "name"), request->organisation) != 0 ||
			       strcmp(policy_text(policy, "organisation", "department"), department) != 0))
		status = error_refuse(error, EINVAL,
		    _("the settings cannot hold this name of an organisation or department: %s, %s"),
		    request->organisation, department);
	return status;
}

static int append_key(struct reg *reg, const struct actor *actor, const json_t *body, struct error *error)
{
	return register_append(reg, "key.added", actor, json_text(body, "name", ""), body, NULL, error);
}

static int make_register(const char *directory, const char *origin, struct error *error)
{
	CLEANUP(register_close) struct reg *reg = NULL;
	struct actor actor;
	json_t *ca = NULL;
	json_t *operator_ = NULL;
	actor_find(&actor);
	int status = register_create(directory, origin, error);
	if (status == 0)
		status = register_open(directory, REGISTER_APPEND, &reg, error);
	if (status == 0)
		status = identity_describe(directory, &ca, &operator_, error);
	if (status < 0)
		return status;
	status = append_key(reg, &actor, ca, error);
	if (status == 0)
		status = append_key(reg, &actor, operator_, error);
	json_decref(ca);
	json_decref(operator_);
	return status;
}

static int make_home(struct home_place *place, const struct request *request, const struct secret *passphrase,
    char station[STATION_SIZE], struct error *error)
{
	unsigned char bytes[STATION_BYTES];
	char origin[STATION_SIZE + sizeof ".kiyome"];
	int status = crypto_random(bytes, sizeof bytes, error);
	if (status < 0)
		return status;
	(void)snprintf(station, STATION_SIZE, "k%02x%02x%02x", bytes[0], bytes[1], bytes[2]);
	(void)snprintf(origin, sizeof origin, "%s.kiyome", station);
	status = make_settings(place->staging, request, error);
	if (status == 0)
		status = identity_setup(place->staging, request->organisation, request->operator_name,
		    request->title, passphrase, error);
	if (status == 0)
		status = make_register(place->staging, origin, error);
	return status == 0 ? home_publish(place, error) : status;
}

static int print_result(const struct invocation *invocation, const struct request *request,
    const struct home_place *place, const char *station, struct error *error)
{
	json_t *ca = NULL;
	json_t *operator_ = NULL;
	int status = identity_describe(place->home, &ca, &operator_, error);
	if (status < 0)
		return command_fail(invocation, error);
	if (invocation->json)
		return command_print_json(
		    json_pack("{s:o, s:s, s:s, s:o, s:o}", "home", json_from_bytes(place->home), "station",
			station, "organisation", request->organisation, "ca", ca, "operator", operator_),
		    false);
	printf(_("Set up, station %s: "), station);
	command_print_escaped(place->home);
	(void)putchar('\n');
	printf(_("  Organisation   %s\n"), request->organisation);
	printf(_("  Operator       %s, %s (until %.10s)\n"), request->operator_name, request->title,
	    json_text(operator_, "not_after", ""));
	printf(_("  Authority      %s/ca.pem: give it to whoever shall check certificates\n"), place->home);
	printf(_("                 SHA-256 %s\n"), json_text(ca, "sha256", ""));
	printf(_("  Settings       %s/kiyome.conf\n"), place->home);
	json_decref(ca);
	json_decref(operator_);
	return fflush(stdout) == EOF ? EXIT_COULD_NOT : EXIT_DONE;
}

static int confirm(const struct invocation *invocation, const struct request *request, struct error *error)
{
	CLEANUP_FREE char *answer = NULL;
	if (request->yes)
		return 0;
	(void)fprintf(stderr, _("Sets up %s for %s; %s (%s) signs.\n"), invocation->home,
	    request->organisation, request->operator_name, request->title);
	int status = ask(_("Type yes to do it"), NULL, &answer, error);
	if (status == 0 && strcmp(answer, "yes") != 0)
		status = error_refuse(error, ECANCELED, _("the set-up was broken off; nothing was made"));
	return status;
}

static int set_up(struct invocation *invocation, struct request *request, struct error *error)
{
	CLEANUP(home_leave) struct home_place place = HOME_PLACE_NONE;
	CLEANUP_SECRET struct secret passphrase = SECRET_EMPTY;
	char station[STATION_SIZE];
	(void)umask(077);
	/* Before anything is asked: whoever is set up already should not type first. */
	int status = home_refuse_existing(invocation->home, error);
	if (status == 0)
		status = complete_request(request, error);
	if (status == 0)
		status = check_request(request, error);
	if (status == 0)
		status = passphrase_obtain(&request->passphrase, true, &passphrase, error);
	if (status == 0 && !passphrase_is_strong(&passphrase))
		(void)fprintf(stderr, "kiyome: %s\n",
		    _("warning: the passphrase is weak: a privileged account's has 12 or more characters, "
		      "with "
		      "upper and lower case, a digit and a symbol (policy §5-9.3)"));
	if (status == 0)
		status = confirm(invocation, request, error);
	if (status == 0)
		status = home_enter(invocation->home, &place, error);
	if (status == 0)
		status = make_home(&place, request, &passphrase, station, error);
	return status < 0 ? command_fail(invocation, error)
			  : print_result(invocation, request, &place, station, error);
}

int command_setup(struct invocation *invocation, int argc, char **argv)
{
	CLEANUP(release_request) struct request request = {.passphrase = PASSPHRASE_SOURCE_NONE};
	struct error error = {0};
	int status = read_words(invocation, argc, argv, &request);
	if (status >= 0)
		return status;
	if (!request.print_settings)
		return set_up(invocation, &request, &error);
	CLEANUP_BUFFER struct buffer settings = BUFFER_EMPTY;
	policy_write_default(&settings, request.organisation ? request.organisation : "");
	if (buffer_check(&settings, &error) < 0)
		return command_fail(invocation, &error);
	return fputs(buffer_text(&settings), stdout) == EOF || fflush(stdout) == EOF ? EXIT_COULD_NOT
										     : EXIT_DONE;
}
