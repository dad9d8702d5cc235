#include "src/base/cleanup.h"
#include "src/base/secret.h"
#include "src/cli/command.h"

#include <limits.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>

struct command {
	const char *name;
	command_function *run;
	const char *summary;
};

static const struct command commands[] = {
    {"setup", command_setup, N_("organisation, keys, settings and register, once")},
    {"media", command_media, N_("find the media attached to this machine")},
    {"wipe", command_wipe, N_("erase media so that nothing comes back, with a certificate")},
    {"cert", command_cert, N_("list, show and verify certificates")},
    {"register", command_register, N_("read and verify the register of everything done")},
};

static int help(void)
{
	printf("%s\n\n%s\n\n", _("Kiyome erases media, and proves it."),
	    _("Usage: kiyome [--home DIR] [--json] COMMAND …"));
	for (size_t i = 0; i < LENGTH_OF(commands); i++)
		printf("  %-10s %s\n", commands[i].name, _(commands[i].summary));
	printf("\n%s\n", _("kiyome COMMAND --help tells more; man kiyome tells all."));
	return fflush(stdout) == EOF ? EXIT_COULD_NOT : EXIT_DONE;
}

/* The catalogue beside a program that was built but not installed, else the installed one. */
static void choose_language(void)
{
	char path[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", path, sizeof path - sizeof "/../locale");
	char *slash = length > 0 ? memrchr(path, '/', (size_t)length) : NULL;
	(void)setlocale(LC_ALL, "");
	(void)setlocale(LC_NUMERIC, "C");
	if (slash)
		(void)strcpy(slash, "/../locale");
	(void)bindtextdomain("kiyome", slash && access(path, F_OK) == 0 ? path : KIYOME_LOCALE_DIR);
	(void)bind_textdomain_codeset("kiyome", "UTF-8");
	(void)textdomain("kiyome");
}

/* Takes --home DIR, --home=DIR and --json out of the words, up to "--". */
static int take_common_options(struct invocation *invocation, int argc, char **argv)
{
	int kept = 1;
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--") == 0) {
			while (i < argc)
				argv[kept++] = argv[i++];
		} else if (strcmp(argv[i], "-h") == 0) {
			argv[kept++] = "--help";
		} else if (strcmp(argv[i], "--json") == 0) {
			invocation->json = true;
		} else if (strcmp(argv[i], "--home") == 0 && i + 1 < argc) {
			invocation->home = argv[++i];
		} else if (strcmp(argv[i], "--home") == 0) {
			invocation->home = NULL;
		} else if (strncmp(argv[i], "--home=", strlen("--home=")) == 0) {
			invocation->home = argv[i] + strlen("--home=");
		} else {
			argv[kept++] = argv[i];
		}
	}
	argv[kept] = NULL;
	return kept;
}

int main(int argc, char **argv)
{
	struct invocation invocation = {.home = "/var/lib/kiyome"};
	secret_harden_process();
	choose_language();
	argc = take_common_options(&invocation, argc, argv);
	if (!invocation.home || !*invocation.home)
		return command_misuse(&invocation, "", _("--home needs a directory"));
	if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0)
		return argc < 2 ? (help(), EXIT_MISUSE) : help();
	if (strcmp(argv[1], "--version") == 0)
		return puts("kiyome " KIYOME_VERSION) == EOF ? EXIT_COULD_NOT : EXIT_DONE;
	for (size_t i = 0; i < LENGTH_OF(commands); i++)
		if (strcmp(argv[1], commands[i].name) == 0)
			return commands[i].run(&invocation, argc - 1, argv + 1);
	return command_misuse(&invocation, "", _("there is no command %s"), argv[1]);
}
