#include "src/base/policy.h"

#include "src/base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <ini.h>
#include <string.h>

struct setting {
	const char *section;
	const char *key;
	const char *fallback;
	const char *english;
	const char *japanese;
};

static const struct setting settings[] = {
    {"organisation", "name", "", "The organisation, as it is printed on certificates.",
	"証明書に印刷する組織名。"},
    {"organisation", "department", "", "The department that erases media.", "消去を行う部門。"},
    {"organisation", "contact", "", "Whom to ask about a certificate: telephone or mail.",
	"証明書の問い合わせ先（電話番号またはメール）。"},
    {"organisation", "place", "", "Where media are erased, unless --place says otherwise.",
	"消去の実施場所（--place で変更できる）。"},
    {"wipe", "method", "nist-clear",
	"The overwrite method, unless --method says otherwise (policy §3-3.1, §3-3.2). `kiyome wipe "
	"--list-methods`.",
	"既定の上書き方式（規程 §3-3.1、§3-3.2）。"},
    {"wipe", "verify", "last",
	"What is read back: last (the whole last pass), all (each pass), sample:N%, none (no certificate).",
	"読み戻し検証：last（最終パス全体）、all（全パス）、sample:N%（抜取り）、none（証明書なし）。"},
    {"wipe", "custom", "random",
	"The passes of the method `custom`: bytes in hexadecimal or `random`, with spaces between.",
	"方式 custom のパス列：16 進のバイト列または random を空白で区切る。"},
    {"wipe", "retries", "2", "How often a failed write or read is tried again before it counts (0 to 10).",
	"読み書きに失敗したとき再試行する回数（0～10）。"},
    {"wipe", "asset-required", "no",
	"yes: every wipe must name the asset number of the ledger (policy §4-5.1.3).",
	"yes の場合、情報資産管理台帳の資産番号（--asset）を必須とする（規程 §4-5.1.3）。"},
};

struct value {
	const struct setting *setting;
	char *text;
};

struct policy {
	struct value values[LENGTH_OF(settings)];
	char reason[256];
};

static const struct setting *find_setting(const char *section, const char *key)
{
	for (size_t i = 0; i < LENGTH_OF(settings); i++)
		if (strcmp(settings[i].section, section) == 0 && strcmp(settings[i].key, key) == 0)
			return &settings[i];
	return NULL;
}

/* libinih: 1 = taken, 0 = an error on this line. */
static int take_setting(void *context, const char *section, const char *key, const char *text)
{
	struct policy *policy = context;
	const struct setting *setting = find_setting(section, key);
	if (!setting) {
		(void)snprintf(
		    policy->reason, sizeof policy->reason, _("there is no setting %s in [%s]"), key, section);
		return 0;
	}
	struct value *value = &policy->values[setting - settings];
	char *copy = strdup(text);
	if (!copy) {
		(void)snprintf(policy->reason, sizeof policy->reason, "%s", _("out of memory"));
		return 0;
	}
	free(value->text);
	value->text = copy;
	return 1;
}

static int read_settings(struct policy *policy, const char *path, struct error *error)
{
	policy->reason[0] = '\0';
	int line = ini_parse(path, take_setting, policy);
	if (line == 0)
		return 0;
	if (line < 0)
		return error_system(
		    error, errno ? errno : ENOMEM, _("could not read the settings in %s"), path);
	error_refuse(error, EINVAL, _("%s, line %d: %s"), path, line,
	    policy->reason[0] ? policy->reason : _("this is neither a [section] nor a key = value"));
	error_advise(
	    error, _("correct the line; a fresh example is printed by `kiyome setup --print-settings`"));
	return error->code;
}

static int is_drop_in(const struct dirent *entry)
{
	return fnmatch("*.conf", entry->d_name, FNM_PERIOD) == 0;
}

static int read_drop_ins(struct policy *policy, const char *directory, struct error *error)
{
	struct dirent **found = NULL;
	int count = scandir(directory, &found, is_drop_in, alphasort);
	if (count < 0)
		return errno == ENOENT
			   ? 0
			   : error_system(error, errno, _("could not read the settings in %s"), directory);
	int status = 0;
	for (int i = 0; i < count; i++) {
		CLEANUP_FREE char *path = file_join(directory, found[i]->d_name);
		if (status == 0)
			status = path ? read_settings(policy, path, error)
				      : error_set(error, ENOMEM, _("out of memory"));
		free(found[i]);
	}
	free(found);
	return status;
}

int policy_load(const char *home, struct policy **policy, struct error *error)
{
	CLEANUP(policy_release) struct policy *made = calloc(1, sizeof *made);
	CLEANUP_FREE char *path = file_join(home, "kiyome.conf");
	CLEANUP_FREE char *drop_ins = file_join(home, "kiyome.conf.d");
	if (!made || !path || !drop_ins)
		return error_set(error, ENOMEM, _("out of memory"));
	int status = file_exists(path) ? read_settings(made, path, error) : 0;
	if (status == 0)
		status = read_drop_ins(made, drop_ins, error);
	if (status == 0) {
		*policy = made;
		made = NULL;
	}
	return status;
}

void policy_release(struct policy **policy)
{
	if (!*policy)
		return;
	for (size_t i = 0; i < LENGTH_OF(settings); i++)
		free((*policy)->values[i].text);
	free(*policy);
	*policy = NULL;
}

const char *policy_text(const struct policy *policy, const char *section, const char *key)
{
	const struct setting *setting = find_setting(section, key);
	if (!setting)
		return NULL;
	const char *text = policy->values[setting - settings].text;
	return text ? text : setting->fallback;
}

/* A name must stay one value on one line: what INI would read otherwise becomes a space. */
static void append_value(struct buffer *out, const char *text)
{
	for (; *text; text++)
		buffer_append(out, (unsigned char)*text < 0x20 || *text == ';' ? " " : text, 1);
}

void policy_write_default(struct buffer *out, const char *organisation_name)
{
	const char *section = "";
	buffer_append_text(out, "# Kiyome's settings / Kiyome の設定\n"
				"# A line that begins with # is a comment. Drop-ins: kiyome.conf.d/*.conf\n");
	for (size_t i = 0; i < LENGTH_OF(settings); i++) {
		const struct setting *setting = &settings[i];
		bool is_name =
		    strcmp(setting->section, "organisation") == 0 && strcmp(setting->key, "name") == 0;
		if (strcmp(section, setting->section) != 0)
			buffer_printf(out, "\n[%s]\n", section = setting->section);
		buffer_printf(out, "# %s\n# %s\n%s%s = ", setting->japanese, setting->english,
		    is_name ? "" : "#", setting->key);
		append_value(out, is_name ? organisation_name : setting->fallback);
		buffer_append_text(out, "\n");
	}
}
