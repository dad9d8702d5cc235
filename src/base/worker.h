/* A job in a process of its own: it is handed descriptors, sends progress, durable marks and one result over
 * a pipe, and can hang, crash or be abandoned without taking its parent with it. The sandbox is a worker with
 * fewer rights. A worker dies with its parent. */
#pragma once

#include "src/base/buffer.h"
#include "src/base/error.h"
#include "src/base/progress.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* ── In the child ── */

struct worker_channel;

/* The job. Returns 0, or a negative errno with the error filled; what it sends reaches the parent in order.
 */
typedef int worker_function(struct worker_channel *channel, void *argument, struct error *error);

void worker_send_progress(struct worker_channel *channel, const struct progress *progress);
/* A mark: "all up to here is durable". The bytes are the job's own (JSON). Returns when the parent has taken
 * note of it (worker_acknowledge), so that the job is never ahead of its record; or when the job was asked to
 * stop. */
void worker_send_mark(struct worker_channel *channel, const void *bytes, size_t length);
/* The result; the bytes are the job's own. Sent once, last. */
void worker_send_result(struct worker_channel *channel, const void *bytes, size_t length);
/* Whether the parent asked the job to stop. Ask often: a stop is to be noticed within a second. */
bool worker_is_cancelled(const struct worker_channel *channel);

/* ── In the parent ── */

enum worker_rights {
	WORKER_TRUSTED,   /* the rights of the parent: jobs */
	WORKER_SANDBOXED, /* no file, network, privilege or new process: parsers and renderers of foreign
			     bytes */
};

struct worker_options {
	enum worker_rights rights;
	const int *descriptors; /* besides these the child keeps none (standard input, output and error become
				   /dev/null) */
	size_t descriptor_count;
	const char *const
	    *readable_files;   /* NULL-ended; regular files a sandboxed child may open for reading */
	uint64_t memory_bytes; /* address space of a sandboxed child; 0 = 512 MiB */
};

enum worker_message_kind {
	WORKER_NOTHING, /* no whole message yet */
	WORKER_PROGRESS,
	WORKER_MARK,
	WORKER_RESULT,
	WORKER_ENDED, /* the child is gone; worker.failure says how (code 0 = as it should) */
};

struct worker_message {
	enum worker_message_kind kind;
	struct progress progress; /* of WORKER_PROGRESS */
	const char *bytes;        /* of WORKER_MARK and WORKER_RESULT; valid until the next receive */
	size_t length;
};

struct worker {
	pid_t process;
	int descriptor; /* readable when there may be a message: for poll() */
	struct buffer received;
	size_t consumed;
	struct error failure;
	bool told_how; /* the child has said how it ended */
};

#define WORKER_NONE ((struct worker){.process = -1, .descriptor = -1})

/* Starts the job. argument must be readable after fork (it is not shared). */
int worker_start(struct worker *worker, const struct worker_options *options, worker_function *function,
    void *argument, struct error *error);

/* The next message, without waiting. */
void worker_receive(struct worker *worker, struct worker_message *message);

/* The last WORKER_MARK has been kept: the job may go on. */
void worker_acknowledge(struct worker *worker);

/* Asks the job to stop at its next opportunity. */
void worker_cancel(struct worker *worker);

/* Ends the worker however it stands: closes the pipe and kills what is left. A child that hangs in the kernel
 * is not waited for. Harmless on one that has ended. */
void worker_release(struct worker *worker);

/* One question, one answer: runs the function to its end and appends its result to reply. A child that takes
 * longer than timeout_ms, crashes, or breaks the sandbox's rules is -ETIMEDOUT or -EPROTO. */
int worker_call(const struct worker_options *options, worker_function *function, void *argument,
    unsigned timeout_ms, struct buffer *reply, struct error *error);
