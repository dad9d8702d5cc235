#include "src/base/keystream.h"

#include "src/base/cleanup.h"

#include <errno.h>
#include <openssl/evp.h>
#include <string.h>

/* intel-ipsec-mb enciphers with VAES at twice the speed of OpenSSL 3.0's AES-NI; it exists for amd64 alone.
 */
#if __has_include(<intel-ipsec-mb.h>) && defined(__x86_64__)
#include <intel-ipsec-mb.h>
#define HAVE_MULTI_BUFFER 1
#else
#define HAVE_MULTI_BUFFER 0
#endif

/* Enciphered at once: the source stays in the first-level cache. */
enum { PIECE_BYTES = 32768 };

static const unsigned char zeros[PIECE_BYTES];

struct keystream {
	EVP_CIPHER_CTX *counter_mode;
	EVP_CIPHER_CTX *deciphering;
#if HAVE_MULTI_BUFFER
	IMB_MGR *manager; /* NULL where the processor or the library does not serve */
	unsigned char encryption_keys[15 * 16] __attribute__((aligned(64)));
	unsigned char decryption_keys[15 * 16] __attribute__((aligned(64)));
#endif
};

static void write_counter(uint64_t offset_bytes, unsigned char counter[KEYSTREAM_BLOCK_BYTES])
{
	uint64_t block = offset_bytes / KEYSTREAM_BLOCK_BYTES;
	memset(counter, 0, KEYSTREAM_BLOCK_BYTES);
	for (int i = 0; i < 8; i++)
		counter[15 - i] = (unsigned char)(block >> (8 * i));
}

/* ── By OpenSSL ── */

static void generate_by_openssl(
    struct keystream *stream, uint64_t offset_bytes, unsigned char *out, size_t length)
{
	unsigned char counter[KEYSTREAM_BLOCK_BYTES];
	write_counter(offset_bytes, counter);
	/* Neither call can fail once the key is set: the arguments are in range. */
	EVP_EncryptInit_ex(stream->counter_mode, NULL, NULL, NULL, counter);
	while (length) {
		int piece = length < PIECE_BYTES ? (int)length : PIECE_BYTES;
		int made;
		EVP_EncryptUpdate(stream->counter_mode, out, &made, zeros, piece);
		out += piece;
		length -= (size_t)piece;
	}
}

/* ── By intel-ipsec-mb ── */

#if HAVE_MULTI_BUFFER
/* Its counter is the last 32 bits of the block: a piece must not run over a multiple of 2^32 blocks. */
static bool encipher_piece(struct keystream *stream, uint64_t offset_bytes, unsigned char *out, size_t length)
{
	unsigned char counter[KEYSTREAM_BLOCK_BYTES];
	IMB_JOB *job = IMB_GET_NEXT_JOB(stream->manager);
	write_counter(offset_bytes, counter);
	memset(job, 0, sizeof *job);
	job->cipher_mode = IMB_CIPHER_CNTR;
	job->cipher_direction = IMB_DIR_ENCRYPT;
	job->chain_order = IMB_ORDER_CIPHER_HASH;
	job->hash_alg = IMB_AUTH_NULL;
	job->enc_keys = stream->encryption_keys;
	job->dec_keys = stream->decryption_keys;
	job->key_len_in_bytes = KEYSTREAM_KEY_BYTES;
	job->src = zeros;
	job->dst = out;
	job->iv = counter;
	job->iv_len_in_bytes = sizeof counter;
	job->msg_len_to_cipher_in_bytes = length;
	job = IMB_SUBMIT_JOB(stream->manager);
	return job && job->status == IMB_STATUS_COMPLETED;
}

static bool generate_by_manager(
    struct keystream *stream, uint64_t offset_bytes, unsigned char *out, size_t length)
{
	while (length) {
		size_t piece = PIECE_BYTES - offset_bytes % PIECE_BYTES;
		piece = piece < length ? piece : length;
		if (!encipher_piece(stream, offset_bytes, out, piece))
			return false;
		out += piece;
		offset_bytes += piece;
		length -= piece;
	}
	return true;
}

/* Used only where it has shown that it makes the same bytes. */
static void start_manager(struct keystream *stream, const unsigned char key[KEYSTREAM_KEY_BYTES])
{
	unsigned char ours[256];
	unsigned char theirs[256];
	const uint64_t places[] = {0, 4096, (UINT64_C(1) << 36) - 128, UINT64_C(1) << 40};
	IMB_ARCH architecture;
	IMB_MGR *manager = alloc_mb_mgr(0);
	if (!manager)
		return;
	init_mb_mgr_auto(manager, &architecture);
	stream->manager = manager;
	bool good = architecture >= IMB_ARCH_AVX2 && imb_get_errno(manager) == 0;
	if (good)
		IMB_AES_KEYEXP_256(manager, key, stream->encryption_keys, stream->decryption_keys);
	for (size_t i = 0; good && i < LENGTH_OF(places); i++) {
		generate_by_openssl(stream, places[i], ours, sizeof ours);
		good = generate_by_manager(stream, places[i], theirs, sizeof theirs) &&
		       memcmp(ours, theirs, sizeof ours) == 0;
	}
	if (!good) {
		stream->manager = NULL;
		free_mb_mgr(manager);
	}
}

static void stop_manager(struct keystream *stream)
{
	if (stream->manager)
		free_mb_mgr(stream->manager);
}
#else
static void start_manager(struct keystream *stream, const unsigned char key[KEYSTREAM_KEY_BYTES])
{
	(void)stream;
	(void)key;
}

static void stop_manager(struct keystream *stream)
{
	(void)stream;
}
#endif

/* ── Both ── */

int keystream_open(
    const unsigned char key[KEYSTREAM_KEY_BYTES], struct keystream **stream, struct error *error)
{
	struct keystream *made = aligned_alloc(64, (sizeof *made + 63) / 64 * 64);
	if (!made)
		return error_set(error, ENOMEM, _("out of memory"));
	*made = (struct keystream){.counter_mode = EVP_CIPHER_CTX_new(), .deciphering = EVP_CIPHER_CTX_new()};
	if (!made->counter_mode || !made->deciphering ||
	    EVP_EncryptInit_ex(made->counter_mode, EVP_aes_256_ctr(), NULL, key, NULL) != 1 ||
	    EVP_DecryptInit_ex(made->deciphering, EVP_aes_256_ecb(), NULL, key, NULL) != 1 ||
	    EVP_CIPHER_CTX_set_padding(made->deciphering, 0) != 1) {
		keystream_close(&made);
		return error_set(error, EIO, _("OpenSSL could not start AES-256"));
	}
	start_manager(made, key);
	*stream = made;
	return 0;
}

void keystream_close(struct keystream **stream)
{
	if (!*stream)
		return;
	stop_manager(*stream);
	EVP_CIPHER_CTX_free((*stream)->counter_mode);
	EVP_CIPHER_CTX_free((*stream)->deciphering);
	free(*stream);
	*stream = NULL;
}

void keystream_generate(struct keystream *stream, uint64_t offset_bytes, void *out, size_t length)
{
#if HAVE_MULTI_BUFFER
	if (stream->manager && generate_by_manager(stream, offset_bytes, out, length))
		return;
#endif
	generate_by_openssl(stream, offset_bytes, out, length);
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
