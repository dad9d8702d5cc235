#include "src/base/merkle.h"

#include "src/base/cleanup.h"
#include "src/base/crypto.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <string.h>

/* RFC 6962 §2.1: the prefixes keep a leaf from being read as a node. */
static const unsigned char leaf_prefix = 0x00;
static const unsigned char node_prefix = 0x01;

static void cleanup_digest(EVP_MD_CTX *const *digest)
{
	EVP_MD_CTX_free(*digest);
}

int merkle_hash_leaf(const void *leaf, size_t length, struct merkle_hash *hash, struct error *error)
{
	CLEANUP(cleanup_digest) EVP_MD_CTX *digest = EVP_MD_CTX_new();
	if (!digest || EVP_DigestInit_ex(digest, EVP_sha256(), NULL) != 1 ||
	    EVP_DigestUpdate(digest, &leaf_prefix, 1) != 1 || EVP_DigestUpdate(digest, leaf, length) != 1 ||
	    EVP_DigestFinal_ex(digest, hash->bytes, NULL) != 1)
		return error_set(error, EIO, _("OpenSSL could not compute a SHA-256"));
	return 0;
}

static int hash_node(const struct merkle_hash *left, const struct merkle_hash *right,
    struct merkle_hash *hash, struct error *error)
{
	unsigned char node[1 + 2 * MERKLE_HASH_BYTES];
	node[0] = node_prefix;
	memcpy(node + 1, left->bytes, MERKLE_HASH_BYTES);
	memcpy(node + 1 + MERKLE_HASH_BYTES, right->bytes, MERKLE_HASH_BYTES);
	return crypto_sha256(node, sizeof node, hash->bytes, error);
}

static bool has_bit(uint64_t number, unsigned bit)
{
	return number >> bit & 1;
}

static bool equal(const struct merkle_hash *one, const struct merkle_hash *other)
{
	return memcmp(one->bytes, other->bytes, MERKLE_HASH_BYTES) == 0;
}

int merkle_append(struct merkle_frontier *frontier, const struct merkle_hash *leaf, merkle_store *store,
    void *context, struct error *error)
{
	if (frontier->size >= MERKLE_SIZE_MAX)
		return error_set(error, EFBIG, _("the tree is full"));
	struct merkle_hash hash = *leaf;
	unsigned level = 0;
	while (has_bit(frontier->size, level)) {
		int status = hash_node(&frontier->peaks[level], &hash, &hash, error);
		level++;
		if (status == 0 && store)
			status = store(context, level, frontier->size >> level, &hash, error);
		if (status < 0)
			return status;
	}
	frontier->peaks[level] = hash;
	frontier->size++;
	return 0;
}

int merkle_root(const struct merkle_frontier *frontier, struct merkle_hash *root, struct error *error)
{
	if (frontier->size == 0)
		return crypto_sha256("", 0, root->bytes, error);
	bool started = false;
	for (unsigned level = 0; level <= MERKLE_LEVELS; level++) {
		if (!has_bit(frontier->size, level))
			continue;
		int status = 0;
		if (started)
			status = hash_node(&frontier->peaks[level], root, root, error);
		else
			*root = frontier->peaks[level];
		if (status < 0)
			return status;
		started = true;
	}
	return 0;
}

/* The peaks of the size leaves from first on, where first is a multiple of a power of two not below size: so
 * are all ranges that RFC 6962 splits off. */
static int load_peaks(const struct merkle_nodes *nodes, uint64_t first, uint64_t size,
    struct merkle_frontier *frontier, struct error *error)
{
	frontier->size = size;
	for (unsigned level = 0; level <= MERKLE_LEVELS; level++) {
		if (!has_bit(size, level))
			continue;
		uint64_t start = first + (((size >> level) - 1) << level);
		int status =
		    nodes->read(nodes->context, level, start >> level, &frontier->peaks[level], error);
		if (status < 0)
			return status;
	}
	return 0;
}

int merkle_load_frontier(
    const struct merkle_nodes *nodes, uint64_t size, struct merkle_frontier *frontier, struct error *error)
{
	if (size > MERKLE_SIZE_MAX)
		return error_set(error, EINVAL, _("no tree has that many leaves"));
	return load_peaks(nodes, 0, size, frontier, error);
}

/* Appends MTH(D[first : first + size]) to the path. */
static int push_subtree(const struct merkle_nodes *nodes, uint64_t first, uint64_t size,
    struct merkle_path *path, struct error *error)
{
	struct merkle_frontier frontier;
	int status = load_peaks(nodes, first, size, &frontier, error);
	if (status < 0)
		return status;
	return merkle_root(&frontier, &path->hashes[path->count++], error);
}

/* The largest power of two smaller than size, which is at least 2. */
static uint64_t split_point(uint64_t size)
{
	return UINT64_C(1) << (63 - __builtin_clzll(size - 1));
}

/* The descent from the root meets the siblings in the wrong order. */
static void reverse(struct merkle_path *path)
{
	for (size_t i = 0; i < path->count / 2; i++) {
		struct merkle_hash hash = path->hashes[i];
		path->hashes[i] = path->hashes[path->count - 1 - i];
		path->hashes[path->count - 1 - i] = hash;
	}
}

int merkle_prove_inclusion(const struct merkle_nodes *nodes, uint64_t index, uint64_t size,
    struct merkle_path *path, struct error *error)
{
	if (index >= size || size > MERKLE_SIZE_MAX)
		return error_set(error, EINVAL, _("the tree has no such leaf"));
	path->count = 0;
	uint64_t first = 0;
	while (size > 1) {
		uint64_t half = split_point(size);
		bool left = index - first < half;
		int status = left ? push_subtree(nodes, first + half, size - half, path, error)
				  : push_subtree(nodes, first, half, path, error);
		if (status < 0)
			return status;
		first += left ? 0 : half;
		size = left ? half : size - half;
	}
	reverse(path);
	return 0;
}

int merkle_prove_consistency(const struct merkle_nodes *nodes, uint64_t old_size, uint64_t new_size,
    struct merkle_path *path, struct error *error)
{
	if (old_size > new_size || new_size > MERKLE_SIZE_MAX)
		return error_set(error, EINVAL, _("a tree does not grow out of a larger one"));
	path->count = 0;
	if (old_size == 0)
		return 0;
	uint64_t first = 0;
	bool is_old_root = true; /* SUBPROOF's b: the verifier has this subtree's hash already */
	while (old_size != new_size) {
		uint64_t half = split_point(new_size);
		bool left = old_size <= half;
		int status = left ? push_subtree(nodes, first + half, new_size - half, path, error)
				  : push_subtree(nodes, first, half, path, error);
		if (status < 0)
			return status;
		first += left ? 0 : half;
		old_size -= left ? 0 : half;
		new_size = left ? half : new_size - half;
		is_old_root = is_old_root && left;
	}
	int status = is_old_root ? 0 : push_subtree(nodes, first, new_size, path, error);
	reverse(path);
	return status;
}

static int refute_inclusion(struct error *error)
{
	return error_finding(error, EBADMSG, _("the proof does not lead from the record to the tree's root"));
}

/* To the parent of both places; from a left sibling, past the levels where the node has none on its right. */
static void climb(bool from_left, uint64_t *here, uint64_t *last)
{
	while (from_left && !has_bit(*here, 0) && *here != 0) {
		*here >>= 1;
		*last >>= 1;
	}
	*here >>= 1;
	*last >>= 1;
}

int merkle_verify_inclusion(uint64_t index, uint64_t size, const struct merkle_hash *leaf,
    const struct merkle_path *path, const struct merkle_hash *root, struct error *error)
{
	if (index >= size)
		return refute_inclusion(error);
	uint64_t here = index;
	uint64_t last = size - 1;
	struct merkle_hash hash = *leaf;
	for (size_t i = 0; i < path->count; i++) {
		if (last == 0)
			return refute_inclusion(error);
		bool from_left = has_bit(here, 0) || here == last;
		int status = from_left ? hash_node(&path->hashes[i], &hash, &hash, error)
				       : hash_node(&hash, &path->hashes[i], &hash, error);
		if (status < 0)
			return status;
		climb(from_left, &here, &last);
	}
	return last == 0 && equal(&hash, root) ? 0 : refute_inclusion(error);
}

static int refute_consistency(struct error *error)
{
	return error_finding(
	    error, EBADMSG, _("the proof does not show that the newer tree grew out of the older one"));
}

/* The general case of RFC 9162 §2.1.4.2, with 0 < old_size < new_size. */
static int climb_consistency(uint64_t old_size, uint64_t new_size, const struct merkle_hash *old_root,
    const struct merkle_hash *new_root, const struct merkle_path *path, struct error *error)
{
	bool complete = (old_size & (old_size - 1)) == 0; /* the old root itself is where the path starts */
	if (path->count == 0)
		return refute_consistency(error);
	struct merkle_hash old_hash = complete ? *old_root : path->hashes[0];
	struct merkle_hash new_hash = old_hash;
	unsigned shared = (unsigned)__builtin_ctzll(old_size);
	uint64_t here = (old_size - 1) >> shared;
	uint64_t last = (new_size - 1) >> shared;
	for (size_t i = complete ? 0 : 1; i < path->count; i++) {
		if (last == 0)
			return refute_consistency(error);
		bool from_left = has_bit(here, 0) || here == last;
		int status = 0;
		if (from_left)
			status = hash_node(&path->hashes[i], &old_hash, &old_hash, error);
		if (status == 0)
			status = from_left ? hash_node(&path->hashes[i], &new_hash, &new_hash, error)
					   : hash_node(&new_hash, &path->hashes[i], &new_hash, error);
		if (status < 0)
			return status;
		climb(from_left, &here, &last);
	}
	bool proven = last == 0 && equal(&old_hash, old_root) && equal(&new_hash, new_root);
	return proven ? 0 : refute_consistency(error);
}

int merkle_verify_consistency(uint64_t old_size, uint64_t new_size, const struct merkle_hash *old_root,
    const struct merkle_hash *new_root, const struct merkle_path *path, struct error *error)
{
	if (old_size > new_size)
		return refute_consistency(error);
	if (old_size > 0 && old_size < new_size)
		return climb_consistency(old_size, new_size, old_root, new_root, path, error);
	struct merkle_hash empty = {0};
	int status = crypto_sha256("", 0, empty.bytes, error);
	if (status < 0)
		return status;
	const struct merkle_hash *expected = old_size == 0 ? &empty : new_root;
	bool proven =
	    path->count == 0 && equal(old_root, expected) && (new_size > 0 || equal(new_root, &empty));
	return proven ? 0 : refute_consistency(error);
}
