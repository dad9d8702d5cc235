/* The Merkle tree of RFC 6962 §2.1 over SHA-256, and its two proofs: that a leaf is in a tree, and that a
 * tree grew out of an older one.
 *
 * A node (level, position) is the complete subtree over the leaves position · 2^level … (position + 1) ·
 * 2^level − 1; level 0 is the leaves' own hashes. Whoever keeps these nodes appends and proves in O(log n).
 */
#pragma once

#include "src/base/error.h"

#include <stddef.h>
#include <stdint.h>

enum { MERKLE_HASH_BYTES = 32, MERKLE_LEVELS = 62, MERKLE_PATH_MAX = 64 };
#define MERKLE_SIZE_MAX (UINT64_C(1) << MERKLE_LEVELS)

struct merkle_hash {
	unsigned char bytes[MERKLE_HASH_BYTES];
};

/* SHA-256(0x00 ‖ leaf). */
int merkle_hash_leaf(const void *leaf, size_t length, struct merkle_hash *hash, struct error *error);

/* ── Growing ── */

/* The right edge of a tree: the complete subtrees that its size is the sum of. */
struct merkle_frontier {
	uint64_t size;
	struct merkle_hash peaks[MERKLE_LEVELS + 1]; /* [level] where that bit of size is set */
};

/* Is told of every subtree above the leaves that an appended leaf completes. */
typedef int merkle_store(
    void *context, unsigned level, uint64_t position, const struct merkle_hash *hash, struct error *error);

/* Appends one leaf's hash. store may be NULL. On an error the frontier is as it was. */
int merkle_append(struct merkle_frontier *frontier, const struct merkle_hash *leaf, merkle_store *store,
    void *context, struct error *error);

/* The root of the tree; of the empty one it is SHA-256(""). */
int merkle_root(const struct merkle_frontier *frontier, struct merkle_hash *root, struct error *error);

/* ── Proving ── */

/* Gives the hash of a complete subtree. */
typedef int merkle_read(
    void *context, unsigned level, uint64_t position, struct merkle_hash *hash, struct error *error);

struct merkle_nodes {
	merkle_read *read;
	void *context;
};

struct merkle_path {
	size_t count;
	struct merkle_hash hashes[MERKLE_PATH_MAX];
};

/* The frontier of the tree with the first size leaves. */
int merkle_load_frontier(
    const struct merkle_nodes *nodes, uint64_t size, struct merkle_frontier *frontier, struct error *error);

/* PATH(index, D[size]), RFC 6962 §2.1.1: from the leaf's sibling up. index < size ≤ MERKLE_SIZE_MAX. */
int merkle_prove_inclusion(const struct merkle_nodes *nodes, uint64_t index, uint64_t size,
    struct merkle_path *path, struct error *error);

/* PROOF(old_size, D[new_size]), RFC 6962 §2.1.2; empty when old_size is 0 or new_size. old_size ≤ new_size.
 */
int merkle_prove_consistency(const struct merkle_nodes *nodes, uint64_t old_size, uint64_t new_size,
    struct merkle_path *path, struct error *error);

/* ── Checking: for strangers; -EBADMSG (a finding) when the proof does not prove it ── */

/* RFC 9162 §2.1.3.2. The tree's size is bound by the signature over size and root, not by the path. */
int merkle_verify_inclusion(uint64_t index, uint64_t size, const struct merkle_hash *leaf,
    const struct merkle_path *path, const struct merkle_hash *root, struct error *error);

/* RFC 9162 §2.1.4.2. Every tree is consistent with the empty one. */
int merkle_verify_consistency(uint64_t old_size, uint64_t new_size, const struct merkle_hash *old_root,
    const struct merkle_hash *new_root, const struct merkle_path *path, struct error *error);
