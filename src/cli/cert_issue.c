#include "src/cli/cert_issue.h"

#include "src/base/json.h"
#include "src/cli/passphrase.h"
#include "src/workflow/issue.h"

#include <getopt.h>
#include <stdio.h>

struct telling {
	bool json;
	json_t *issued;
};

static void tell(void *context, const struct issued *issued)
{
	struct telling *telling = context;
	json_array_append_new(telling->issued,
	    json_pack("{s:s, s:o, s:s, s:o, s:o, s:o}", "number", issued->number, "entry",
		json_from_count(issued->seq), "kind", issued->is_report ? "report" : "certificate", "pdf",
		json_from_bytes(issued->paths.pdf), "json", json_from_bytes(issued->paths.json), "signature",
		json_from_bytes(issued->paths.signature)));
	if (telling->json)
		return;
	printf("%s  %-12s ", issued->number, issued->is_report ? _("report") : _("certificate"));
	command_print_escaped(issued->paths.pdf);
	(void)putchar('\n');
}

static int read_words(
    const struct invocation *invocation, int argc, char **argv, struct passphrase_source *source)
{
	static const struct option options[] = {
	    {"passphrase-file", required_argument, NULL, 'f'},
	    {"passphrase-fd", required_argument, NULL, 'd'},
	    {0},
	};
	int option;
	opterr = 0;
	optind = 0;
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'f')
			source->file = optarg;
		else if (option != 'd' || !passphrase_take_descriptor(source, optarg))
			return command_misuse(
			    invocation, "cert", _("%s is not understood"), argv[optind - 1]);
	}
	if (optind != argc)
		return command_misuse(
		    invocation, "cert", _("issue takes no number: it makes every document that is missing"));
	return 0;
}

int cert_issue(struct invocation *invocation, int argc, char **argv)
{
	CLEANUP_SECRET struct secret passphrase = SECRET_EMPTY;
	struct passphrase_source source = PASSPHRASE_SOURCE_NONE;
	struct telling telling = {.json = invocation->json};
	struct error error = {0};
	int status = read_words(invocation, argc, argv, &source);
	if (status)
		return status;
	telling.issued = json_array();
	status = passphrase_obtain(&source, false, &passphrase, &error);
	if (status == 0)
		status = issue_missing(invocation->home, &passphrase, tell, &telling, &error);
	if (status == 0 && !invocation->json && json_array_size(telling.issued) == 0)
		printf("%s\n", _("No document is missing."));
	if (status < 0) {
		json_decref(telling.issued);
		return command_fail(invocation, &error);
	}
	if (invocation->json)
		return command_print_json(json_pack("{s:o}", "issued", telling.issued), false);
	json_decref(telling.issued);
	return fflush(stdout) == EOF ? EXIT_COULD_NOT : EXIT_DONE;
}
