#include "wipe/transfer.h"

#include "src/base/cleanup.h"

#include <errno.h>
#include <liburing.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>

enum { DEPTH_MAXIMUM = 32, THREADS = 4, HUGE_PAGE_BYTES = 2 * 1024 * 1024 };

enum slot_state { IDLE, IN_FLIGHT, DONE };

struct entry {
	struct transfer_slot slot; /* first: a slot's address is its entry's */
	enum slot_state state;
	bool writing;
	bool taken;
	struct entry *next; /* in the threads' queue */
};

struct transfer {
	const struct block_device *device;
	struct entry entries[DEPTH_MAXIMUM];
	unsigned depth;
	unsigned in_flight;
	unsigned char *memory;
	size_t memory_bytes;
	bool uses_ring;
	unsigned pinned; /* how many pieces of memory are registered with the ring: the buffers, the shared
			    bytes */
	const void *shared;
	size_t shared_bytes;
	struct io_uring ring;

	/* Threads: a queue of work and a count of what was done. */
	pthread_t threads[THREADS];
	unsigned thread_count;
	pthread_mutex_t lock;
	pthread_cond_t work_came;
	pthread_cond_t work_done;
	struct entry *queue_first;
	struct entry **queue_last;
	bool closing;
};

/* ── Threads ── */

static void *serve(void *argument)
{
	struct transfer *transfer = argument;
	pthread_mutex_lock(&transfer->lock);
	for (;;) {
		while (!transfer->queue_first && !transfer->closing)
			pthread_cond_wait(&transfer->work_came, &transfer->lock);
		struct entry *entry = transfer->queue_first;
		if (!entry)
			break;
		transfer->queue_first = entry->next;
		if (!transfer->queue_first)
			transfer->queue_last = &transfer->queue_first;
		pthread_mutex_unlock(&transfer->lock);
		struct transfer_slot *slot = &entry->slot;
		int result =
		    entry->writing
			? block_write(transfer->device, slot->data, slot->length, slot->offset_bytes)
			: block_read(transfer->device, slot->buffer, slot->length, slot->offset_bytes);
		pthread_mutex_lock(&transfer->lock);
		slot->result = result;
		entry->state = DONE;
		pthread_cond_signal(&transfer->work_done);
	}
	pthread_mutex_unlock(&transfer->lock);
	return NULL;
}

static int start_threads(struct transfer *transfer, struct error *error)
{
	pthread_mutex_init(&transfer->lock, NULL);
	pthread_cond_init(&transfer->work_came, NULL);
	pthread_cond_init(&transfer->work_done, NULL);
	transfer->queue_last = &transfer->queue_first;
	while (transfer->thread_count < THREADS && transfer->thread_count < transfer->depth) {
		int status =
		    pthread_create(&transfer->threads[transfer->thread_count], NULL, serve, transfer);
		if (status)
			return error_system(error, status, _("could not start a thread"));
		transfer->thread_count++;
	}
	return 0;
}

static void stop_threads(struct transfer *transfer)
{
	pthread_mutex_lock(&transfer->lock);
	transfer->closing = true;
	pthread_cond_broadcast(&transfer->work_came);
	pthread_mutex_unlock(&transfer->lock);
	for (unsigned i = 0; i < transfer->thread_count; i++)
		pthread_join(transfer->threads[i], NULL);
	pthread_mutex_destroy(&transfer->lock);
	pthread_cond_destroy(&transfer->work_came);
	pthread_cond_destroy(&transfer->work_done);
}

static void submit_to_threads(struct transfer *transfer, struct entry *entry)
{
	pthread_mutex_lock(&transfer->lock);
	entry->next = NULL;
	*transfer->queue_last = entry;
	transfer->queue_last = &entry->next;
	pthread_cond_signal(&transfer->work_came);
	pthread_mutex_unlock(&transfer->lock);
}

static struct entry *find_done(struct transfer *transfer)
{
	for (unsigned i = 0; i < transfer->depth; i++)
		if (transfer->entries[i].state == DONE)
			return &transfer->entries[i];
	return NULL;
}

static struct entry *wait_for_threads(struct transfer *transfer)
{
	pthread_mutex_lock(&transfer->lock);
	struct entry *done = find_done(transfer);
	while (!done) {
		pthread_cond_wait(&transfer->work_done, &transfer->lock);
		done = find_done(transfer);
	}
	pthread_mutex_unlock(&transfer->lock);
	return done;
}

/* ── io_uring ── */

static void submit_to_ring(struct transfer *transfer, struct entry *entry)
{
	const struct transfer_slot *slot = &entry->slot;
	struct io_uring_sqe *request = io_uring_get_sqe(&transfer->ring);
	int descriptor = transfer->device->descriptor;
	/* There are as many places in the ring as slots, so one is always free. */
	unsigned length = (unsigned)slot->length;
	const void *data = entry->writing ? slot->data : slot->buffer;
	unsigned piece = data == slot->buffer ? 0 : 1;
	bool fixed = piece < transfer->pinned && (piece == 0 || data == transfer->shared);
	if (entry->writing && fixed)
		io_uring_prep_write_fixed(request, descriptor, data, length, slot->offset_bytes, (int)piece);
	else if (entry->writing)
		io_uring_prep_write(request, descriptor, data, length, slot->offset_bytes);
	else if (fixed)
		io_uring_prep_read_fixed(request, descriptor, slot->buffer, length, slot->offset_bytes, 0);
	else
		io_uring_prep_read(request, descriptor, slot->buffer, length, slot->offset_bytes);
	io_uring_sqe_set_data(request, entry);
	int status;
	do
		status = io_uring_submit(&transfer->ring);
	while (status == -EINTR || status == -EAGAIN || status == -EBUSY);
}

static struct entry *wait_for_ring(struct transfer *transfer)
{
	struct io_uring_cqe *completion = NULL;
	int status;
	do
		status = io_uring_wait_cqe(&transfer->ring, &completion);
	while (status == -EINTR || status == -EAGAIN);
	if (status < 0) { /* the ring itself broke: nothing that is in flight can be believed */
		struct entry *lost = transfer->entries;
		while (lost->state != IN_FLIGHT)
			lost++;
		lost->slot.result = status;
		return lost;
	}
	struct entry *entry = io_uring_cqe_get_data(completion);
	int done = completion->res;
	io_uring_cqe_seen(&transfer->ring, completion);
	entry->slot.result = done < 0 ? done : (size_t)done < entry->slot.length ? -EIO : 0;
	entry->state = DONE;
	return entry;
}

/* ── Both ── */

/* Whole huge pages where the kernel has them: the fewer pages a transfer has, the less there is to pin. */
static int allocate_buffers(
    struct transfer *transfer, unsigned depth, size_t buffer_bytes, struct error *error)
{
	size_t bytes =
	    ((size_t)depth * buffer_bytes + HUGE_PAGE_BYTES - 1) / HUGE_PAGE_BYTES * HUGE_PAGE_BYTES;
	transfer->memory = aligned_alloc(HUGE_PAGE_BYTES, bytes);
	if (!transfer->memory)
		return error_set(error, ENOMEM, _("could not get memory for the transfers"));
	(void)madvise(transfer->memory, bytes, MADV_HUGEPAGE);
	for (unsigned i = 0; i < depth; i++)
		transfer->entries[i].slot.buffer = transfer->memory + (size_t)i * buffer_bytes;
	transfer->depth = depth;
	transfer->memory_bytes = bytes;
	return 0;
}

/* Pins the memory once instead of at each transfer, where the limit on locked memory allows it. */
static void pin(struct transfer *transfer)
{
	const struct iovec memory[] = {
	    {.iov_base = transfer->memory, .iov_len = transfer->memory_bytes},
	    {.iov_base = (void *)transfer->shared, .iov_len = transfer->shared_bytes},
	};
	if (transfer->pinned)
		(void)io_uring_unregister_buffers(&transfer->ring);
	transfer->pinned = (transfer->shared ? 2 : 1);
	if (io_uring_register_buffers(&transfer->ring, memory, transfer->pinned) < 0)
		transfer->pinned = 0;
}

void transfer_share(struct transfer *transfer, const void *bytes, size_t length)
{
	transfer->shared = bytes;
	transfer->shared_bytes = length;
	if (transfer->uses_ring)
		pin(transfer);
}

int transfer_open(const struct block_device *device, enum transfer_engine engine, unsigned depth,
    size_t buffer_bytes, struct transfer **transfer, struct error *error)
{
	struct transfer *made = calloc(1, sizeof *made);
	if (!made)
		return error_set(error, ENOMEM, _("out of memory"));
	made->device = device;
	int status =
	    allocate_buffers(made, depth < DEPTH_MAXIMUM ? depth : DEPTH_MAXIMUM, buffer_bytes, error);
	if (status == 0 && engine != TRANSFER_THREADS) {
		int cause = io_uring_queue_init(DEPTH_MAXIMUM, &made->ring, 0);
		made->uses_ring = cause == 0;
		if (cause < 0 && engine == TRANSFER_URING)
			status = error_system(error, -cause, _("io_uring is not available"));
	}
	if (status == 0 && made->uses_ring)
		pin(made);
	if (status == 0 && !made->uses_ring)
		status = start_threads(made, error);
	if (status < 0) {
		transfer_close(&made);
		return status;
	}
	*transfer = made;
	return 0;
}

void transfer_close(struct transfer **transfer)
{
	struct transfer *closing = *transfer;
	if (!closing)
		return;
	while (transfer_take(closing, true))
		;
	if (closing->uses_ring)
		io_uring_queue_exit(&closing->ring);
	else if (closing->thread_count)
		stop_threads(closing);
	free(closing->memory);
	free(closing);
	*transfer = NULL;
}

static struct entry *find_idle(struct transfer *transfer)
{
	for (unsigned i = 0; i < transfer->depth; i++)
		if (transfer->entries[i].state == IDLE && !transfer->entries[i].taken)
			return &transfer->entries[i];
	return NULL;
}

struct transfer_slot *transfer_take(struct transfer *transfer, bool drain)
{
	struct entry *entry = drain ? NULL : find_idle(transfer);
	if (entry) {
		entry->slot.finished = false;
	} else {
		if (transfer->in_flight == 0)
			return NULL;
		entry = transfer->uses_ring ? wait_for_ring(transfer) : wait_for_threads(transfer);
		transfer->in_flight--;
		entry->state = IDLE;
		entry->slot.finished = true;
	}
	entry->taken = true;
	return &entry->slot;
}

void transfer_give_back(struct transfer *transfer, struct transfer_slot *slot)
{
	(void)transfer;
	((struct entry *)slot)->taken = false;
}

void transfer_submit(struct transfer *transfer, struct transfer_slot *slot, bool writing)
{
	struct entry *entry = (struct entry *)slot;
	entry->taken = false;
	entry->state = IN_FLIGHT;
	entry->writing = writing;
	slot->finished = false;
	transfer->in_flight++;
	if (transfer->uses_ring)
		submit_to_ring(transfer, entry);
	else
		submit_to_threads(transfer, entry);
}

unsigned transfer_in_flight(const struct transfer *transfer)
{
	return transfer->in_flight;
}
