#include "src/base/crypto.h"

#include <errno.h>
#include <openssl/evp.h>
#include <string.h>
#include <sys/random.h>

int crypto_sha256(const void *bytes, size_t length, unsigned char digest[SHA256_BYTES], struct error *error)
{
	if (EVP_Digest(bytes, length, digest, NULL, EVP_sha256(), NULL) != 1)
		return error_set(error, EIO, _("OpenSSL could not compute a SHA-256"));
	return 0;
}

int crypto_random(void *bytes, size_t length, struct error *error)
{
	unsigned char *next = bytes;
	while (length) {
		ssize_t got = getrandom(next, length, 0);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return error_system(error, errno, _("the kernel gave no random bytes"));
		next += got;
		length -= (size_t)got;
	}
	return 0;
}
