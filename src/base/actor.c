#include "src/base/actor.h"

#include "src/base/cleanup.h"
#include "src/base/json.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static bool read_uid(const char *text, uid_t *uid)
{
	char *end;
	errno = 0;
	unsigned long value = text && *text ? strtoul(text, &end, 10) : (unsigned long)-1;
	if (errno || value >= (uid_t)-1 || *end)
		return false;
	*uid = (uid_t)value;
	return true;
}

static bool login_uid(uid_t *uid)
{
	char text[32];
	CLEANUP_CLOSE int descriptor = open("/proc/self/loginuid", O_RDONLY | O_CLOEXEC);
	if (descriptor < 0)
		return false;
	ssize_t got = read(descriptor, text, sizeof text - 1);
	if (got <= 0)
		return false;
	text[got] = '\0';
	return read_uid(text, uid);
}

void actor_find(struct actor *actor)
{
	const char *via = "process";
	actor->uid = getuid();
	if (login_uid(&actor->uid))
		via = "login";
	else if (getuid() == 0 && read_uid(getenv("SUDO_UID"), &actor->uid))
		via = "sudo";
	else if (getuid() == 0 && read_uid(getenv("PKEXEC_UID"), &actor->uid))
		via = "pkexec";
	(void)snprintf(actor->via, sizeof actor->via, "%s", via);

	struct passwd record;
	struct passwd *found = NULL;
	char space[4096];
	if (getpwuid_r(actor->uid, &record, space, sizeof space, &found) == 0 && found)
		(void)snprintf(actor->name, sizeof actor->name, "%s", found->pw_name);
	else
		(void)snprintf(actor->name, sizeof actor->name, "uid:%lu", (unsigned long)actor->uid);
}

json_t *actor_to_json(const struct actor *actor)
{
	return json_pack("{s:o, s:I, s:s}", "name", json_from_bytes(actor->name), "uid",
	    (json_int_t)actor->uid, "via", actor->via);
}
