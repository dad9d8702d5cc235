#include "certs/certificate.h"
#include "certs/chain.h"
#include "certs/ossl.h"
#include "certs/verify.h"
#include "src/base/file.h"
#include "src/base/json.h"
#include "src/base/text.h"
#include "src/cli/cert_issue.h"
#include "src/cli/command.h"
#include "src/register/register.h"

#include <errno.h>
#include <getopt.h>
#include <libsmartcols.h>
#include <string.h>

static int help(void)
{
	printf("%s\n\n"
	       "  list                        %s\n"
	       "  show NUMBER                 %s\n"
	       "  verify FILE                 %s\n"
	       "  issue                       %s\n\n"
	       "%s\n",
	    _("Usage: kiyome cert list|show|verify|issue"),
	    _("the certificates and reports of this register"),
	    _("what a certificate says, and where its files are"),
	    _("is this certificate (.pdf, or .json with its .p7s beside it) genuine and whole?"),
	    _("makes the documents of outcomes that have none (after a crash or a full disk);\n"
	      "                              --passphrase-file FILE, --passphrase-fd N, or it is asked"),
	    _("verify needs no register. It takes the authority's certificate from\n"
	      "  --ca FILE              a PEM file; HOME/ca.pem when nothing is given\n"
	      "  --ca-fingerprint HEX   the signature itself, if its SHA-256 is this\n"
	      "and, if you have it, the log's key to check the register's checkpoint with:\n"
	      "  --log-key NAME+ID+KEY"));
	return fflush(stdout) == EOF ? EXIT_COULD_NOT : EXIT_DONE;
}

/* ── list ── */

struct listing {
	struct reg *reg;
	json_t *rows; /* array of objects, in the order of issue */
};

/* One row: the issue and the outcome that it is of. */
static int add_row(void *context, const struct register_entry *entry, struct error *error)
{
	struct listing *listing = context;
	CLEANUP(register_entry_release) struct register_entry outcome = {0};
	const json_t *issue = json_object_get(entry->json, "body");
	int status = register_read(listing->reg, json_count(issue, "entry", UINT64_MAX), &outcome, error);
	if (status < 0)
		return status;
	const json_t *body = json_object_get(outcome.json, "body");
	json_t *row = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:O}", "number",
	    json_text(issue, "number", ""), "kind", json_text(issue, "kind", ""), "time",
	    json_text(outcome.json, "time", ""), "result", json_text(body, "result", ""), "level",
	    json_text(body, "level", ""), "subject", json_text(outcome.json, "subject", ""), "model",
	    json_text(json_object_get(body, "medium"), "model", ""), "entry",
	    json_object_get(issue, "entry"));
	if (!row || json_array_append_new(listing->rows, row) < 0)
		return error_set(error, ENOMEM, _("out of memory"));
	return 0;
}

static int read_rows(struct reg *reg, json_t **rows, struct error *error)
{
	struct listing listing = {reg, json_array()};
	if (!listing.rows)
		return error_set(error, ENOMEM, _("out of memory"));
	*rows = listing.rows;
	return register_each(reg, 0, "certificate.issued", add_row, &listing, error);
}

static const struct {
	const char *title;
	const char *key;
} columns[] = {
    {N_("NUMBER"), "number"},
    {N_("KIND"), "kind"},
    {N_("TIME"), "time"},
    {N_("RESULT"), "result"},
    {N_("LEVEL"), "level"},
    {N_("MEDIUM"), "subject"},
    {N_("MODEL"), "model"},
};

static void release_table(struct libscols_table *const *table)
{
	scols_unref_table(*table);
}

static int print_table(const json_t *rows, struct error *error)
{
	CLEANUP(release_table) struct libscols_table *table = scols_new_table();
	bool made = table;
	for (size_t i = 0; made && i < LENGTH_OF(columns); i++)
		made = scols_table_new_column(table, _(columns[i].title), 0, 0);
	for (size_t i = 0; made && i < json_array_size(rows); i++) {
		struct libscols_line *line = scols_table_new_line(table, NULL);
		for (size_t k = 0; line && made && k < LENGTH_OF(columns); k++) {
			CLEANUP_BUFFER struct buffer safe = BUFFER_EMPTY;
			text_append_for_terminal(
			    &safe, json_text(json_array_get(rows, i), columns[k].key, ""));
			made = scols_line_set_data(line, k, buffer_text(&safe)) == 0;
		}
		made &= line != NULL;
	}
	if (!made)
		return error_set(error, ENOMEM, _("out of memory"));
	if (scols_print_table(table) != 0 || fflush(stdout) == EOF)
		return error_system(error, errno, _("could not write the list"));
	return 0;
}

static int list(struct invocation *invocation, int argc, char **argv)
{
	CLEANUP(register_close) struct reg *reg = NULL;
	struct error error = {0};
	json_t *rows = NULL;
	if (argc > 1)
		return command_misuse(invocation, "cert", _("%s is not understood"), argv[1]);
	int status = register_open(invocation->home, REGISTER_READ, &reg, &error);
	if (status == 0)
		status = read_rows(reg, &rows, &error);
	if (status == 0 && invocation->json)
		return command_print_json(rows, false);
	if (status == 0)
		status = print_table(rows, &error);
	json_decref(rows);
	return status < 0 ? command_fail(invocation, &error) : EXIT_DONE;
}

/* ── show ── */

static int find_number(struct reg *reg, const char *number, json_t **row, struct error *error)
{
	json_t *rows = NULL;
	int status = read_rows(reg, &rows, error);
	for (size_t i = 0; status == 0 && i < json_array_size(rows); i++)
		if (strcmp(json_text(json_array_get(rows, i), "number", ""), number) == 0) {
			json_decref(*row);
			*row = json_incref(json_array_get(rows, i));
		}
	json_decref(rows);
	if (status == 0 && !*row) {
		status =
		    error_refuse(error, ENOENT, _("there is no certificate %s in this register"), number);
		error_advise(error, _("`kiyome cert list` shows them all"));
	}
	return status;
}

static void print_line(const char *label, const char *text)
{
	CLEANUP_BUFFER struct buffer line = BUFFER_EMPTY;
	command_append_line(&line, 0, label, text);
	(void)fputs(buffer_text(&line), stdout);
}

static int print_certificate(const char *home, const json_t *row, const json_t *entry, struct error *error)
{
	CLEANUP(certificate_paths_release) struct certificate_paths paths = {0};
	const json_t *body = json_object_get(entry, "body");
	const char *number = json_text(row, "number", "");
	int status = certificate_locate(
	    home, number, strcmp(json_text(row, "kind", ""), "report") == 0, &paths, error);
	if (status < 0)
		return status;
	print_line(_("Number"), number);
	print_line(_("Result"), json_text(body, "result", ""));
	print_line(_("Level"), json_text(body, "level", ""));
	print_line(_("Medium"), json_text(entry, "subject", ""));
	print_line(_("Model"), json_text(json_object_get(body, "medium"), "model", ""));
	print_line(_("Asset"), json_text(body, "asset", ""));
	print_line(_("Method"), json_text(json_object_get(body, "method"), "name", ""));
	print_line(_("Verification"), json_text(json_object_get(body, "verification"), "mode", ""));
	print_line(_("Started"), json_text(body, "started", ""));
	print_line(_("Finished"), json_text(body, "finished", ""));
	print_line(_("Operator"), json_text(json_object_get(body, "operator"), "name", ""));
	char count[24];
	(void)snprintf(count, sizeof count, "%zu", json_array_size(json_object_get(body, "exceptions")));
	print_line(_("Exceptions"), count);
	print_line(_("PDF"), paths.pdf);
	print_line(_("JSON"), paths.json);
	print_line(_("Signature"), paths.signature);
	return fflush(stdout) == EOF ? error_system(error, errno, _("could not write")) : 0;
}

static int show(struct invocation *invocation, int argc, char **argv)
{
	CLEANUP(register_close) struct reg *reg = NULL;
	CLEANUP(register_entry_release) struct register_entry entry = {0};
	struct error error = {0};
	json_t *row = NULL;
	if (argc != 2)
		return command_misuse(invocation, "cert", _("show needs the number of one certificate"));
	int status = register_open(invocation->home, REGISTER_READ, &reg, &error);
	if (status == 0)
		status = find_number(reg, argv[1], &row, &error);
	if (status == 0)
		status = register_read(reg, json_count(row, "entry", UINT64_MAX), &entry, &error);
	if (status == 0 && invocation->json) {
		json_decref(row);
		return command_print_json(json_incref(entry.json), false);
	}
	if (status == 0)
		status = print_certificate(invocation->home, row, entry.json, &error);
	json_decref(row);
	return status < 0 ? command_fail(invocation, &error) : EXIT_DONE;
}

/* ── verify ── */

struct check {
	const char *file;
	const char *ca;
	const char *fingerprint;
	const char *log_key;
};

static void print_sentences(const char *label, const json_t *sentences)
{
	for (size_t i = 0; i < json_array_size(sentences); i++) {
		const char *sentence = json_string_value(json_array_get(sentences, i));
		print_line(i ? "" : label, sentence ? sentence : "");
	}
}

static void print_verification(const struct check *check, const struct verification *verification)
{
	const json_t *certificate = verification->certificate;
	const json_t *signature = json_array_get(verification->signatures, 0);
	command_print_escaped(check->file);
	printf(": %s\n", verification->valid                                ? _("VALID")
			 : verification->page == VERIFIED_PAGE_NOT_COMPARED ? _("NOT FULLY CHECKED")
									    : _("NOT VALID"));
	print_sentences(_("Because"), verification->reasons);
	print_sentences(_("Note"), verification->notes);
	if (json_is_object(certificate)) {
		print_line(_("Number"), json_text(certificate, "number", ""));
		print_line(_("Result"), json_text(certificate, "result", ""));
		print_line(_("Level"), json_text(certificate, "level", ""));
		print_line(_("Medium"), json_text(certificate, "subject", ""));
	}
	if (signature && json_text(signature, "name", "")[0]) {
		print_line(_("Signed by"), json_text(signature, "name", ""));
		print_line(_("Signed at"), json_text(signature, "time", ""));
	}
	if (json_is_object(verification->proof))
		print_line(_("Register"), json_text(verification->proof, "origin", ""));
	if (json_is_object(verification->proof) &&
	    !json_is_true(json_object_get(verification->proof, "signature_checked")))
		print_line("", _("(its signature was not checked: that needs --log-key)"));
}

static bool ends_with(const char *path, const char *ending)
{
	size_t length = strlen(path);
	return length > strlen(ending) && strcmp(path + length - strlen(ending), ending) == 0;
}

/* The .p7s that lies beside a .json. A .pdf has none; one that does not begin as a PDF is damaged, and no
 * signature is what the verifier finds at it. */
static int read_signature_beside(const char *path, struct buffer *signature, struct error *error)
{
	CLEANUP_FREE char *beside = NULL;
	size_t length = strlen(path);
	if (ends_with(path, ".pdf"))
		return 0;
	if (ends_with(path, ".json"))
		length -= strlen(".json");
	if (asprintf(&beside, "%.*s.p7s", (int)length, path) < 0)
		return error_set(error, ENOMEM, _("out of memory"));
	int status = file_read(beside, VERIFY_SIGNATURE_LIMIT, signature, error);
	if (status == -ENOENT)
		error_advise(error, _("the signature of a .json is a .p7s of the same name beside it"));
	return status;
}

static int load_ca(
    const struct invocation *invocation, const struct check *check, X509 **ca, struct error *error)
{
	CLEANUP_FREE char *own = file_join(invocation->home, "ca.pem");
	if (check->fingerprint)
		return 0;
	if (!own)
		return error_set(error, ENOMEM, _("out of memory"));
	int status = chain_read_certificate(check->ca ? check->ca : own, ca, error);
	if (status == -ENOENT && !check->ca)
		error_advise(error, _("give the authority's certificate with --ca, or its --ca-fingerprint"));
	return status;
}

static int run_check(const struct invocation *invocation, const struct check *check, struct verification *out,
    struct error *error)
{
	OSSL_X509 ca = NULL;
	CLEANUP_BUFFER struct buffer file = BUFFER_EMPTY;
	CLEANUP_BUFFER struct buffer signature = BUFFER_EMPTY;
	int status = file_read(check->file, VERIFY_FILE_LIMIT, &file, error);
	if (status == 0)
		status = load_ca(invocation, check, &ca, error);
	if (status == 0 && (file.length < 5 || memcmp(file.data, "%PDF-", 5) != 0))
		status = read_signature_beside(check->file, &signature, error);
	if (status < 0)
		return status;
	const struct verify_request request = {
	    .file = {buffer_text(&file), file.length},
	    .signature = {buffer_text(&signature), signature.length},
	    .trust = {ca, check->fingerprint},
	    .log_key = check->log_key,
	};
	return verify_certificate(&request, out, error);
}

/* As `openssl x509 -fingerprint` prints it. */
static const char *without_colons(char *digits)
{
	char *kept = digits;
	for (const char *next = digits; *next; next++)
		if (*next != ':')
			*kept++ = *next;
	*kept = '\0';
	return digits;
}

static int read_words(struct invocation *invocation, int argc, char **argv, struct check *check)
{
	static const struct option options[] = {
	    {"ca", required_argument, NULL, 'c'},
	    {"ca-fingerprint", required_argument, NULL, 'f'},
	    {"log-key", required_argument, NULL, 'l'},
	    {0},
	};
	unsigned char digest[32];
	int option;
	opterr = 0;
	optind = 0;
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'c')
			check->ca = optarg;
		else if (option == 'f')
			check->fingerprint = without_colons(optarg);
		else if (option == 'l')
			check->log_key = optarg;
		else
			return command_misuse(
			    invocation, "cert", _("%s is not understood"), argv[optind - 1]);
	}
	if (optind + 1 != argc)
		return command_misuse(invocation, "cert", _("verify needs one file"));
	if (check->ca && check->fingerprint)
		return command_misuse(
		    invocation, "cert", _("--ca and --ca-fingerprint are two ways to say one thing"));
	if (check->fingerprint && text_read_hex(check->fingerprint, digest, sizeof digest) < 0)
		return command_misuse(
		    invocation, "cert", _("%s is not a SHA-256 in hexadecimal"), check->fingerprint);
	check->file = argv[optind];
	return EXIT_DONE;
}

static int verify(struct invocation *invocation, int argc, char **argv)
{
	CLEANUP(verification_release) struct verification verification = {0};
	struct error error = {0};
	struct check check = {0};
	int status = read_words(invocation, argc, argv, &check);
	if (!check.file)
		return status;
	if (run_check(invocation, &check, &verification, &error) < 0)
		return command_fail(invocation, &error);
	if (invocation->json)
		status = command_print_json(verification_to_json(&verification), false);
	else
		print_verification(&check, &verification);
	if (status == EXIT_COULD_NOT || fflush(stdout) == EOF)
		return EXIT_COULD_NOT;
	return verification.valid ? EXIT_DONE : EXIT_FINDING;
}

int command_cert(struct invocation *invocation, int argc, char **argv)
{
	static const struct {
		const char *name;
		command_function *run;
	} verbs[] = {{"list", list}, {"show", show}, {"verify", verify}, {"issue", cert_issue}};
	if (argc < 2)
		return command_misuse(invocation, "cert", _("say what: list, show, verify or issue"));
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (strcmp(argv[i], "--help") == 0)
			return help();
	for (size_t i = 0; i < LENGTH_OF(verbs); i++)
		if (strcmp(argv[1], verbs[i].name) == 0)
			return verbs[i].run(invocation, argc - 1, argv + 1);
	return command_misuse(invocation, "cert", _("there is no %s in cert"), argv[1]);
}
