#include "src/base/secret.h"

#include "src/base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>

enum { PASSPHRASE_MAXIMUM = 1024, KEY_HEAP_BYTES = 65536, KEY_HEAP_SMALLEST = 32 };

/* A locked heap for OpenSSL's private keys. A child process finds it empty: its one block of the whole size
 * shows where it lies. Where it cannot be had (a tiny RLIMIT_MEMLOCK), OpenSSL uses the ordinary heap, which
 * PR_SET_DUMPABLE keeps out of core dumps all the same. */
static void prepare_key_heap(void)
{
	if (CRYPTO_secure_malloc_init(KEY_HEAP_BYTES, KEY_HEAP_SMALLEST) == 0)
		return;
	void *heap = OPENSSL_secure_malloc(KEY_HEAP_BYTES);
	if (heap && CRYPTO_secure_allocated(heap))
		(void)madvise(heap, KEY_HEAP_BYTES, MADV_WIPEONFORK);
	OPENSSL_secure_free(heap);
}

void secret_harden_process(void)
{
	const struct rlimit none = {0, 0};
	(void)setrlimit(RLIMIT_CORE, &none);
	(void)prctl(PR_SET_DUMPABLE, 0);
	prepare_key_heap();
}

int secret_allocate(struct secret *secret, struct error *error)
{
	char *bytes = mmap(NULL, SECRET_CAPACITY, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (bytes == MAP_FAILED)
		return error_system(error, errno, _("could not get memory for a secret"));
	if (mlock(bytes, SECRET_CAPACITY) < 0) {
		int cause = errno;
		munmap(bytes, SECRET_CAPACITY);
		return error_system(error, cause, _("could not lock memory for a secret"));
	}
	(void)madvise(bytes, SECRET_CAPACITY, MADV_DONTDUMP);
	(void)madvise(bytes, SECRET_CAPACITY, MADV_WIPEONFORK);
	secret->bytes = bytes;
	secret->length = 0;
	return 0;
}

static int check_passphrase(struct secret *secret, const char *what, struct error *error)
{
	if (secret->length && secret->bytes[secret->length - 1] == '\n')
		secret->length--;
	if (secret->length && secret->bytes[secret->length - 1] == '\r')
		secret->length--;
	secret->bytes[secret->length] = '\0';
	if (secret->length == 0)
		return error_refuse(error, EINVAL, _("%s holds no passphrase"), what);
	if (secret->length > PASSPHRASE_MAXIMUM)
		return error_refuse(error, EINVAL, _("the passphrase in %s is longer than %d bytes"), what,
		    PASSPHRASE_MAXIMUM);
	if (memchr(secret->bytes, '\0', secret->length) || memchr(secret->bytes, '\n', secret->length))
		return error_refuse(error, EINVAL, _("%s must hold the passphrase alone, on one line"), what);
	return 0;
}

int secret_read_descriptor(int descriptor, const char *what, struct secret *secret, struct error *error)
{
	int status = secret_allocate(secret, error);
	if (status < 0)
		return status;
	while (secret->length < SECRET_CAPACITY - 1) {
		ssize_t got =
		    read(descriptor, secret->bytes + secret->length, SECRET_CAPACITY - 1 - secret->length);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			status = error_system(error, errno, _("could not read the passphrase from %s"), what);
		if (got <= 0)
			break;
		secret->length += (size_t)got;
	}
	if (status == 0)
		status = check_passphrase(secret, what, error);
	if (status < 0)
		secret_release(secret);
	return status;
}

int secret_read_file(const char *path, struct secret *secret, struct error *error)
{
	CLEANUP_CLOSE int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (descriptor < 0) {
		int cause = errno;
		error_refuse(error, cause, _("could not open the passphrase file %s"), path);
		error_advise(error, "%s", strerror(cause));
		return error->code;
	}
	return secret_read_descriptor(descriptor, path, secret, error);
}

void secret_release(struct secret *secret)
{
	if (secret->bytes) {
		OPENSSL_cleanse(secret->bytes, SECRET_CAPACITY);
		munmap(secret->bytes, SECRET_CAPACITY);
	}
	*secret = SECRET_EMPTY;
}
