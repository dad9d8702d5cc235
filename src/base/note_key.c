#include "src/base/note_key.h"

#include "src/base/base64.h"
#include "src/base/crypto.h"
#include "src/base/file.h"
#include "src/base/secret.h"
#include "src/base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <string.h>

enum { ED25519 = 0x01 }; /* the type of signature, the byte before the key */

struct note_signer {
	struct note_verifier verifier;
	EVP_PKEY *key;
};

static void cleanup_bio(BIO *const *bio)
{
	BIO_free_all(*bio);
}

static void cleanup_key(EVP_PKEY *const *key)
{
	EVP_PKEY_free(*key);
}

static void cleanup_digest(EVP_MD_CTX *const *digest)
{
	EVP_MD_CTX_free(*digest);
}

/* ── Names and verifier keys ── */

/* Unicode's White_Space beyond ASCII; ASCII's are control characters and U+0020. */
static bool is_unicode_space(uint32_t point)
{
	return point == 0x20 || point == 0x85 || point == 0xa0 || point == 0x1680 ||
	       (point >= 0x2000 && point <= 0x200a) || point == 0x2028 || point == 0x2029 ||
	       point == 0x202f || point == 0x205f || point == 0x3000;
}

bool note_name_is_valid(const char *name, size_t length)
{
	if (length == 0 || length >= NOTE_NAME_SIZE)
		return false;
	while (length) {
		uint32_t point;
		size_t size = text_decode(name, length, &point);
		if (size == 0 || point < 0x20 || point == '+' || is_unicode_space(point))
			return false;
		name += size;
		length -= size;
	}
	return true;
}

static int compute_id(struct note_verifier *verifier, struct error *error)
{
	unsigned char bytes[NOTE_NAME_SIZE + 2 + NOTE_PUBLIC_KEY_BYTES];
	size_t length = strlen(verifier->name);
	memcpy(bytes, verifier->name, length);
	bytes[length++] = '\n';
	bytes[length++] = ED25519;
	memcpy(bytes + length, verifier->public_key, NOTE_PUBLIC_KEY_BYTES);
	unsigned char digest[SHA256_BYTES];
	int status = crypto_sha256(bytes, length + NOTE_PUBLIC_KEY_BYTES, digest, error);
	if (status == 0)
		memcpy(verifier->id, digest, sizeof verifier->id);
	return status;
}

static int refuse_verifier(struct error *error)
{
	return error_refuse(error, EINVAL, _("this is not the public key of a register (NAME+ID+KEY)"));
}

int note_parse_verifier(const char *text, size_t length, struct note_verifier *verifier, struct error *error)
{
	enum { ID_DIGITS = 2 * NOTE_KEY_ID_BYTES };
	const char *plus = memchr(text, '+', length);
	if (!plus || !note_name_is_valid(text, (size_t)(plus - text)))
		return refuse_verifier(error);
	struct note_verifier parsed = {0};
	memcpy(parsed.name, text, (size_t)(plus - text));
	const char *digits = plus + 1;
	size_t rest = length - (size_t)(digits - text);
	char id[ID_DIGITS + 1] = {0};
	unsigned char claimed[NOTE_KEY_ID_BYTES];
	unsigned char key[1 + NOTE_PUBLIC_KEY_BYTES];
	if (rest < ID_DIGITS + 1 || digits[ID_DIGITS] != '+')
		return refuse_verifier(error);
	memcpy(id, digits, ID_DIGITS);
	if (text_read_hex(id, claimed, sizeof claimed) < 0 ||
	    base64_read(digits + ID_DIGITS + 1, rest - ID_DIGITS - 1, key, sizeof key) < 0 ||
	    key[0] != ED25519)
		return refuse_verifier(error);
	memcpy(parsed.public_key, key + 1, NOTE_PUBLIC_KEY_BYTES);
	int status = compute_id(&parsed, error);
	if (status < 0)
		return status;
	if (memcmp(parsed.id, claimed, sizeof claimed) != 0)
		return refuse_verifier(error);
	*verifier = parsed;
	return 0;
}

void note_write_verifier(const struct note_verifier *verifier, struct buffer *out)
{
	unsigned char key[1 + NOTE_PUBLIC_KEY_BYTES] = {ED25519};
	memcpy(key + 1, verifier->public_key, NOTE_PUBLIC_KEY_BYTES);
	buffer_printf(out, "%s+", verifier->name);
	text_append_hex(out, verifier->id, sizeof verifier->id);
	buffer_append_text(out, "+");
	base64_append(out, key, sizeof key);
}

/* ── Signers ── */

static int describe_key(const char *name, EVP_PKEY *key, struct note_verifier *verifier, struct error *error)
{
	size_t length = NOTE_PUBLIC_KEY_BYTES;
	if (!note_name_is_valid(name, strlen(name)))
		return error_refuse(error, EINVAL, _("a register cannot be named '%s'"), name);
	(void)strcpy(verifier->name, name);
	if (EVP_PKEY_get_raw_public_key(key, verifier->public_key, &length) != 1 ||
	    length != NOTE_PUBLIC_KEY_BYTES)
		return error_set(error, EIO, _("OpenSSL gave no public key"));
	return compute_id(verifier, error);
}

static int make_signer(const char *name, EVP_PKEY *key, struct note_signer **signer, struct error *error)
{
	struct note_verifier verifier = {0};
	int status = describe_key(name, key, &verifier, error);
	if (status < 0)
		return status;
	struct note_signer *made = calloc(1, sizeof *made);
	if (!made || EVP_PKEY_up_ref(key) != 1) {
		free(made);
		return error_set(error, ENOMEM, _("out of memory"));
	}
	made->verifier = verifier;
	made->key = key;
	*signer = made;
	return 0;
}

int note_make_signer(const char *name, struct note_signer **signer, struct error *error)
{
	CLEANUP(cleanup_key) EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	if (!key)
		return error_set(error, EIO, _("OpenSSL could not make an Ed25519 key"));
	return make_signer(name, key, signer, error);
}

int note_save_signer(const struct note_signer *signer, const char *path, struct error *error)
{
	CLEANUP(cleanup_bio) BIO *memory = BIO_new(BIO_s_secmem());
	char *pem;
	if (!memory || PEM_write_bio_PKCS8PrivateKey(memory, signer->key, NULL, NULL, 0, NULL, NULL) != 1)
		return error_set(error, EIO, _("OpenSSL could not write the key %s"), path);
	long length = BIO_get_mem_data(memory, &pem);
	return file_replace(path, pem, (size_t)length, 0600, error);
}

static int read_secret_file(const char *path, struct secret *secret, struct error *error)
{
	CLEANUP_CLOSE int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW);
	if (descriptor < 0)
		return error_system(error, errno, _("could not open %s"), path);
	int status = secret_allocate(secret, error);
	while (status == 0 && secret->length < SECRET_CAPACITY - 1) {
		ssize_t got =
		    read(descriptor, secret->bytes + secret->length, SECRET_CAPACITY - 1 - secret->length);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return error_system(error, errno, _("could not read %s"), path);
		if (got == 0)
			break;
		secret->length += (size_t)got;
	}
	return status;
}

/* OpenSSL asks on the terminal when there is no callback. */
static int refuse_passphrase(char *buffer, int size, int writing, void *context)
{
	(void)buffer, (void)size, (void)writing, (void)context;
	return -1;
}

int note_load_signer(const char *name, const char *path, struct note_signer **signer, struct error *error)
{
	CLEANUP_SECRET struct secret pem = SECRET_EMPTY;
	int status = read_secret_file(path, &pem, error);
	if (status < 0)
		return status;
	CLEANUP(cleanup_bio) BIO *memory = BIO_new_mem_buf(pem.bytes, (int)pem.length);
	if (!memory)
		return error_set(error, ENOMEM, _("out of memory"));
	CLEANUP(cleanup_key) EVP_PKEY *key = PEM_read_bio_PrivateKey(memory, NULL, refuse_passphrase, NULL);
	if (!key || !EVP_PKEY_is_a(key, "ED25519"))
		return error_set(error, EBADMSG, _("%s holds no Ed25519 private key"), path);
	return make_signer(name, key, signer, error);
}

const struct note_verifier *note_signer_verifier(const struct note_signer *signer)
{
	return &signer->verifier;
}

void note_release_signer(struct note_signer **signer)
{
	if (!*signer)
		return;
	EVP_PKEY_free((*signer)->key);
	free(*signer);
	*signer = NULL;
}

int note_sign_bytes(const struct note_signer *signer, const void *bytes, size_t length,
    unsigned char signature[NOTE_SIGNATURE_BYTES], struct error *error)
{
	CLEANUP(cleanup_digest) EVP_MD_CTX *digest = EVP_MD_CTX_new();
	size_t size = NOTE_SIGNATURE_BYTES;
	if (!digest || EVP_DigestSignInit(digest, NULL, NULL, NULL, signer->key) != 1 ||
	    EVP_DigestSign(digest, signature, &size, bytes, length) != 1 || size != NOTE_SIGNATURE_BYTES)
		return error_set(error, EIO, _("OpenSSL could not sign as %s"), signer->verifier.name);
	return 0;
}

bool note_verify_bytes(const struct note_verifier *verifier, const void *bytes, size_t length,
    const unsigned char signature[NOTE_SIGNATURE_BYTES])
{
	CLEANUP(cleanup_digest) EVP_MD_CTX *digest = EVP_MD_CTX_new();
	CLEANUP(cleanup_key)
	EVP_PKEY *key =
	    EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, verifier->public_key, NOTE_PUBLIC_KEY_BYTES);
	return digest && key && EVP_DigestVerifyInit(digest, NULL, NULL, NULL, key) == 1 &&
	       EVP_DigestVerify(digest, signature, NOTE_SIGNATURE_BYTES, bytes, length) == 1;
}
