#include "src/register/internal.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

int tree_read_node(
    void *context, unsigned level, uint64_t position, struct merkle_hash *hash, struct error *error)
{
	struct store *store = &((struct reg *)context)->store;
	CLEANUP_RESET sqlite3_stmt *statement = NULL;
	bool row = false;
	size_t length = 0;
	int status = store_use(store, level ? STORE_READ_NODE : STORE_READ_LEAF, &statement, error);
	if (status < 0)
		return status;
	int parameter = 1;
	if (level)
		(void)sqlite3_bind_int64(statement, parameter++, level);
	(void)sqlite3_bind_int64(statement, parameter, (sqlite3_int64)position);
	status = store_step(store, statement, &row, _("read the register"), error);
	if (status < 0)
		return status;
	const void *bytes = row ? store_column(statement, 0, &length) : NULL;
	if (length != sizeof hash->bytes) {
		error_finding(error, EBADMSG,
		    _("the register lacks the hash at level %u, position %" PRIu64 " of its tree"), level,
		    position);
		error_advise(error, _("`kiyome register verify` tells everything that is wrong"));
		return error->code;
	}
	memcpy(hash->bytes, bytes, length);
	return 0;
}

int tree_store_node(
    void *context, unsigned level, uint64_t position, const struct merkle_hash *hash, struct error *error)
{
	struct store *store = &((struct reg *)context)->store;
	CLEANUP_RESET sqlite3_stmt *statement = NULL;
	bool row;
	int status = store_use(store, STORE_ADD_NODE, &statement, error);
	if (status < 0)
		return status;
	(void)sqlite3_bind_int64(statement, 1, level);
	(void)sqlite3_bind_int64(statement, 2, (sqlite3_int64)position);
	(void)sqlite3_bind_blob(statement, 3, hash->bytes, sizeof hash->bytes, SQLITE_TRANSIENT);
	return store_step(store, statement, &row, _("append to the register"), error);
}
