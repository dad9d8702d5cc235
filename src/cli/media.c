#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "src/cli/command.h"
#include "src/cli/media_view.h"
#include "src/media/guard.h"
#include "src/media/watch.h"

#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>

struct media_options {
	struct media_place place;
	bool all;
	bool image;
};

static int help(void)
{
	(void)puts(_("Usage: kiyome media list [--all] [--root DIR]\n"
		     "       kiyome media show [--image] [--root DIR] DEVICE\n"
		     "       kiyome media watch\n"
		     "\n"
		     "Finds the media attached to this machine and says of each what it is, what it holds,\n"
		     "where it is mounted, and whether it may be erased.\n"
		     "\n"
		     "  list   all media, a line each\n"
		     "  show   everything about one, and what to type to confirm its erasure\n"
		     "  watch  media as they come and go, until interrupted\n"
		     "\n"
		     "  --all       also devices made of others (LVM, RAID, encryption, compressed memory)\n"
		     "  --image     DEVICE is a disk image, a regular file\n"
		     "  --root DIR  read a recorded tree (scripts/record-tree) instead of this machine\n"
		     "  --json      for machines (docs/formats.md)"));
	return fflush(stdout) == EOF ? EXIT_COULD_NOT : EXIT_DONE;
}

/* ── list ── */

static bool is_shown(const struct media_options *options, const struct medium *medium)
{
	return options->all || medium->kind != KIND_VIRTUAL;
}

static json_t *list_to_json(const struct media_options *options, const struct media_list *list)
{
	json_t *media = json_array();
	for (size_t i = 0; i < list->count; i++)
		if (is_shown(options, &list->media[i]) &&
		    json_array_append_new(media, medium_to_json(&list->media[i])) < 0) {
			json_decref(media);
			return NULL;
		}
	return json_pack("{s:o}", "media", media);
}

static int run_list(struct invocation *invocation, const struct media_options *options, char **words)
{
	CLEANUP(media_list_release) struct media_list list = {0};
	struct error error = {0};
	if (words[0])
		return command_misuse(invocation, "media", _("list takes no DEVICE: %s"), words[0]);
	if (media_scan(&options->place, &list, &error) < 0)
		return command_fail(invocation, &error);
	if (invocation->json)
		return command_print_json(list_to_json(options, &list), false);
	size_t kept = 0;
	for (size_t i = 0; i < list.count; i++) {
		/* Swapped, not overwritten: all are released in the end. */
		struct medium medium = list.media[i];
		if (!is_shown(options, &medium))
			continue;
		list.media[i] = list.media[kept];
		list.media[kept++] = medium;
	}
	if (kept == 0)
		return puts(_("No media found.")) == EOF ? EXIT_COULD_NOT : EXIT_DONE;
	return media_view_print_table(list.media, kept, &error) < 0 ? command_fail(invocation, &error)
								    : EXIT_DONE;
}

/* ── show ── */

static int find_one(
    const struct media_options *options, const char *path, struct medium *medium, struct error *error)
{
	if (options->image)
		return guard_describe(&(struct guard_request){.path = path, .image = true}, medium, error);
	return media_find(&options->place, path, medium, error);
}

static int run_show(struct invocation *invocation, const struct media_options *options, char **words)
{
	CLEANUP(medium_release) struct medium medium = {0};
	struct error error = {0};
	if (!words[0] || words[1])
		return command_misuse(invocation, "media", _("show takes one DEVICE"));
	if (find_one(options, words[0], &medium, &error) < 0)
		return command_fail(invocation, &error);
	if (invocation->json)
		return command_print_json(medium_to_json(&medium), false);
	return media_view_print_sheet(&medium, &error) < 0 ? command_fail(invocation, &error) : EXIT_DONE;
}

/* ── watch ── */

static int print_event(const struct invocation *invocation, const struct media_event *event)
{
	if (!invocation->json)
		return media_view_print_event(event);
	return command_print_json(json_pack("{s:s, s:o}", "event", media_change_word(event->change), "medium",
				      medium_to_json(event->medium)),
	    true);
}

/* All events that are there. EXIT_DONE when there are no more. */
static int drain(struct invocation *invocation, struct media_watch *watch)
{
	struct media_event event;
	struct error error = {0};
	for (;;) {
		if (media_watch_next(watch, &event, &error) < 0)
			return command_fail(invocation, &error);
		if (event.change == MEDIA_NOTHING)
			return EXIT_DONE;
		int status = print_event(invocation, &event);
		if (status != EXIT_DONE)
			return status;
	}
}

static int block_ending_signals(void)
{
	sigset_t ending;
	sigemptyset(&ending);
	sigaddset(&ending, SIGINT);
	sigaddset(&ending, SIGTERM);
	sigaddset(&ending, SIGHUP);
	(void)sigprocmask(SIG_BLOCK, &ending, NULL);
	return signalfd(-1, &ending, SFD_CLOEXEC);
}

static int run_watch(struct invocation *invocation, const struct media_options *options, char **words)
{
	CLEANUP(media_watch_close) struct media_watch *watch = NULL;
	struct error error = {0};
	if (words[0] || options->place.root[0])
		return command_misuse(invocation, "media", _("watch takes no DEVICE and no --root"));
	CLEANUP_CLOSE int signals = block_ending_signals();
	if (media_watch_open(&options->place, &watch, &error) < 0)
		return command_fail(invocation, &error);
	int status = drain(invocation, watch);
	if (status == EXIT_DONE && invocation->json)
		status = command_print_json(json_pack("{s:s}", "event", "watching"), true);
	else if (status == EXIT_DONE)
		(void)fprintf(stderr, "%s\n", _("Watching; Ctrl+C ends it."));
	while (status == EXIT_DONE) {
		struct pollfd waits[] = {{.fd = signals, .events = POLLIN},
		    {.fd = media_watch_descriptor(watch), .events = POLLIN}};
		if (poll(waits, LENGTH_OF(waits), -1) < 0 && errno != EINTR)
			return EXIT_COULD_NOT;
		if (waits[0].revents)
			return EXIT_DONE;
		status = drain(invocation, watch);
	}
	return status;
}

/* ── The command ── */

static const struct option long_options[] = {
    {"all", no_argument, NULL, 'a'},
    {"image", no_argument, NULL, 'i'},
    {"root", required_argument, NULL, 'r'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static const struct {
	const char *name;
	int (*run)(struct invocation *invocation, const struct media_options *options, char **words);
} verbs[] = {{"list", run_list}, {"show", run_show}, {"watch", run_watch}};

int command_media(struct invocation *invocation, int argc, char **argv)
{
	struct media_options options = {.place = {.root = "", .probe = true}};
	int letter;
	optind = 1;
	opterr = 0;
	while ((letter = getopt_long(argc, argv, ":", long_options, NULL)) != -1) {
		switch (letter) {
		case 'a':
			options.all = true;
			break;
		case 'i':
			options.image = true;
			break;
		case 'r':
			options.place = (struct media_place){.root = optarg};
			break;
		case 'h':
			return help();
		default:
			return command_misuse(
			    invocation, "media", _("%s is not understood"), argv[optind - 1]);
		}
	}
	if (optind >= argc)
		return command_misuse(invocation, "media", _("say what to do: list, show or watch"));
	if (options.place.root[0] == '\0' && !options.place.probe)
		return command_misuse(invocation, "media", _("--root needs a directory"));
	for (size_t i = 0; i < LENGTH_OF(verbs); i++)
		if (strcmp(argv[optind], verbs[i].name) == 0)
			return verbs[i].run(invocation, &options, argv + optind + 1);
	return command_misuse(invocation, "media", _("media knows no %s"), argv[optind]);
}
