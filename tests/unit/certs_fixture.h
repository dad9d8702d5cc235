/* A scratch home with an operator's identity, and proofs for made-up entries. */
#pragma once

#include "certs/certificate.h"
#include "certs/identity.h"
#include "src/base/file.h"
#include "src/base/merkle.h"
#include "src/base/note.h"
#include "src/base/tlog_proof.h"
#include "tests/unit/wipe_entry.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

/* needs what is above */
#include <cmocka.h>

#define OPERATOR_NAME "山﨑 花子"

/* Fails the test with the sentence, so that one sees what went wrong. */
#define assert_done(call, error)                                                                             \
	do {                                                                                                 \
		if ((call) < 0)                                                                              \
			fail_msg("%s", (error).sentence);                                                    \
	} while (0)

static inline char *fixture_home(void)
{
	char *home = strdup("/tmp/kiyome-test-XXXXXX");
	assert_non_null(mkdtemp(home));
	return home;
}

static inline void fixture_remove(char *home)
{
	char command[256];
	(void)snprintf(command, sizeof command, "rm -rf '%s'", home);
	assert_int_equal(system(command), 0);
	free(home);
}

static inline void fixture_secret(struct secret *secret, const char *text)
{
	struct error error = {0};
	assert_done(secret_allocate(secret, &error), error);
	secret->length = strlen(text);
	memcpy(secret->bytes, text, secret->length + 1);
}

static inline void fixture_setup(const char *home, const char *name)
{
	struct error error = {0};
	CLEANUP_SECRET struct secret secret = SECRET_EMPTY;
	fixture_secret(&secret, "Correct-Horse-7");
	assert_done(
	    identity_setup(home, "株式会社髙橋商事", name, "情報システム管理者", &secret, &error), error);
}

static inline struct identity *fixture_open(const char *home)
{
	struct error error = {0};
	struct identity *identity = NULL;
	CLEANUP_SECRET struct secret secret = SECRET_EMPTY;
	fixture_secret(&secret, "Correct-Horse-7");
	assert_done(identity_open(home, &secret, &identity, &error), error);
	return identity;
}

/* The proof that these bytes are the thirteenth of thirteen records. */
static inline void fixture_prove(const struct buffer *entry, struct buffer *proof)
{
	struct error error = {0};
	struct merkle_frontier frontier = {0};
	struct merkle_hash leaf;
	for (int i = 0; i < 12; i++) {
		char text = (char)('a' + i);
		assert_done(merkle_hash_leaf(&text, 1, &leaf, &error), error);
		assert_done(merkle_append(&frontier, &leaf, NULL, NULL, &error), error);
	}
	/* The last leaf's siblings are the peaks of the twelve before it, the smaller first. */
	struct merkle_path path = {.count = 2, .hashes = {frontier.peaks[2], frontier.peaks[3]}};
	assert_done(merkle_hash_leaf(entry->data, entry->length, &leaf, &error), error);
	assert_done(merkle_append(&frontier, &leaf, NULL, NULL, &error), error);
	struct note_checkpoint checkpoint = {.origin = "k3f9a12.kiyome", .size = 13};
	assert_done(merkle_root(&frontier, &checkpoint.root, &error), error);
	CLEANUP_BUFFER struct buffer text = BUFFER_EMPTY;
	CLEANUP_BUFFER struct buffer note = BUFFER_EMPTY;
	struct note_signer *signer = NULL;
	note_write_checkpoint(&checkpoint, &text);
	assert_done(note_make_signer("k3f9a12.kiyome", &signer, &error), error);
	assert_done(note_sign(signer, text.data, text.length, &note, &error), error);
	note_release_signer(&signer);
	proof_write(12, &path, note.data, note.length, proof);
}

/* A certificate of the entry; steals the entry. */
static inline void fixture_certify(
    json_t *entry, const struct identity *identity, struct certificate *certificate)
{
	struct error error = {0};
	CLEANUP_BUFFER struct buffer bytes = BUFFER_EMPTY;
	CLEANUP_BUFFER struct buffer proof = BUFFER_EMPTY;
	wipe_entry_write(entry, &bytes);
	fixture_prove(&bytes, &proof);
	assert_done(certificate_make(
			bytes.data, bytes.length, proof.data, proof.length, identity, certificate, &error),
	    error);
}

/* What a command prints (standard error too). The caller frees it. */
static inline char *fixture_run(const char *format, ...) __attribute__((format(printf, 1, 2)));
static inline char *fixture_run(const char *format, ...)
{
	char command[32768];
	char piece[4096];
	va_list arguments;
	va_start(arguments, format);
	(void)vsnprintf(command, sizeof command, format, arguments);
	va_end(arguments);
	struct buffer out = BUFFER_EMPTY;
	FILE *pipe = popen(command, "r");
	assert_non_null(pipe);
	for (size_t got; (got = fread(piece, 1, sizeof piece, pipe)) > 0;)
		buffer_append(&out, piece, got);
	(void)pclose(pipe);
	buffer_append(&out, "", 1);
	return out.data;
}
