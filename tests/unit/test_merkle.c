/* The Merkle tree against the published vectors of RFC 6962's reference implementation, and against the
 * definition itself at every size up to LARGEST. */
#include "src/base/crypto.h"
#include "src/base/merkle.h"
#include "src/base/text.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

#include <cmocka.h>

enum { LARGEST = 130 };

/* Published: the leaves of certificate-transparency's merkle_tree_test, and the roots of the first 0 … 8 of
 * them. */
static const struct {
	const char *bytes;
	size_t length;
} leaves[] = {{"", 0}, {"\0", 1}, {"\x10", 1}, {"\x20\x21", 2}, {"\x30\x31", 2}, {"\x40\x41\x42\x43", 4},
    {"\x50\x51\x52\x53\x54\x55\x56\x57", 8},
    {"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f", 16}};

static const char *const roots[] = {"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};

/* Published proofs over these leaves. */
static const struct {
	uint64_t index;
	uint64_t size;
	const char *path[4];
} inclusions[] = {
    {0, 8,
	{"96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
	    "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
	    "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"}},
    {5, 8,
	{"bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
	    "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
	    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"}},
    {2, 3, {"fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"}},
};

static const struct {
	uint64_t old_size;
	uint64_t new_size;
	const char *path[4];
} consistencies[] = {
    {1, 1, {NULL}},
    {1, 8,
	{"96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
	    "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
	    "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"}},
    {6, 8,
	{"0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
	    "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
	    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"}},
    {2, 5,
	{"5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
	    "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"}},
};

static struct error error;

/* ── A tree of any leaves, whose nodes are kept ── */

struct tree {
	struct merkle_frontier frontier;
	struct merkle_hash nodes[9][LARGEST];
	bool known[9][LARGEST];
	struct merkle_hash root[LARGEST + 1];
};

static struct tree tree;

static int store(
    void *context, unsigned level, uint64_t position, const struct merkle_hash *hash, struct error *why)
{
	(void)context, (void)why;
	assert_true(level < 9 && position < LARGEST && !tree.known[level][position]);
	tree.nodes[level][position] = *hash;
	tree.known[level][position] = true;
	return 0;
}

static int read_node(
    void *context, unsigned level, uint64_t position, struct merkle_hash *hash, struct error *why)
{
	(void)context, (void)why;
	assert_true(level < 9 && position < LARGEST && tree.known[level][position]);
	*hash = tree.nodes[level][position];
	return 0;
}

static const struct merkle_nodes nodes = {read_node, NULL};

static void add_leaf(const void *bytes, size_t length)
{
	struct merkle_hash leaf;
	uint64_t index = tree.frontier.size;
	assert_int_equal(merkle_hash_leaf(bytes, length, &leaf, &error), 0);
	assert_int_equal(store(NULL, 0, index, &leaf, &error), 0);
	assert_int_equal(merkle_append(&tree.frontier, &leaf, store, NULL, &error), 0);
	assert_int_equal(merkle_root(&tree.frontier, &tree.root[index + 1], &error), 0);
}

static void grow_published(void)
{
	memset(&tree, 0, sizeof tree);
	assert_int_equal(merkle_root(&tree.frontier, &tree.root[0], &error), 0);
	for (size_t i = 0; i < LENGTH_OF(leaves); i++)
		add_leaf(leaves[i].bytes, leaves[i].length);
}

static void grow_largest(void)
{
	memset(&tree, 0, sizeof tree);
	assert_int_equal(merkle_root(&tree.frontier, &tree.root[0], &error), 0);
	for (uint32_t i = 0; i < LARGEST; i++)
		add_leaf(&i, sizeof i);
}

static struct merkle_hash hash_of(const char *hex)
{
	struct merkle_hash hash;
	assert_int_equal(text_read_hex(hex, hash.bytes, sizeof hash.bytes), 0);
	return hash;
}

static void assert_path_is(const struct merkle_path *path, const char *const expected[4])
{
	size_t count = 0;
	while (count < 4 && expected[count])
		count++;
	assert_int_equal(path->count, count);
	for (size_t i = 0; i < count; i++) {
		struct merkle_hash hash = hash_of(expected[i]);
		assert_memory_equal(&path->hashes[i], &hash, sizeof hash);
	}
}

/* MTH(D[first : first + size]) as RFC 6962 §2.1 defines it: by recursion, unlike the code under test. */
static struct merkle_hash define_root(uint32_t first, uint32_t size)
{
	struct merkle_hash hash;
	unsigned char bytes[1 + 2 * MERKLE_HASH_BYTES] = {0x01};
	if (size == 1) {
		bytes[0] = 0x00;
		memcpy(bytes + 1, &first, sizeof first);
		assert_int_equal(crypto_sha256(bytes, 1 + sizeof first, hash.bytes, &error), 0);
		return hash;
	}
	uint32_t half = 1;
	while (half * 2 < size)
		half *= 2;
	struct merkle_hash left = define_root(first, half);
	struct merkle_hash right = define_root(first + half, size - half);
	memcpy(bytes + 1, &left, sizeof left);
	memcpy(bytes + 1 + sizeof left, &right, sizeof right);
	assert_int_equal(crypto_sha256(bytes, sizeof bytes, hash.bytes, &error), 0);
	return hash;
}

/* ── Published vectors ── */

static void roots_are_the_published_ones(void **state)
{
	(void)state;
	grow_published();
	for (size_t size = 0; size < LENGTH_OF(roots); size++) {
		struct merkle_hash expected = hash_of(roots[size]);
		assert_memory_equal(&tree.root[size], &expected, sizeof expected);
	}
}

static void inclusion_proofs_are_the_published_ones(void **state)
{
	(void)state;
	grow_published();
	for (size_t i = 0; i < LENGTH_OF(inclusions); i++) {
		struct merkle_path path;
		assert_int_equal(
		    merkle_prove_inclusion(&nodes, inclusions[i].index, inclusions[i].size, &path, &error),
		    0);
		assert_path_is(&path, inclusions[i].path);
		assert_int_equal(
		    merkle_verify_inclusion(inclusions[i].index, inclusions[i].size,
			&tree.nodes[0][inclusions[i].index], &path, &tree.root[inclusions[i].size], &error),
		    0);
	}
}

static void consistency_proofs_are_the_published_ones(void **state)
{
	(void)state;
	grow_published();
	for (size_t i = 0; i < LENGTH_OF(consistencies); i++) {
		struct merkle_path path;
		uint64_t from = consistencies[i].old_size;
		uint64_t to = consistencies[i].new_size;
		assert_int_equal(merkle_prove_consistency(&nodes, from, to, &path, &error), 0);
		assert_path_is(&path, consistencies[i].path);
		assert_int_equal(
		    merkle_verify_consistency(from, to, &tree.root[from], &tree.root[to], &path, &error), 0);
	}
}

/* ── Every size ── */

static void every_root_follows_the_definition(void **state)
{
	(void)state;
	grow_largest();
	for (uint32_t size = 1; size <= LARGEST; size++) {
		struct merkle_frontier loaded;
		struct merkle_hash root;
		struct merkle_hash defined = define_root(0, size);
		assert_memory_equal(&tree.root[size], &defined, sizeof defined);
		assert_int_equal(merkle_load_frontier(&nodes, size, &loaded, &error), 0);
		assert_int_equal(merkle_root(&loaded, &root, &error), 0);
		assert_memory_equal(&root, &defined, sizeof defined);
	}
}

typedef int check_path(const struct merkle_path *path, const uint64_t sizes[2]);

static int check_inclusion(const struct merkle_path *path, const uint64_t sizes[2])
{
	return merkle_verify_inclusion(
	    sizes[0], sizes[1], &tree.nodes[0][sizes[0]], path, &tree.root[sizes[1]], &error);
}

static int check_consistency(const struct merkle_path *path, const uint64_t sizes[2])
{
	return merkle_verify_consistency(
	    sizes[0], sizes[1], &tree.root[sizes[0]], &tree.root[sizes[1]], path, &error);
}

/* A bit of each hash turned, each hash left out or doubled, two swapped, one too many. */
static void assert_mutations_fail(const struct merkle_path *path, check_path *check, const uint64_t sizes[2])
{
	struct merkle_path bad = *path;
	assert_int_equal(check(path, sizes), 0);
	for (size_t i = 0; i < path->count; i++) {
		size_t behind = path->count - i - 1;
		bad = *path;
		bad.hashes[i].bytes[(i * 7 + sizes[0]) % MERKLE_HASH_BYTES] ^= (unsigned char)(1 << i % 8);
		assert_int_equal(check(&bad, sizes), -EBADMSG);
		bad = *path;
		memmove(&bad.hashes[i], &bad.hashes[i + 1], behind * sizeof bad.hashes[0]);
		bad.count--;
		assert_int_equal(check(&bad, sizes), -EBADMSG);
		bad = *path;
		memmove(&bad.hashes[i + 1], &bad.hashes[i], (behind + 1) * sizeof bad.hashes[0]);
		bad.count++;
		assert_int_equal(check(&bad, sizes), -EBADMSG);
		if (i > 0) {
			bad = *path;
			bad.hashes[i] = path->hashes[i - 1];
			bad.hashes[i - 1] = path->hashes[i];
			assert_int_equal(check(&bad, sizes), -EBADMSG);
		}
	}
	bad = *path;
	bad.hashes[bad.count++] = tree.root[sizes[1]];
	assert_int_equal(check(&bad, sizes), -EBADMSG);
}

static void every_inclusion_is_proved_and_nothing_else(void **state)
{
	(void)state;
	grow_largest();
	for (uint64_t size = 1; size <= LARGEST; size++)
		for (uint64_t index = 0; index < size; index++) {
			struct merkle_path path;
			assert_int_equal(merkle_prove_inclusion(&nodes, index, size, &path, &error), 0);
			assert_mutations_fail(&path, check_inclusion, (const uint64_t[2]){index, size});
			const struct merkle_hash *leaf = &tree.nodes[0][index];
			const struct merkle_hash *root = &tree.root[size];
			for (uint64_t other = 0; other < size + 2; other += 1 + size / 8)
				assert_int_equal(
				    merkle_verify_inclusion(other, size, leaf, &path, root, &error),
				    other == index ? 0 : -EBADMSG);
			assert_int_equal(
			    merkle_verify_inclusion(index, size, leaf, &path, &tree.root[size - 1], &error),
			    -EBADMSG);
			assert_int_equal(merkle_verify_inclusion(index, size,
					     &tree.nodes[0][(index + 1) % LARGEST], &path, root, &error),
			    -EBADMSG);
		}
}

static void every_consistency_is_proved_and_nothing_else(void **state)
{
	(void)state;
	grow_largest();
	for (uint64_t to = 1; to <= LARGEST; to++)
		for (uint64_t from = 1; from <= to; from++) {
			struct merkle_path path;
			assert_int_equal(merkle_prove_consistency(&nodes, from, to, &path, &error), 0);
			assert_mutations_fail(&path, check_consistency, (const uint64_t[2]){from, to});
			assert_int_equal(merkle_verify_consistency(
					     from, to, &tree.root[from - 1], &tree.root[to], &path, &error),
			    -EBADMSG);
			assert_int_equal(merkle_verify_consistency(
					     from, to, &tree.root[from], &tree.root[to - 1], &path, &error),
			    -EBADMSG);
			/* The way up to the root of a much larger tree is longer. */
			assert_int_equal(merkle_verify_consistency(
					     from, 4 * to, &tree.root[from], &tree.root[to], &path, &error),
			    -EBADMSG);
			if (from < to)
				assert_int_equal(merkle_verify_consistency(to, from, &tree.root[to],
						     &tree.root[from], &path, &error),
				    -EBADMSG);
		}
}

static void every_tree_grew_out_of_the_empty_one(void **state)
{
	(void)state;
	struct merkle_path path;
	grow_largest();
	for (uint64_t size = 0; size <= LARGEST; size++) {
		assert_int_equal(merkle_prove_consistency(&nodes, 0, size, &path, &error), 0);
		assert_mutations_fail(&path, check_consistency, (const uint64_t[2]){0, size});
		assert_int_equal(
		    merkle_verify_consistency(0, size, &tree.root[1], &tree.root[size], &path, &error),
		    -EBADMSG);
	}
}

static void what_no_tree_has_is_refused(void **state)
{
	(void)state;
	struct merkle_path path = {0};
	struct merkle_frontier frontier;
	grow_published();
	assert_int_equal(merkle_prove_inclusion(&nodes, 8, 8, &path, &error), -EINVAL);
	assert_int_equal(merkle_prove_inclusion(&nodes, 0, 0, &path, &error), -EINVAL);
	assert_int_equal(merkle_prove_inclusion(&nodes, 0, UINT64_MAX, &path, &error), -EINVAL);
	assert_int_equal(merkle_prove_consistency(&nodes, 5, 4, &path, &error), -EINVAL);
	assert_int_equal(merkle_prove_consistency(&nodes, 1, UINT64_MAX, &path, &error), -EINVAL);
	assert_int_equal(merkle_load_frontier(&nodes, UINT64_MAX, &frontier, &error), -EINVAL);
	assert_int_equal(
	    merkle_verify_inclusion(0, 0, &tree.nodes[0][0], &path, &tree.root[0], &error), -EBADMSG);
}

/* Of the shapes that only a hostile proof has: sizes near 2^64 and a path of the greatest length. */
static void hostile_sizes_end(void **state)
{
	(void)state;
	struct merkle_path path = {.count = MERKLE_PATH_MAX};
	static const uint64_t sizes[] = {1, 2, UINT64_C(1) << 62, UINT64_MAX - 1, UINT64_MAX};
	grow_published();
	for (size_t i = 0; i < LENGTH_OF(sizes); i++)
		for (size_t k = 0; k < LENGTH_OF(sizes); k++) {
			const struct merkle_hash *hash = &tree.root[1];
			assert_int_equal(
			    merkle_verify_inclusion(sizes[i], sizes[k], hash, &path, hash, &error), -EBADMSG);
			assert_int_equal(
			    merkle_verify_consistency(sizes[i], sizes[k], hash, hash, &path, &error),
			    -EBADMSG);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(roots_are_the_published_ones),
	    cmocka_unit_test(inclusion_proofs_are_the_published_ones),
	    cmocka_unit_test(consistency_proofs_are_the_published_ones),
	    cmocka_unit_test(every_root_follows_the_definition),
	    cmocka_unit_test(every_inclusion_is_proved_and_nothing_else),
	    cmocka_unit_test(every_consistency_is_proved_and_nothing_else),
	    cmocka_unit_test(every_tree_grew_out_of_the_empty_one),
	    cmocka_unit_test(what_no_tree_has_is_refused),
	    cmocka_unit_test(hostile_sizes_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
