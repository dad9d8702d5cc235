/* A medium with faults to order, as a file: the bench on which the wipe must not lie.
 *
 *   faulty SIZE MOUNTPOINT [--back FILE] [COMMAND…]
 *
 * mounts a directory with three files and stays until it is unmounted (fusermount3 -u):
 *   disk      the medium, SIZE bytes, never cached by the kernel
 *   control   each line written here is a COMMAND; reading it tells what happened so far
 *   journal   every write and flush that reached the medium, in order: "w OFFSET LENGTH" (or "W" when it
 * failed), "r"/"R" for reads, "f"/"F" for flushes
 *
 * The bytes are kept in memory, or in FILE, so that a test can look at them past the faults.
 *
 * A COMMAND is one line of words; numbers are bytes:
 *   bad-write OFFSET LENGTH        writes that touch it fail with EIO, and store nothing
 *   bad-write-once OFFSET LENGTH   the same, for the first write that touches it
 *   bad-read OFFSET LENGTH         reads that touch it fail with EIO
 *   bad-once-written OFFSET LENGTH as bad-read, from the first write that touches it on
 *   stuck OFFSET LENGTH            writes succeed there and change nothing
 *   wrap REAL                      a false capacity: address x is place x mod REAL
 *   drop REAL [BYTE]               a false capacity: from REAL on writes are forgotten and reads give BYTE
 * (00) dead-after BYTES               from then on (that many bytes were written) every call fails with
 * ENODEV dead-after-failures COUNT      the same, once that many calls have failed dead-on-flush the same,
 * from the next flush on dead                           the same, now delay MICROSECONDS             each
 * read and write takes that long, one after the other hang                           each read and write
 * waits until "heal" heal                           all of the above is over */
#define FUSE_USE_VERSION 35
#include <errno.h>
#include <fcntl.h>
#include <fuse.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum fault_kind { BAD_WRITE, BAD_WRITE_ONCE, BAD_READ, BAD_ONCE_WRITTEN, STUCK };
enum { FAULTS_MAXIMUM = 16384, TRANSFER_BYTES = 1024 * 1024 };

struct fault {
	enum fault_kind kind;
	uint64_t start;
	uint64_t length;
	bool written; /* or tried to */
};

static struct {
	pthread_mutex_t lock;
	pthread_cond_t healed;
	pthread_mutex_t turn; /* a delayed medium does one thing at a time */
	uint64_t size_bytes;
	unsigned char *bytes;

	struct fault faults[FAULTS_MAXIMUM];
	size_t fault_count;
	uint64_t wrap_bytes; /* 0 = no */
	uint64_t real_bytes; /* of drop; UINT64_MAX = no */
	unsigned char filler;
	uint64_t dead_after_bytes;
	uint64_t dead_after_failures;
	bool dead_on_flush;
	bool dead;
	bool hangs;
	useconds_t delay_us;

	uint64_t written_bytes;
	uint64_t writes, reads, flushes, failures;

	char *journal;
	size_t journal_length, journal_capacity;
} rig = {
    .lock = PTHREAD_MUTEX_INITIALIZER, .healed = PTHREAD_COND_INITIALIZER, .turn = PTHREAD_MUTEX_INITIALIZER};

/* ── Commands ── */

static void heal(void)
{
	rig.fault_count = 0;
	rig.wrap_bytes = 0;
	rig.real_bytes = rig.dead_after_bytes = rig.dead_after_failures = UINT64_MAX;
	rig.dead_on_flush = rig.dead = rig.hangs = false;
	rig.delay_us = 0;
	(void)pthread_cond_broadcast(&rig.healed);
}

static bool add_fault(enum fault_kind kind, uint64_t start, uint64_t length)
{
	if (rig.fault_count == FAULTS_MAXIMUM || length == 0)
		return false;
	rig.faults[rig.fault_count++] = (struct fault){.kind = kind, .start = start, .length = length};
	return true;
}

static bool obey_fault(const char *word, int count, uint64_t start, uint64_t length)
{
	static const char *const words[] = {[BAD_WRITE] = "bad-write",
	    [BAD_WRITE_ONCE] = "bad-write-once",
	    [BAD_READ] = "bad-read",
	    [BAD_ONCE_WRITTEN] = "bad-once-written",
	    [STUCK] = "stuck"};
	for (size_t kind = 0; kind < sizeof words / sizeof *words; kind++)
		if (strcmp(word, words[kind]) == 0)
			return count == 3 && add_fault((enum fault_kind)kind, start, length);
	return false;
}

static bool obey_number(const char *word, uint64_t number)
{
	if (strcmp(word, "wrap") == 0 && number)
		rig.wrap_bytes = number;
	else if (strcmp(word, "drop") == 0)
		rig.real_bytes = number;
	else if (strcmp(word, "dead-after") == 0)
		rig.dead_after_bytes = rig.written_bytes + number;
	else if (strcmp(word, "dead-after-failures") == 0)
		rig.dead_after_failures = rig.failures + number;
	else if (strcmp(word, "delay") == 0)
		rig.delay_us = (useconds_t)number;
	else
		return false;
	return true;
}

static bool obey_word(const char *word)
{
	if (strcmp(word, "dead") == 0)
		rig.dead = true;
	else if (strcmp(word, "dead-on-flush") == 0)
		rig.dead_on_flush = true;
	else if (strcmp(word, "hang") == 0)
		rig.hangs = true;
	else if (strcmp(word, "heal") == 0)
		heal();
	else
		return false;
	return true;
}

/* One command; the lock is held. */
static bool obey(const char *line)
{
	char word[32] = "";
	unsigned long long first = 0, second = 0;
	int count = sscanf(line, "%31s %llu %llu", word, &first, &second);
	if (count == 1)
		return obey_word(word);
	if (count == 3 && strcmp(word, "drop") == 0)
		rig.filler = (unsigned char)second;
	else if (count == 3)
		return obey_fault(word, count, first, second);
	return count >= 2 && obey_number(word, first);
}

/* ── The medium ── */

static void note(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void note(const char *format, ...)
{
	char line[64];
	va_list arguments;
	va_start(arguments, format);
	size_t length = (size_t)vsnprintf(line, sizeof line, format, arguments);
	va_end(arguments);
	if (rig.journal_length + length > rig.journal_capacity) {
		size_t capacity = rig.journal_capacity ? 2 * rig.journal_capacity : 65536;
		char *journal = realloc(rig.journal, capacity);
		if (!journal)
			abort();
		rig.journal = journal;
		rig.journal_capacity = capacity;
	}
	memcpy(rig.journal + rig.journal_length, line, length);
	rig.journal_length += length;
}

static bool touches(const struct fault *fault, uint64_t start, size_t length)
{
	return fault->start < start + length && fault->start + fault->length > start;
}

static bool is_bad_now(struct fault *fault, bool writing)
{
	bool first = !fault->written;
	fault->written |= writing;
	switch (fault->kind) {
	case BAD_WRITE:
		return writing;
	case BAD_WRITE_ONCE:
		return writing && first;
	case BAD_READ:
		return !writing;
	case BAD_ONCE_WRITTEN:
		return !writing && !first;
	case STUCK:
		return false;
	}
	return false;
}

static bool is_bad(bool writing, uint64_t start, size_t length)
{
	bool bad = false;
	for (size_t i = 0; i < rig.fault_count; i++)
		bad |= touches(&rig.faults[i], start, length) && is_bad_now(&rig.faults[i], writing);
	return bad;
}

static bool is_stuck(uint64_t start, size_t length)
{
	for (size_t i = 0; i < rig.fault_count; i++)
		if (rig.faults[i].kind == STUCK && touches(&rig.faults[i], start, length))
			return true;
	return false;
}

/* How many bytes from this address on lie side by side in the memory, and where; 0 when they are nowhere. */
static size_t place_of(uint64_t address, size_t length, uint64_t *place)
{
	*place = rig.wrap_bytes ? address % rig.wrap_bytes : address;
	uint64_t end = rig.wrap_bytes ? rig.wrap_bytes : rig.real_bytes;
	if (*place >= end)
		return 0;
	return length < end - *place ? length : (size_t)(end - *place);
}

static void store(const char *data, size_t length, uint64_t start)
{
	uint64_t place;
	while (length) {
		size_t part = place_of(start, is_stuck(start, length) ? 1 : length, &place);
		if (part == 0)
			return; /* from here on all is forgotten */
		if (part > 1 || !is_stuck(start, 1))
			memcpy(rig.bytes + place, data, part);
		data += part;
		start += part;
		length -= part;
	}
}

static void load(char *data, size_t length, uint64_t start)
{
	while (length) {
		uint64_t place;
		size_t part = place_of(start, length, &place);
		if (part)
			memcpy(data, rig.bytes + place, part);
		else
			memset(data, rig.filler, part = length);
		data += part;
		start += part;
		length -= part;
	}
}

/* The lock is held. */
static int transfer(bool writing, char *data, size_t length, uint64_t start)
{
	int status = (int)length;
	if (writing && rig.written_bytes + length > rig.dead_after_bytes)
		rig.dead = true;
	if (rig.failures >= rig.dead_after_failures)
		rig.dead = true;
	if (rig.dead)
		status = -ENODEV;
	else if (is_bad(writing, start, length))
		status = -EIO;
	else if (writing)
		store(data, length, start);
	else
		load(data, length, start);
	rig.failures += status < 0;
	*(writing ? &rig.writes : &rig.reads) += 1;
	if (writing && status > 0)
		rig.written_bytes += length;
	char letter = writing ? 'w' : 'r';
	note("%c %llu %zu\n", status < 0 ? letter - 'a' + 'A' : letter, (unsigned long long)start, length);
	return status;
}

static int use_medium(bool writing, char *data, size_t length, uint64_t start)
{
	if (start >= rig.size_bytes)
		return writing ? -ENOSPC : 0;
	if (length > rig.size_bytes - start)
		length = (size_t)(rig.size_bytes - start);
	useconds_t delay_us = rig.delay_us;
	if (delay_us) {
		(void)pthread_mutex_lock(&rig.turn);
		(void)usleep(delay_us);
		(void)pthread_mutex_unlock(&rig.turn);
	}
	(void)pthread_mutex_lock(&rig.lock);
	while (rig.hangs)
		(void)pthread_cond_wait(&rig.healed, &rig.lock);
	int status = transfer(writing, data, length, start);
	(void)pthread_mutex_unlock(&rig.lock);
	return status;
}

/* ── The files ── */

enum { DISK = 1, CONTROL, JOURNAL };
static const char *const names[] = {[DISK] = "/disk", [CONTROL] = "/control", [JOURNAL] = "/journal"};

static int file_of(const char *path)
{
	for (int i = DISK; i <= JOURNAL; i++)
		if (strcmp(path, names[i]) == 0)
			return i;
	return -ENOENT;
}

static int on_getattr(const char *path, struct stat *status, struct fuse_file_info *info)
{
	(void)info;
	*status = (struct stat){.st_nlink = 1, .st_uid = getuid(), .st_gid = getgid(), .st_ino = 1};
	if (strcmp(path, "/") == 0) {
		status->st_mode = S_IFDIR | 0700;
		return 0;
	}
	int file = file_of(path);
	if (file < 0)
		return file;
	status->st_mode = S_IFREG | 0600;
	status->st_ino = (ino_t)file + 1;
	status->st_size = file == DISK ? (off_t)rig.size_bytes : 0;
	return 0;
}

static int on_readdir(const char *path, void *buffer, fuse_fill_dir_t fill, off_t offset,
    struct fuse_file_info *info, enum fuse_readdir_flags flags)
{
	(void)path, (void)offset, (void)info, (void)flags;
	for (int i = DISK; i <= JOURNAL; i++)
		(void)fill(buffer, names[i] + 1, NULL, 0, 0);
	return 0;
}

static int on_open(const char *path, struct fuse_file_info *info)
{
	int file = file_of(path);
	info->direct_io = 1;
	return file < 0 ? file : 0;
}

static int on_truncate(const char *path, off_t size, struct fuse_file_info *info)
{
	(void)info, (void)size;
	return file_of(path) == DISK ? -EPERM : 0;
}

static int tell_text(const char *text, size_t length, char *data, size_t wanted, uint64_t offset)
{
	if (offset >= length)
		return 0;
	size_t part = wanted < length - offset ? wanted : (size_t)(length - offset);
	memcpy(data, text + offset, part);
	return (int)part;
}

static int on_read(const char *path, char *data, size_t length, off_t offset, struct fuse_file_info *info)
{
	char text[256];
	int told = 0;
	(void)info;
	if (file_of(path) == DISK)
		return use_medium(false, data, length, (uint64_t)offset);
	(void)pthread_mutex_lock(&rig.lock);
	if (file_of(path) == JOURNAL) {
		told = tell_text(rig.journal, rig.journal_length, data, length, (uint64_t)offset);
	} else {
		int size = snprintf(text, sizeof text,
		    "writes %llu\nreads %llu\nflushes %llu\nfailures %llu\nwritten_bytes %llu\ndead %d\n",
		    (unsigned long long)rig.writes, (unsigned long long)rig.reads,
		    (unsigned long long)rig.flushes, (unsigned long long)rig.failures,
		    (unsigned long long)rig.written_bytes, (int)rig.dead);
		told = tell_text(text, (size_t)size, data, length, (uint64_t)offset);
	}
	(void)pthread_mutex_unlock(&rig.lock);
	return told;
}

/* Whole lines; one that is not understood fails the write, so that a test's typing error is seen. */
static int take_commands(const char *data, size_t length)
{
	char *text = strndup(data, length);
	char *rest = NULL;
	bool understood = text != NULL;
	(void)pthread_mutex_lock(&rig.lock);
	for (char *line = text ? strtok_r(text, "\n", &rest) : NULL; line; line = strtok_r(NULL, "\n", &rest))
		understood &= obey(line);
	(void)pthread_mutex_unlock(&rig.lock);
	free(text);
	return understood ? (int)length : -EINVAL;
}

static int on_write(
    const char *path, const char *data, size_t length, off_t offset, struct fuse_file_info *info)
{
	(void)info;
	switch (file_of(path)) {
	case DISK:
		return use_medium(true, (char *)data, length, (uint64_t)offset);
	case CONTROL:
		return take_commands(data, length);
	default:
		return -EPERM;
	}
}

static int on_fsync(const char *path, int data_only, struct fuse_file_info *info)
{
	(void)data_only, (void)info;
	if (file_of(path) != DISK)
		return 0;
	(void)pthread_mutex_lock(&rig.lock);
	rig.dead |= rig.dead_on_flush;
	rig.flushes++;
	int status = rig.dead ? -ENODEV : 0;
	note("%s\n", status < 0 ? "F" : "f");
	(void)pthread_mutex_unlock(&rig.lock);
	return status;
}

static void *on_init(struct fuse_conn_info *connection, struct fuse_config *config)
{
	connection->max_write = TRANSFER_BYTES;
	config->use_ino = 1;
	config->attr_timeout = config->entry_timeout = 3600;
	return NULL;
}

static const struct fuse_operations operations = {.init = on_init,
    .getattr = on_getattr,
    .readdir = on_readdir,
    .open = on_open,
    .truncate = on_truncate,
    .read = on_read,
    .write = on_write,
    .fsync = on_fsync};

/* ── Starting ── */

static bool hold_bytes(const char *path)
{
	int descriptor = -1;
	int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
	if (path) {
		flags = MAP_SHARED;
		descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
		if (descriptor < 0 || ftruncate(descriptor, (off_t)rig.size_bytes) < 0)
			return false;
	}
	void *bytes = mmap(NULL, rig.size_bytes, PROT_READ | PROT_WRITE, flags, descriptor, 0);
	if (descriptor >= 0)
		(void)close(descriptor); /* the mapping stays, and nobody has the file open */
	rig.bytes = bytes;
	return bytes != MAP_FAILED;
}

static int usage(void)
{
	(void)fprintf(stderr, "usage: faulty SIZE MOUNTPOINT [--back FILE] [COMMAND…]\n");
	return 2;
}

int main(int argc, char **argv)
{
	const char *back = NULL;
	int next = 3;
	if (argc < 3 || (rig.size_bytes = strtoull(argv[1], NULL, 10)) == 0)
		return usage();
	if (argc > 4 && strcmp(argv[3], "--back") == 0) {
		back = argv[4];
		next = 5;
	}
	heal();
	for (; next < argc; next++)
		if (!obey(argv[next])) {
			(void)fprintf(stderr, "faulty: what is '%s'?\n", argv[next]);
			return usage();
		}
	if (!hold_bytes(back)) {
		perror("faulty");
		return 3;
	}
	/* In the foreground it would have to be waited for; daemonised it is mounted when this returns. */
	char *words[] = {argv[0], argv[2], "-o", "fsname=faulty", NULL};
	return fuse_main(4, words, &operations, NULL);
}
