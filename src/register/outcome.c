#include "src/base/json.h"
#include "src/register/internal.h"

#include <string.h>

const struct outcome_kinds outcome_table[] = {
    {"wipe.planned", "wipe.finished"},
    {NULL, NULL},
};

int register_find_outcome(struct reg *reg, const struct register_entry *entry, enum register_state *state,
    uint64_t *outcome, struct error *error)
{
	const struct outcome_kinds *kinds = outcome_table;
	const char *kind = json_text(entry->json, "kind", "");
	CLEANUP_RESET sqlite3_stmt *statement = NULL;
	bool row = false;
	*state = REGISTER_NO_INTENT;
	while (kinds->intent && strcmp(kinds->intent, kind) != 0)
		kinds++;
	if (!kinds->intent)
		return 0;
	int status = store_use(&reg->store, STORE_READ_OUTCOME, &statement, error);
	if (status < 0)
		return status;
	(void)sqlite3_bind_text(statement, 1, kinds->outcome, -1, SQLITE_STATIC);
	(void)sqlite3_bind_int64(statement, 2, (sqlite3_int64)entry->seq);
	status = store_step(&reg->store, statement, &row, _("read the register"), error);
	if (status < 0)
		return status;
	bool found = row && sqlite3_column_type(statement, 0) != SQLITE_NULL;
	*state = found ? REGISTER_FINISHED : REGISTER_UNFINISHED;
	*outcome = found ? (uint64_t)sqlite3_column_int64(statement, 0) : 0;
	return 0;
}
