/* Who does this: the real person, also behind sudo or pkexec (policy §5-2: one account for one person). */
#pragma once

#include "src/base/error.h"

#include <jansson.h>
#include <sys/types.h>

struct actor {
	uid_t uid;      /* of the person, not of the privilege */
	char name[256]; /* login name; "uid:N" when the account database has none */
	char via[16]; /* "login" (audit login uid), "sudo", "pkexec" or "process": how the person was known */
};

/* Finds the person: the kernel's audit login uid where it is set (a process cannot change it back), else
 * what sudo or pkexec left for a process of root, else the real user id. */
void actor_find(struct actor *actor);

/* {"name", "uid", "via"} for an entry of the register. */
json_t *actor_to_json(const struct actor *actor);
