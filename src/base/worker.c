#include "src/base/worker.h"

#include "src/base/clock.h"
#include "src/base/file.h"
#include "src/base/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

/* A message to the parent: this header, then length bytes. What a child says is foreign: kinds and lengths
 * are checked before they are believed. */
struct frame {
	uint32_t kind;
	uint32_t length;
};

enum frame_kind { FRAME_PROGRESS = 1, FRAME_MARK, FRAME_RESULT, FRAME_END };
enum { FRAME_MAXIMUM = 64 * 1024 * 1024, DEFAULT_SANDBOX_MEMORY = 512 * 1024 * 1024 };

struct worker_channel {
	int descriptor;
};

static volatile sig_atomic_t cancelled;

static void note_cancel(int signal_number)
{
	(void)signal_number;
	cancelled = 1;
}

/* ── The child ── */

static void send_frame(
    const struct worker_channel *channel, enum frame_kind kind, const void *bytes, size_t length)
{
	struct frame frame = {.kind = kind, .length = (uint32_t)length};
	struct error ignored;
	if (length > FRAME_MAXIMUM ||
	    file_write_all(channel->descriptor, &frame, sizeof frame, "", &ignored) < 0 ||
	    file_write_all(channel->descriptor, bytes, length, "", &ignored) < 0)
		_exit(3); /* the parent is gone, or was sent a message it would refuse: nobody is left to tell
			   */
}

void worker_send_progress(struct worker_channel *channel, const struct progress *progress)
{
	send_frame(channel, FRAME_PROGRESS, progress, sizeof *progress);
}

void worker_send_mark(struct worker_channel *channel, const void *bytes, size_t length)
{
	enum { LOOK_EVERY_MS = 50 }; /* a cancel may come just before the wait begins */
	struct pollfd wait = {.fd = channel->descriptor, .events = POLLIN};
	char note;
	send_frame(channel, FRAME_MARK, bytes, length);
	while (!cancelled && poll(&wait, 1, LOOK_EVERY_MS) <= 0)
		;
	if (!cancelled && read(channel->descriptor, &note, sizeof note) == 0)
		_exit(3); /* the parent is gone */
}

void worker_send_result(struct worker_channel *channel, const void *bytes, size_t length)
{
	send_frame(channel, FRAME_RESULT, bytes, length);
}

bool worker_is_cancelled(const struct worker_channel *channel)
{
	(void)channel;
	return cancelled;
}

static int compare_descriptors(const void *left, const void *right)
{
	int a = *(const int *)left;
	int b = *(const int *)right;
	return (a > b) - (a < b);
}

/* Closes every descriptor but those of the options and the channel's. */
static int keep_descriptors(const struct worker_options *options, int channel, struct error *error)
{
	size_t count = options->descriptor_count + 1;
	CLEANUP_FREE int *kept = calloc(count, sizeof *kept);
	if (!kept)
		return error_set(error, ENOMEM, _("out of memory"));
	if (options->descriptor_count)
		memcpy(kept, options->descriptors, options->descriptor_count * sizeof *kept);
	kept[count - 1] = channel;
	qsort(kept, count, sizeof *kept, compare_descriptors);
	unsigned first = 3;
	for (size_t i = 0; i < count; i++) {
		if (kept[i] < 3)
			continue;
		if ((unsigned)kept[i] > first && close_range(first, (unsigned)kept[i] - 1, 0) < 0)
			return error_system(error, errno, _("could not close descriptors"));
		first = (unsigned)kept[i] + 1;
	}
	if (close_range(first, ~0U, 0) < 0)
		return error_system(error, errno, _("could not close descriptors"));
	CLEANUP_CLOSE int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
	for (int i = 0; nothing >= 0 && i < 3; i++)
	/* A sanitizer's report must be seen. */
#if defined(__SANITIZE_ADDRESS__)
		if (i != STDERR_FILENO)
#endif
			(void)dup2(nothing, i);
	return 0;
}

static void settle_signals(void)
{
	struct sigaction action = {.sa_handler = note_cancel};
	sigset_t none;
	sigemptyset(&none);
	cancelled = 0;
	(void)sigaction(SIGTERM, &action, NULL);
	/* A terminal's interrupt goes to the whole group; the parent hears it and decides. */
	(void)signal(SIGINT, SIG_IGN);
	(void)signal(SIGHUP, SIG_IGN);
	(void)signal(SIGPIPE, SIG_IGN);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

static int prepare_child(const struct worker_options *options, int channel, struct error *error)
{
	settle_signals();
	int status = keep_descriptors(options, channel, error);
	if (status == 0 && options->rights == WORKER_SANDBOXED)
		status = sandbox_enter(options->readable_files,
		    options->memory_bytes ? options->memory_bytes : DEFAULT_SANDBOX_MEMORY, error);
	return status;
}

static _Noreturn void run_child(const struct worker_options *options, int descriptor, pid_t parent,
    worker_function *function, void *argument)
{
	struct worker_channel channel = {.descriptor = descriptor};
	struct error error = {0};
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(3); /* it died before the line above */
	int status = prepare_child(options, descriptor, &error);
	if (status == 0)
		status = function(&channel, argument, &error);
	if (status == 0)
		error.code = 0;
	send_frame(&channel, FRAME_END, &error, sizeof error);
	_exit(0);
}

/* ── The parent ── */

int worker_start(struct worker *worker, const struct worker_options *options, worker_function *function,
    void *argument, struct error *error)
{
	int ends[2];
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return error_system(error, errno, _("could not make a pair of sockets"));
	pid_t parent = getpid();
	pid_t child = fork();
	if (child < 0) {
		int cause = errno;
		close(ends[0]);
		close(ends[1]);
		return error_system(error, cause, _("could not start a process"));
	}
	if (child == 0)
		run_child(options, ends[1], parent, function, argument);
	close(ends[1]);
	(void)fcntl(ends[0], F_SETFL, O_NONBLOCK);
	*worker = (struct worker){.process = child, .descriptor = ends[0]};
	return 0;
}

static void end_with(struct worker *worker, int errnum, const char *sentence)
{
	if (!worker->told_how)
		error_set(&worker->failure, errnum, "%s", sentence);
	worker->told_how = true;
}

/* The child closed its end: it has ended, or is about to. */
static void reap(struct worker *worker)
{
	int how = 0;
	pid_t reaped;
	do
		reaped = waitpid(worker->process, &how, 0);
	while (reaped < 0 && errno == EINTR);
	worker->process = -1;
	close(worker->descriptor);
	worker->descriptor = -1;
	if (worker->told_how)
		return;
	if (reaped > 0 && WIFSIGNALED(how))
		error_set(&worker->failure, EPROTO,
		    _("the process that did this work was ended by signal %d (%s)"), WTERMSIG(how),
		    strsignal(WTERMSIG(how)));
	else
		error_set(
		    &worker->failure, EPROTO, _("the process that did this work ended without a result"));
	worker->told_how = true;
}

static bool frame_is_sound(const struct frame *frame)
{
	switch (frame->kind) {
	case FRAME_PROGRESS:
		return frame->length == sizeof(struct progress);
	case FRAME_MARK:
	case FRAME_RESULT:
		return frame->length <= FRAME_MAXIMUM;
	case FRAME_END:
		return frame->length == sizeof(struct error);
	default:
		return false;
	}
}

static void take_end(struct worker *worker, const char *bytes)
{
	memcpy(&worker->failure, bytes, sizeof worker->failure);
	worker->failure.sentence[sizeof worker->failure.sentence - 1] = '\0';
	worker->failure.advice[sizeof worker->failure.advice - 1] = '\0';
	if (worker->failure.blame > ERROR_FINDING)
		worker->failure.blame = ERROR_COULD_NOT;
	worker->told_how = true;
}

/* One whole frame from what was received; false when there is none yet. */
static bool take_frame(struct worker *worker, struct worker_message *message)
{
	struct frame frame;
	size_t waiting = worker->received.length - worker->consumed;
	const char *next = worker->received.data + worker->consumed;
	if (waiting < sizeof frame)
		return false;
	memcpy(&frame, next, sizeof frame);
	if (!frame_is_sound(&frame)) {
		end_with(worker, EPROTO, _("the process that did this work sent something senseless"));
		(void)kill(worker->process, SIGKILL);
		reap(worker);
		message->kind = WORKER_ENDED;
		return true;
	}
	if (waiting < sizeof frame + frame.length)
		return false;
	message->bytes = next + sizeof frame;
	message->length = frame.length;
	worker->consumed += sizeof frame + frame.length;
	switch ((enum frame_kind)frame.kind) {
	case FRAME_PROGRESS:
		message->kind = WORKER_PROGRESS;
		memcpy(&message->progress, message->bytes, sizeof message->progress);
		return true;
	case FRAME_MARK:
		message->kind = WORKER_MARK;
		return true;
	case FRAME_RESULT:
		message->kind = WORKER_RESULT;
		return true;
	case FRAME_END:
		take_end(worker, message->bytes);
		reap(worker);
		message->kind = WORKER_ENDED;
		return true;
	}
	return false;
}

static void forget_consumed(struct worker *worker)
{
	size_t waiting = worker->received.length - worker->consumed;
	if (worker->consumed == 0)
		return;
	memmove(worker->received.data, worker->received.data + worker->consumed, waiting);
	worker->received.length = waiting;
	worker->consumed = 0;
}

void worker_receive(struct worker *worker, struct worker_message *message)
{
	*message = (struct worker_message){.kind = WORKER_NOTHING};
	if (worker->process < 0) {
		message->kind = WORKER_ENDED;
		return;
	}
	if (take_frame(worker, message))
		return;
	forget_consumed(worker);
	char piece[65536];
	ssize_t got = read(worker->descriptor, piece, sizeof piece);
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got > 0) {
		buffer_append(&worker->received, piece, (size_t)got);
		if (!worker->received.failed) {
			(void)take_frame(worker, message);
			return;
		}
		end_with(worker, ENOMEM, _("out of memory"));
		(void)kill(worker->process, SIGKILL);
	}
	reap(worker);
	message->kind = WORKER_ENDED;
}

void worker_acknowledge(struct worker *worker)
{
	/* One that has ended meanwhile is told by the next worker_receive(). */
	if (worker->process > 0)
		(void)send(worker->descriptor, "", 1, MSG_NOSIGNAL | MSG_DONTWAIT);
}

void worker_cancel(struct worker *worker)
{
	if (worker->process > 0)
		(void)kill(worker->process, SIGTERM);
}

void worker_release(struct worker *worker)
{
	if (worker->process > 0) {
		(void)kill(worker->process, SIGKILL);
		/* One that hangs in the kernel dies when the kernel lets it: its new parent will reap it. */
		for (int i = 0; i < 50 && waitpid(worker->process, NULL, WNOHANG) == 0; i++)
			(void)usleep(2000);
	}
	if (worker->descriptor >= 0)
		close(worker->descriptor);
	buffer_release(&worker->received);
	*worker = WORKER_NONE;
}

int worker_call(const struct worker_options *options, worker_function *function, void *argument,
    unsigned timeout_ms, struct buffer *reply, struct error *error)
{
	CLEANUP(worker_release) struct worker worker = WORKER_NONE;
	int status = worker_start(&worker, options, function, argument, error);
	if (status < 0)
		return status;
	uint64_t deadline_ns = clock_monotonic_ns() + (uint64_t)timeout_ms * 1000000U;
	for (;;) {
		struct worker_message message;
		worker_receive(&worker, &message);
		if (message.kind == WORKER_RESULT)
			buffer_append(reply, message.bytes, message.length);
		if (message.kind == WORKER_ENDED)
			break;
		uint64_t now_ns = clock_monotonic_ns();
		if (now_ns >= deadline_ns)
			return error_set(
			    error, ETIMEDOUT, _("no answer within %u seconds"), timeout_ms / 1000);
		struct pollfd wait = {.fd = worker.descriptor, .events = POLLIN};
		if (message.kind == WORKER_NOTHING)
			(void)poll(&wait, 1, (int)((deadline_ns - now_ns) / 1000000U) + 1);
	}
	if (worker.failure.code < 0) {
		*error = worker.failure;
		return error->code;
	}
	return buffer_check(reply, error);
}
