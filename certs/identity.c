#include "certs/identity.h"

#include "certs/authority.h"
#include "certs/chain.h"
#include "certs/key_file.h"
#include "certs/ossl.h"
#include "src/base/file.h"

#include <errno.h>
#include <openssl/pem.h>

struct identity {
	X509 *certificate;
	X509 *ca;
	EVP_PKEY *key;
	struct buffer name;
	struct buffer title;
};

struct paths {
	char *keys;
	char *ca;
	char *ca_key;
	char *certificate;
	char *key;
};

static void release_paths(struct paths *paths)
{
	free(paths->keys);
	free(paths->ca);
	free(paths->ca_key);
	free(paths->certificate);
	free(paths->key);
}

static int find_paths(const char *home, struct paths *paths, struct error *error)
{
	paths->keys = file_join(home, "keys");
	paths->ca = file_join(home, "ca.pem");
	paths->ca_key = file_join(home, "keys/ca.key");
	paths->certificate = file_join(home, "keys/operator.pem");
	paths->key = file_join(home, "keys/operator.key");
	if (paths->keys && paths->ca && paths->ca_key && paths->certificate && paths->key)
		return 0;
	return error_set(error, ENOMEM, _("out of memory"));
}

static int write_certificate(const char *path, X509 *certificate, struct error *error)
{
	OSSL_BIO pem = BIO_new(BIO_s_mem());
	char *bytes;
	if (!pem || PEM_write_bio_X509(pem, certificate) != 1)
		return ossl_fail(error, EIO, _("could not write the certificate %s"), path);
	long length = BIO_get_mem_data(pem, &bytes);
	return file_replace(path, bytes, (size_t)length, 0600, error);
}

static int make_identity(const struct paths *paths, const char *organisation, const char *operator_name,
    const char *operator_title, const struct secret *passphrase, struct error *error)
{
	OSSL_KEY ca_key = NULL;
	OSSL_KEY key = NULL;
	OSSL_X509 ca = NULL;
	OSSL_X509 certificate = NULL;
	time_t now = time(NULL);
	int status = authority_make_key(&ca_key, error);
	if (status == 0)
		status = authority_make_ca(organisation, ca_key, now, &ca, error);
	if (status == 0)
		status = authority_make_key(&key, error);
	if (status == 0)
		status = authority_issue_operator(
		    ca, ca_key, organisation, operator_name, operator_title, key, now, &certificate, error);
	if (status == 0)
		status = key_file_write(paths->ca_key, ca_key, passphrase, error);
	if (status == 0)
		status = write_certificate(paths->ca, ca, error);
	if (status == 0)
		status = key_file_write(paths->key, key, passphrase, error);
	if (status == 0)
		status = write_certificate(paths->certificate, certificate, error);
	return status;
}

int identity_setup(const char *home, const char *organisation, const char *operator_name,
    const char *operator_title, const struct secret *passphrase, struct error *error)
{
	CLEANUP(release_paths) struct paths paths = {0};
	int status = find_paths(home, &paths, error);
	if (status == 0)
		status = authority_check_name(organisation, _("the organisation's name"), error);
	if (status == 0)
		status = authority_check_name(operator_name, _("the operator's name"), error);
	if (status == 0)
		status = authority_check_name(operator_title, _("the operator's title"), error);
	if (status == 0)
		status = file_make_directory(paths.keys, 0700, error);
	if (status < 0)
		return status;
	/* A key that was replaced would take the proof of all it had signed with it. */
	if (file_exists(paths.ca_key) || file_exists(paths.key))
		return error_refuse(error, EEXIST, _("there are keys in %s already"), paths.keys);
	return make_identity(&paths, organisation, operator_name, operator_title, passphrase, error);
}

int identity_describe(const char *home, json_t **ca, json_t **operator_, struct error *error)
{
	CLEANUP(release_paths) struct paths paths = {0};
	OSSL_X509 ca_certificate = NULL;
	OSSL_X509 certificate = NULL;
	int status = find_paths(home, &paths, error);
	if (status == 0)
		status = chain_read_certificate(paths.ca, &ca_certificate, error);
	if (status == 0)
		status = chain_read_certificate(paths.certificate, &certificate, error);
	if (status < 0)
		return status;
	*ca = chain_to_json(ca_certificate, "ca");
	*operator_ = chain_to_json(certificate, "operator");
	if (*ca && *operator_)
		return 0;
	json_decref(*ca);
	json_decref(*operator_);
	return error_set(error, EBADMSG, _("could not describe the certificates in %s"), home);
}

static int load(const struct paths *paths, const struct secret *passphrase, struct identity *identity,
    struct error *error)
{
	if (!file_exists(paths->key)) {
		error_refuse(error, ENOENT, _("there is no operator's key %s"), paths->key);
		error_advise(error, _("set this machine up first: `kiyome setup`"));
		return error->code;
	}
	int status = chain_read_certificate(paths->ca, &identity->ca, error);
	if (status == 0)
		status = chain_read_certificate(paths->certificate, &identity->certificate, error);
	if (status == 0)
		status = key_file_read(paths->key, passphrase, &identity->key, error);
	if (status < 0)
		return status;
	chain_append_name(identity->certificate, NID_commonName, &identity->name);
	chain_append_name(identity->certificate, NID_title, &identity->title);
	status = buffer_check(&identity->name, error);
	return status < 0 ? status : buffer_check(&identity->title, error);
}

static int check(const struct paths *paths, struct identity *identity, struct error *error)
{
	if (X509_check_private_key(identity->certificate, identity->key) != 1) {
		ossl_fail(error, EKEYREJECTED, "%s", "");
		return error_refuse(error, EKEYREJECTED,
		    _("the key %s does not belong to the certificate %s"), paths->key, paths->certificate);
	}
	int status = chain_verify(identity->certificate, identity->ca, time(NULL), error);
	if (status == -EKEYEXPIRED || status == -EKEYREJECTED)
		error->blame = ERROR_REFUSED;
	if (status == -EKEYEXPIRED)
		error_advise(error,
		    _("check this machine's clock; nothing is signed with a certificate out of its time"));
	return status;
}

int identity_open(
    const char *home, const struct secret *passphrase, struct identity **identity, struct error *error)
{
	CLEANUP(release_paths) struct paths paths = {0};
	CLEANUP(identity_close) struct identity *made = calloc(1, sizeof *made);
	int status = made ? find_paths(home, &paths, error) : error_set(error, ENOMEM, _("out of memory"));
	if (status == 0)
		status = load(&paths, passphrase, made, error);
	if (status == 0)
		status = check(&paths, made, error);
	if (status == 0) {
		*identity = made;
		made = NULL;
	}
	return status;
}

void identity_close(struct identity **identity)
{
	if (!*identity)
		return;
	X509_free((*identity)->certificate);
	X509_free((*identity)->ca);
	EVP_PKEY_free((*identity)->key);
	buffer_release(&(*identity)->name);
	buffer_release(&(*identity)->title);
	free(*identity);
	*identity = NULL;
}

const char *identity_name(const struct identity *identity)
{
	return buffer_text(&identity->name);
}

const char *identity_title(const struct identity *identity)
{
	return buffer_text(&identity->title);
}

X509 *identity_certificate(const struct identity *identity)
{
	return identity->certificate;
}

X509 *identity_ca(const struct identity *identity)
{
	return identity->ca;
}

EVP_PKEY *identity_key(const struct identity *identity)
{
	return identity->key;
}
