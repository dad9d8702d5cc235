#include "src/base/crypto.h"

#include "src/base/cleanup.h"

#include <errno.h>
#include <openssl/evp.h>
#include <string.h>
#include <sys/random.h>

struct keystream {
	EVP_CIPHER_CTX *counter_mode;
	EVP_CIPHER_CTX *deciphering;
};

/* Small enough to stay in the first-level cache while the cipher reads it again and again. */
static const unsigned char zeros[16384];

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

int keystream_open(
    const unsigned char key[KEYSTREAM_KEY_BYTES], struct keystream **stream, struct error *error)
{
	struct keystream *made = calloc(1, sizeof *made);
	if (!made)
		return error_set(error, ENOMEM, _("out of memory"));
	made->counter_mode = EVP_CIPHER_CTX_new();
	made->deciphering = EVP_CIPHER_CTX_new();
	if (!made->counter_mode || !made->deciphering ||
	    EVP_EncryptInit_ex(made->counter_mode, EVP_aes_256_ctr(), NULL, key, NULL) != 1 ||
	    EVP_DecryptInit_ex(made->deciphering, EVP_aes_256_ecb(), NULL, key, NULL) != 1 ||
	    EVP_CIPHER_CTX_set_padding(made->deciphering, 0) != 1) {
		keystream_close(&made);
		return error_set(error, EIO, _("OpenSSL could not start AES-256"));
	}
	*stream = made;
	return 0;
}

void keystream_close(struct keystream **stream)
{
	if (!*stream)
		return;
	EVP_CIPHER_CTX_free((*stream)->counter_mode);
	EVP_CIPHER_CTX_free((*stream)->deciphering);
	free(*stream);
	*stream = NULL;
}

void keystream_generate(struct keystream *stream, uint64_t offset_bytes, void *out, size_t length)
{
	unsigned char counter[KEYSTREAM_BLOCK_BYTES] = {0};
	uint64_t block = offset_bytes / KEYSTREAM_BLOCK_BYTES;
	for (int i = 0; i < 8; i++)
		counter[15 - i] = (unsigned char)(block >> (8 * i));
	/* Neither call can fail once the key is set: the arguments are in range. */
	EVP_EncryptInit_ex(stream->counter_mode, NULL, NULL, NULL, counter);
	unsigned char *next = out;
	while (length) {
		int piece = length < sizeof zeros ? (int)length : (int)sizeof zeros;
		int made;
		EVP_EncryptUpdate(stream->counter_mode, next, &made, zeros, piece);
		next += piece;
		length -= (size_t)piece;
	}
}

bool keystream_locate(struct keystream *stream, const unsigned char block[KEYSTREAM_BLOCK_BYTES],
    uint64_t limit_bytes, uint64_t *offset_bytes)
{
	unsigned char counter[2 * KEYSTREAM_BLOCK_BYTES];
	int made;
	if (EVP_DecryptUpdate(stream->deciphering, counter, &made, block, KEYSTREAM_BLOCK_BYTES) != 1)
		return false;
	static const unsigned char high[8];
	if (memcmp(counter, high, sizeof high) != 0)
		return false;
	uint64_t number = 0;
	for (int i = 8; i < 16; i++)
		number = number << 8 | counter[i];
	if (number >= limit_bytes / KEYSTREAM_BLOCK_BYTES + 1)
		return false;
	*offset_bytes = number * KEYSTREAM_BLOCK_BYTES;
	return *offset_bytes < limit_bytes;
}
