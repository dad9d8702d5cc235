/* Signed notes, verifier keys, checkpoints and proofs against the examples of their specifications (C2SP
 * signed-note, tlog-checkpoint) and of golang.org/x/mod/sumdb/note. */
#include "src/base/base64.h"
#include "src/base/crypto.h"
#include "src/base/file.h"
#include "src/base/note.h"
#include "src/base/tlog_proof.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#define DASH "\xe2\x80\x94 "

static const char spec_key[] = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
static const char spec_note[] =
    "This is an example message.\n\n" DASH "example.com/foo "
    "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";
static const char poem[] =
    "Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\ned \xc3\xa8 subito "
    "sera.\n\n" DASH "quasimodo.example/salvatore "
    "NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=\n";

static const char go_key[] = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
static const char go_text[] = "If you think cryptography is the answer to your problem,\n"
			      "then you don't know what your problem is.\n";
static const char go_signature[] =
    DASH "PeterNeumann "
	 "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
/* PKCS#8 (RFC 8410 §7) around the seed of PRIVATE+KEY+PeterNeumann. */
static const char go_pkcs8_start[] = "\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20";
static const char go_seed[] = "AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"; /* 0x01, then the seed */

static const char spec_checkpoint[] =
    "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n" DASH
    "example.com/behind-the-sofa "
    "Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n";

static struct error error;
static char directory[] = "/tmp/test_note.XXXXXX";

static struct note_verifier key_of(const char *text)
{
	struct note_verifier verifier;
	assert_int_equal(note_parse_verifier(text, strlen(text), &verifier, &error), 0);
	return verifier;
}

static int verify(const char *note, const char *key)
{
	struct note_verifier verifier = key_of(key);
	size_t text_length = 0;
	return note_verify(note, strlen(note), &verifier, &text_length, &error);
}

static int parse(const char *note)
{
	size_t text_length = 0;
	return note_parse(note, strlen(note), &text_length, &error);
}

static void go_note(char note[1024])
{
	(void)snprintf(note, 1024, "%s\n%s", go_text, go_signature);
}

/* ── Base 64 ── */

static void base64_has_one_text_for_bytes(void **state)
{
	(void)state;
	/* RFC 4648 §10 */
	static const char *const vectors[][2] = {{"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"},
	    {"foob", "Zm9vYg=="}, {"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"}};
	static const char *const refused[] = {"", "Zg", "Zg=", "Zh==", "Zg==\n",
	    " Zg==", "Zm9=", "Z===", "====", "Zg==Zg==", "Zm9v====", "Zm9-", "Zm_v", "Zm9vY", "=m9v"};
	for (size_t i = 0; i < LENGTH_OF(vectors); i++) {
		CLEANUP_BUFFER struct buffer text = BUFFER_EMPTY;
		char bytes[8];
		size_t length = strlen(vectors[i][0]);
		base64_append(&text, vectors[i][0], length);
		assert_string_equal(buffer_text(&text), vectors[i][1]);
		assert_int_equal(base64_size(text.data, text.length), length);
		assert_int_equal(base64_read(text.data, text.length, bytes, length), 0);
		assert_memory_equal(bytes, vectors[i][0], length);
		assert_int_equal(base64_read(text.data, text.length, bytes, length + 1), -EINVAL);
	}
	for (size_t i = 0; i < LENGTH_OF(refused); i++)
		assert_int_equal(base64_size(refused[i], strlen(refused[i])), 0);
}

/* ── Keys ── */

static void a_verifier_key_is_read_and_written(void **state)
{
	(void)state;
	static const char *const keys[] = {spec_key, go_key};
	for (size_t i = 0; i < LENGTH_OF(keys); i++) {
		struct note_verifier verifier = key_of(keys[i]);
		CLEANUP_BUFFER struct buffer text = BUFFER_EMPTY;
		note_write_verifier(&verifier, &text);
		assert_string_equal(buffer_text(&text), keys[i]);
	}
	assert_string_equal(key_of(spec_key).name, "example.com/foo");
}

/* Every piece of it, and every single wrong character: the id is over name and key. */
static void a_mangled_verifier_key_is_refused(void **state)
{
	(void)state;
	struct note_verifier verifier;
	size_t length = strlen(go_key);
	char key[128];
	for (size_t from = 0; from < length; from++)
		for (size_t to = from + 1; to <= length; to++)
			if (from > 0 || to < length)
				assert_int_equal(
				    note_parse_verifier(go_key + from, to - from, &verifier, &error),
				    -EINVAL);
	for (size_t i = 0; i < length; i++) {
		(void)strcpy(key, go_key);
		key[i]++;
		assert_int_equal(note_parse_verifier(key, length, &verifier, &error), -EINVAL);
	}
	(void)strcpy(key, go_key);
	memcpy(key, "\0", 1);
	assert_int_equal(note_parse_verifier(key, length, &verifier, &error), -EINVAL);
}

static void names_have_no_spaces_plus_or_controls(void **state)
{
	(void)state;
	static const char *const bad[] = {"", "a b", "a+b", "a\nb", "a\tb",
	    "a\xc2\xa0"
	    "b",
	    "a\xe3\x80\x80"
	    "b",
	    "a\xff", "a\xc2\x85"};
	char long_name[NOTE_NAME_SIZE + 1];
	memset(long_name, 'a', sizeof long_name);
	for (size_t i = 0; i < LENGTH_OF(bad); i++)
		assert_false(note_name_is_valid(bad[i], strlen(bad[i])));
	assert_true(note_name_is_valid("k3f9a12.kiyome", 14));
	assert_true(note_name_is_valid(long_name, NOTE_NAME_SIZE - 1));
	assert_false(note_name_is_valid(long_name, NOTE_NAME_SIZE));
}

static void a_key_comes_back_from_its_file(void **state)
{
	(void)state;
	CLEANUP(note_release_signer) struct note_signer *made = NULL;
	CLEANUP(note_release_signer) struct note_signer *loaded = NULL;
	CLEANUP_FREE char *path = file_join(directory, "log.key");
	struct stat file;
	assert_int_equal(note_make_signer("station.example", &made, &error), 0);
	assert_int_equal(note_save_signer(made, path, &error), 0);
	assert_int_equal(stat(path, &file), 0);
	assert_int_equal(file.st_mode & 07777, 0600);
	assert_int_equal(note_load_signer("station.example", path, &loaded, &error), 0);
	assert_memory_equal(
	    note_signer_verifier(loaded), note_signer_verifier(made), sizeof(struct note_verifier));
}

static void a_file_that_is_no_key_is_refused(void **state)
{
	(void)state;
	CLEANUP(note_release_signer) struct note_signer *signer = NULL;
	CLEANUP_FREE char *path = file_join(directory, "none.key");
	assert_int_equal(note_load_signer("a", path, &signer, &error), -ENOENT);
	assert_int_equal(file_replace(path, "-----BEGIN", 10, 0600, &error), 0);
	assert_int_equal(note_load_signer("a", path, &signer, &error), -EBADMSG);
	assert_null(signer);
}

/* ── Notes ── */

/* Ed25519 is deterministic: the same key and text give the published bytes. */
static void a_note_is_signed_as_published(void **state)
{
	(void)state;
	CLEANUP(note_release_signer) struct note_signer *signer = NULL;
	CLEANUP_BUFFER struct buffer pem = BUFFER_EMPTY;
	CLEANUP_BUFFER struct buffer note = BUFFER_EMPTY;
	CLEANUP_FREE char *path = file_join(directory, "peter.key");
	unsigned char seed[33];
	unsigned char pkcs8[sizeof go_pkcs8_start - 1 + 32];
	char expected[1024];
	assert_int_equal(base64_read(go_seed, strlen(go_seed), seed, sizeof seed), 0);
	memcpy(pkcs8, go_pkcs8_start, sizeof go_pkcs8_start - 1);
	memcpy(pkcs8 + sizeof go_pkcs8_start - 1, seed + 1, 32);
	buffer_append_text(&pem, "-----BEGIN PRIVATE KEY-----\n");
	base64_append(&pem, pkcs8, sizeof pkcs8);
	buffer_append_text(&pem, "\n-----END PRIVATE KEY-----\n");
	assert_int_equal(file_replace(path, pem.data, pem.length, 0600, &error), 0);
	assert_int_equal(note_load_signer("PeterNeumann", path, &signer, &error), 0);
	assert_int_equal(note_sign(signer, go_text, strlen(go_text), &note, &error), 0);
	go_note(expected);
	assert_string_equal(buffer_text(&note), expected);
	assert_int_equal(note_sign(signer, "no newline", 10, &note, &error), -EINVAL);
}

static void published_notes_verify(void **state)
{
	(void)state;
	char note[1024];
	go_note(note);
	assert_int_equal(verify(spec_note, spec_key), 0);
	assert_int_equal(verify(note, go_key), 0);
	assert_int_equal(parse(poem), 0);
}

static void the_text_ends_before_the_last_empty_line(void **state)
{
	(void)state;
	size_t text_length = 0;
	assert_int_equal(note_parse(poem, strlen(poem), &text_length, &error), 0);
	assert_int_equal(text_length, strstr(poem, "\n\n" DASH) + 1 - poem);
	assert_int_equal(note_parse(spec_note, strlen(spec_note), &text_length, &error), 0);
	assert_int_equal(text_length, strlen("This is an example message.\n"));
}

static void any_changed_character_breaks_a_note(void **state)
{
	(void)state;
	char note[1024];
	go_note(note);
	for (size_t i = 0; note[i]; i++) {
		char kept = note[i];
		note[i] = (char)(kept ^ 1);
		assert_int_equal(verify(note, go_key), -EBADMSG);
		note[i] = kept;
	}
	assert_int_equal(verify(note, go_key), 0);
}

static void any_shorter_note_is_refused(void **state)
{
	(void)state;
	size_t text_length;
	for (size_t length = 0; length < strlen(spec_note); length++)
		assert_int_equal(note_parse(spec_note, length, &text_length, &error), -EBADMSG);
}

/* "Verifiers MUST ignore signatures from unknown keys, even if they share a name or ID"; a wrong one of a
 * known key refutes the note although a right one is there too. */
static void unknown_signatures_are_ignored_and_wrong_ones_are_not(void **state)
{
	(void)state;
	char note[2048];
	const char *stranger = DASH "stranger.example AAAAAAAAAA==\n";
	const char *same_name = DASH "PeterNeumann AAAAAAAAAA==\n";
	const char *same_id = DASH "other.example x08go/ZJkuA=\n";
	const char *wrong = DASH
	    "PeterNeumann "
	    "x08go/ZJkuBS9UH/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
	const char *cut = DASH "PeterNeumann x08go/ZJkuA=\n";
	(void)snprintf(
	    note, sizeof note, "%s\n%s%s%s%s", go_text, stranger, same_name, go_signature, same_id);
	assert_int_equal(verify(note, go_key), 0);
	(void)snprintf(note, sizeof note, "%s\n%s%s", go_text, stranger, same_name);
	assert_int_equal(parse(note), 0);
	assert_int_equal(verify(note, go_key), -EBADMSG);
	(void)snprintf(note, sizeof note, "%s\n%s%s", go_text, go_signature, cut);
	assert_int_equal(verify(note, go_key), -EBADMSG);
	(void)snprintf(note, sizeof note, "%s\n%s%s", go_text, cut, go_signature);
	assert_int_equal(verify(note, go_key), -EBADMSG);
	(void)snprintf(note, sizeof note, "%s\n%s%s", go_text, wrong, go_signature);
	assert_int_equal(verify(note, go_key), -EBADMSG);
}

static void what_is_no_note_is_refused(void **state)
{
	(void)state;
	static const char *const bad[] = {"", "\n", "\n\n", "text\n", "text\n\n", "text\n\nno signature\n",
	    "text\n" DASH "a AAAAAAAAAA==\n",
	    "text\n\n" DASH "a AAAAAAAAAA==", "text\n\n" DASH "a b AAAAAAAAAA==\n",
	    "text\n\n" DASH "a+b AAAAAAAAAA==\n", "text\n\n" DASH "a AAAAAAAAAB==\n",
	    "text\n\n" DASH "a AAAA\n", "text\n\n" DASH "a \n", "text\n\n" DASH "a\n",
	    "text\n\n" DASH " AAAAAAAAAA==\n", "te\txt\n\n" DASH "a AAAAAAAAAA==\n",
	    "te\rxt\n\n" DASH "a AAAAAAAAAA==\n", "te\xffxt\n\n" DASH "a AAAAAAAAAA==\n",
	    "text\n\n- a AAAAAAAAAA==\n", "text\n\n" DASH "a AAAAAAAAAA==\nmore\n",
	    "text\n\n" DASH "a AAAAAAAAAA==\n\n"};
	assert_int_equal(parse("text\n\n" DASH "a AAAAAAAAAA==\n"), 0);
	for (size_t i = 0; i < LENGTH_OF(bad); i++)
		assert_int_equal(parse(bad[i]), -EBADMSG);
	size_t text_length;
	assert_int_equal(
	    note_parse("te\0xt\n\n" DASH "a AAAAAAAAAA==\n", 27, &text_length, &error), -EBADMSG);
}

static void signatures_are_limited_but_sixteen_are_read(void **state)
{
	(void)state;
	for (unsigned count = 16; count <= NOTE_SIGNATURES_MAX + 1; count++) {
		CLEANUP_BUFFER struct buffer note = BUFFER_EMPTY;
		buffer_append_text(&note, "text\n\n");
		for (unsigned i = 0; i < count; i++)
			buffer_append_text(&note, DASH "a AAAAAAAAAA==\n");
		assert_int_equal(parse(buffer_text(&note)), count <= NOTE_SIGNATURES_MAX ? 0 : -EBADMSG);
	}
}

/* ── Checkpoints ── */

static void the_published_checkpoint_is_read_and_written(void **state)
{
	(void)state;
	struct note_checkpoint checkpoint;
	CLEANUP_BUFFER struct buffer text = BUFFER_EMPTY;
	assert_int_equal(
	    note_parse_checkpoint(spec_checkpoint, strlen(spec_checkpoint), &checkpoint, &error), 0);
	assert_string_equal(checkpoint.origin, "example.com/behind-the-sofa");
	assert_int_equal(checkpoint.size, 20852163);
	note_write_checkpoint(&checkpoint, &text);
	assert_memory_equal(text.data, spec_checkpoint, text.length);
	assert_int_equal(spec_checkpoint[text.length], '\n');
}

static void what_is_no_checkpoint_is_refused(void **state)
{
	(void)state;
#define ROOT "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
	static const char *const good[] = {
	    "o\n0\n" ROOT, "o\n4611686018427387904\n" ROOT, "o\n1\n" ROOT "extension\nanother\n"};
	static const char *const bad[] = {"o\n1\n", "o\n01\n" ROOT, "o\n-1\n" ROOT, "o\n+1\n" ROOT,
	    "o\n 1\n" ROOT, "o\n1 \n" ROOT, "o\n\n" ROOT, "\n1\n" ROOT, "o\n4611686018427387905\n" ROOT,
	    "o\n18446744073709551617\n" ROOT, "o\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2J=\n",
	    "o\n1\nCsUY\n", "o\n1\n" ROOT "\nextension\n", "o\n0x1\n" ROOT};
	for (size_t i = 0; i < LENGTH_OF(good) + LENGTH_OF(bad); i++) {
		CLEANUP_BUFFER struct buffer note = BUFFER_EMPTY;
		struct note_checkpoint checkpoint;
		bool is_good = i < LENGTH_OF(good);
		buffer_printf(
		    &note, "%s\n" DASH "a AAAAAAAAAA==\n", is_good ? good[i] : bad[i - LENGTH_OF(good)]);
		assert_int_equal(note_parse_checkpoint(note.data, note.length, &checkpoint, &error),
		    is_good ? 0 : -EBADMSG);
	}
}

/* ── Proofs ── */

/* A log of three records, signed by a key of its own. */
struct log {
	struct note_signer *signer;
	struct merkle_hash leaves[3];
	struct merkle_hash pair;
	char key[512];
};

static const char *const records[] = {"zero", "one", "two"};

static int read_log(
    void *context, unsigned level, uint64_t position, struct merkle_hash *hash, struct error *why)
{
	const struct log *log = context;
	(void)why;
	*hash = level ? log->pair : log->leaves[position];
	return 0;
}

static int keep_pair(
    void *context, unsigned level, uint64_t position, const struct merkle_hash *hash, struct error *why)
{
	(void)level, (void)position, (void)why;
	((struct log *)context)->pair = *hash;
	return 0;
}

static void make_proof(struct log *log, uint64_t index, const char *origin, struct buffer *proof)
{
	CLEANUP_BUFFER struct buffer text = BUFFER_EMPTY;
	CLEANUP_BUFFER struct buffer note = BUFFER_EMPTY;
	CLEANUP_BUFFER struct buffer key = BUFFER_EMPTY;
	struct merkle_frontier frontier = {0};
	struct note_checkpoint checkpoint = {.size = 3};
	struct merkle_path path;
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(
		    merkle_hash_leaf(records[i], strlen(records[i]), &log->leaves[i], &error), 0);
		assert_int_equal(merkle_append(&frontier, &log->leaves[i], keep_pair, log, &error), 0);
	}
	(void)strcpy(checkpoint.origin, origin);
	assert_int_equal(merkle_root(&frontier, &checkpoint.root, &error), 0);
	note_write_checkpoint(&checkpoint, &text);
	if (!log->signer)
		assert_int_equal(note_make_signer("log.example", &log->signer, &error), 0);
	assert_int_equal(note_sign(log->signer, text.data, text.length, &note, &error), 0);
	assert_int_equal(
	    merkle_prove_inclusion(&(struct merkle_nodes){read_log, log}, index, 3, &path, &error), 0);
	proof_write(index, &path, note.data, note.length, proof);
	note_write_verifier(note_signer_verifier(log->signer), &key);
	(void)snprintf(log->key, sizeof log->key, "%s", buffer_text(&key));
}

static int check(const char *proof, const char *record, const char *key, struct proof_facts *facts)
{
	return proof_check(
	    proof, strlen(proof), (const unsigned char *)record, strlen(record), key, facts, &error);
}

static void a_proof_proves_its_record_and_no_other(void **state)
{
	(void)state;
	struct log log = {0};
	for (uint64_t index = 0; index < 3; index++) {
		CLEANUP_BUFFER struct buffer proof = BUFFER_EMPTY;
		make_proof(&log, index, "log.example", &proof);
		for (size_t record = 0; record < 3; record++) {
			struct proof_facts facts = {0};
			assert_int_equal(check(buffer_text(&proof), records[record], log.key, &facts),
			    record == index ? 0 : -EBADMSG);
			if (record != index)
				continue;
			assert_string_equal(facts.origin, "log.example");
			assert_int_equal(facts.size, 3);
			assert_int_equal(facts.index, index);
			assert_true(facts.signature_checked);
			assert_int_equal(check(buffer_text(&proof), records[record], NULL, &facts), 0);
			assert_false(facts.signature_checked);
		}
	}
	note_release_signer(&log.signer);
}

static void any_changed_character_breaks_a_proof(void **state)
{
	(void)state;
	struct log log = {0};
	CLEANUP_BUFFER struct buffer proof = BUFFER_EMPTY;
	struct proof_facts facts;
	make_proof(&log, 1, "log.example", &proof);
	for (size_t i = 0; i < proof.length; i++) {
		proof.data[i] = (char)(proof.data[i] ^ 1);
		assert_int_equal(check(buffer_text(&proof), "one", log.key, &facts), -EBADMSG);
		proof.data[i] = (char)(proof.data[i] ^ 1);
		assert_int_equal(
		    proof_check(proof.data, i, (const unsigned char *)"one", 3, log.key, &facts, &error),
		    -EBADMSG);
	}
	assert_int_equal(check(buffer_text(&proof), "one", log.key, &facts), 0);
	assert_int_equal(check(buffer_text(&proof), "one", go_key, &facts), -EBADMSG);
	assert_int_equal(check(buffer_text(&proof), "one", "no key", &facts), -EINVAL);
	note_release_signer(&log.signer);
}

/* The key of one log does not speak for another. */
static void a_proof_under_another_name_is_refused(void **state)
{
	(void)state;
	struct log log = {0};
	CLEANUP_BUFFER struct buffer proof = BUFFER_EMPTY;
	struct proof_facts facts;
	make_proof(&log, 1, "other.example", &proof);
	assert_int_equal(check(buffer_text(&proof), "one", log.key, &facts), -EBADMSG);
	note_release_signer(&log.signer);
}

static void an_extra_line_is_allowed_only_where_it_belongs(void **state)
{
	(void)state;
	struct log log = {0};
	CLEANUP_BUFFER struct buffer proof = BUFFER_EMPTY;
	CLEANUP_BUFFER struct buffer text = BUFFER_EMPTY;
	struct proof_facts facts;
	static const char *const heads[][2] = {{"c2sp.org/tlog-proof@v1\nextra Zm9v\n", "good"},
	    {"c2sp.org/tlog-proof@v1\nextra Zm9\n", NULL}, {"c2sp.org/tlog-proof@v1\nextra\n", NULL},
	    {"extra Zm9v\nc2sp.org/tlog-proof@v1\n", NULL},
	    {"c2sp.org/tlog-proof@v1\nextra Zm9v\nextra Zm9v\n", NULL}, {"c2sp.org/tlog-proof@v2\n", NULL},
	    {"c2sp.org/tlog-proof@v1\n\n", NULL}};
	make_proof(&log, 1, "log.example", &proof);
	const char *rest = strchr(buffer_text(&proof), '\n') + 1;
	for (size_t i = 0; i < LENGTH_OF(heads); i++) {
		buffer_clear(&text);
		buffer_printf(&text, "%s%s", heads[i][0], rest);
		assert_int_equal(
		    check(buffer_text(&text), "one", log.key, &facts), heads[i][1] ? 0 : -EBADMSG);
	}
	note_release_signer(&log.signer);
}

static void a_path_without_end_is_refused(void **state)
{
	(void)state;
	CLEANUP_BUFFER struct buffer text = BUFFER_EMPTY;
	struct proof_facts facts;
	buffer_append_text(&text, "c2sp.org/tlog-proof@v1\nindex 0\n");
	for (size_t i = 0; i < 10000; i++)
		buffer_append_text(&text, ROOT);
	buffer_append_text(&text, "\n");
	buffer_append_text(&text, spec_checkpoint);
	assert_int_equal(check(buffer_text(&text), "one", NULL, &facts), -EBADMSG);
}

static int make_directory(void **state)
{
	(void)state;
	return mkdtemp(directory) ? 0 : -1;
}

static int remove_directory(void **state)
{
	(void)state;
	static const char *const files[] = {"log.key", "none.key", "peter.key"};
	for (size_t i = 0; i < LENGTH_OF(files); i++) {
		CLEANUP_FREE char *path = file_join(directory, files[i]);
		(void)unlink(path);
	}
	return rmdir(directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(base64_has_one_text_for_bytes),
	    cmocka_unit_test(a_verifier_key_is_read_and_written),
	    cmocka_unit_test(a_mangled_verifier_key_is_refused),
	    cmocka_unit_test(names_have_no_spaces_plus_or_controls),
	    cmocka_unit_test(a_key_comes_back_from_its_file),
	    cmocka_unit_test(a_file_that_is_no_key_is_refused),
	    cmocka_unit_test(a_note_is_signed_as_published),
	    cmocka_unit_test(published_notes_verify),
	    cmocka_unit_test(the_text_ends_before_the_last_empty_line),
	    cmocka_unit_test(any_changed_character_breaks_a_note),
	    cmocka_unit_test(any_shorter_note_is_refused),
	    cmocka_unit_test(unknown_signatures_are_ignored_and_wrong_ones_are_not),
	    cmocka_unit_test(what_is_no_note_is_refused),
	    cmocka_unit_test(signatures_are_limited_but_sixteen_are_read),
	    cmocka_unit_test(the_published_checkpoint_is_read_and_written),
	    cmocka_unit_test(what_is_no_checkpoint_is_refused),
	    cmocka_unit_test(a_proof_proves_its_record_and_no_other),
	    cmocka_unit_test(any_changed_character_breaks_a_proof),
	    cmocka_unit_test(a_proof_under_another_name_is_refused),
	    cmocka_unit_test(an_extra_line_is_allowed_only_where_it_belongs),
	    cmocka_unit_test(a_path_without_end_is_refused),
	};
	return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
