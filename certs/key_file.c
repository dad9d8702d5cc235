#include "certs/key_file.h"

#include "certs/ossl.h"
#include "src/base/file.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>

enum { SCRYPT_N = 16384, SCRYPT_R = 8, SCRYPT_P = 8, SCRYPT_SALT_BYTES = 16, KEY_FILE_LIMIT = 65536 };

OSSL_SCOPE(PKCS8_PRIV_KEY_INFO, plain, PKCS8_PRIV_KEY_INFO_free)
OSSL_SCOPE(X509_SIG, sealed, X509_SIG_free)

static X509_SIG *seal(const EVP_PKEY *key, const struct secret *passphrase)
{
	CLEANUP(ossl_release_plain) PKCS8_PRIV_KEY_INFO *plain = EVP_PKEY2PKCS8(key);
	/* Without a salt OpenSSL takes SCRYPT_SALT_BYTES random ones, and a random initialisation vector. */
	X509_ALGOR *scheme = PKCS5_pbe2_set_scrypt(
	    EVP_aes_256_cbc(), NULL, SCRYPT_SALT_BYTES, NULL, SCRYPT_N, SCRYPT_R, SCRYPT_P);
	X509_SIG *sealed = plain && scheme
			       ? PKCS8_set0_pbe(passphrase->bytes, (int)passphrase->length, plain, scheme)
			       : NULL;
	if (!sealed)
		X509_ALGOR_free(scheme);
	return sealed;
}

int key_file_write(
    const char *path, const EVP_PKEY *key, const struct secret *passphrase, struct error *error)
{
	CLEANUP(ossl_release_sealed) X509_SIG *sealed = seal(key, passphrase);
	OSSL_BIO pem = BIO_new(BIO_s_mem());
	char *bytes;
	if (!sealed || !pem || PEM_write_bio_PKCS8(pem, sealed) != 1)
		return ossl_fail(error, EIO, _("could not encrypt the private key for %s"), path);
	long length = BIO_get_mem_data(pem, &bytes);
	return file_replace(path, bytes, (size_t)length, 0600, error);
}

int key_file_read(const char *path, const struct secret *passphrase, EVP_PKEY **key, struct error *error)
{
	CLEANUP_BUFFER struct buffer text = BUFFER_EMPTY;
	int status = file_read(path, KEY_FILE_LIMIT, &text, error);
	if (status < 0)
		return status;
	OSSL_BIO pem = BIO_new_mem_buf(buffer_text(&text), (int)text.length);
	CLEANUP(ossl_release_sealed)
	X509_SIG *sealed = pem ? PEM_read_bio_PKCS8(pem, NULL, NULL, NULL) : NULL;
	if (!sealed)
		return ossl_fail(error, EBADMSG, _("%s holds no encrypted private key"), path);
	CLEANUP(ossl_release_plain)
	PKCS8_PRIV_KEY_INFO *plain = PKCS8_decrypt(sealed, passphrase->bytes, (int)passphrase->length);
	*key = plain ? EVP_PKCS82PKEY(plain) : NULL;
	if (*key)
		return 0;
	ERR_clear_error();
	error_refuse(error, EACCES, _("the passphrase does not open the private key %s"), path);
	error_advise(error, _("nothing was done; try again with the passphrase given at set-up"));
	return error->code;
}
