/* What the register's tests share: homes to make, fill, copy and take apart. */
#pragma once

#include "src/base/cleanup.h"
#include "src/base/file.h"
#include "src/base/json.h"
#include "src/register/register.h"

#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#define ORIGIN "k3f9a12.kiyome"

static struct error error;
static const struct actor person = {1000, "hanako", "sudo"};

static inline void remove_tree(const char *path)
{
	DIR *directory = opendir(path);
	for (struct dirent *entry; directory && (entry = readdir(directory));) {
		CLEANUP_FREE char *inside = file_join(path, entry->d_name);
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (unlink(inside) < 0)
			remove_tree(inside);
	}
	if (directory)
		(void)closedir(directory);
	(void)rmdir(path);
}

/* A new directory; on the file system in memory where there is one, for its speed. The caller frees it. */
static inline char *make_home(void)
{
	char path[64];
	(void)snprintf(path, sizeof path, "%s/test_register.XXXXXX",
	    access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	assert_non_null(mkdtemp(path));
	return strdup(path);
}

static inline void cleanup_home(char **home)
{
	if (*home)
		remove_tree(*home);
	free(*home);
}

static inline void copy_file(const char *from_home, const char *to_home, const char *name)
{
	CLEANUP_FREE char *from = file_join(from_home, name);
	CLEANUP_FREE char *to = file_join(to_home, name);
	CLEANUP_BUFFER struct buffer content = BUFFER_EMPTY;
	assert_int_equal(file_read(from, 1 << 26, &content, &error), 0);
	assert_int_equal(file_replace(to, content.data, content.length, 0600, &error), 0);
}

static inline char *copy_home(const char *home)
{
	char *copy = make_home();
	CLEANUP_FREE char *keys = file_join(copy, "keys");
	assert_int_equal(file_make_directory(keys, 0700, &error), 0);
	copy_file(home, copy, "register.db");
	copy_file(home, copy, "keys/log.key");
	return copy;
}

static inline int append_body(struct reg *reg, const char *kind, const char *subject, json_t *body)
{
	int status = register_append(reg, kind, &person, subject, body, NULL, &error);
	json_decref(body);
	return status;
}

static inline struct reg *open_home(const char *home, enum register_mode mode)
{
	struct reg *reg = NULL;
	if (register_open(home, mode, &reg, &error) < 0)
		fail_msg("%s", error.sentence);
	return reg;
}

/* A register of register.created, an unfinished wipe, a finished one, and a certificate: five entries. */
static inline char *make_filled_home(void)
{
	char *home = make_home();
	assert_int_equal(register_create(home, ORIGIN, &error), 0);
	struct reg *reg = open_home(home, REGISTER_APPEND);
	assert_int_equal(append_body(reg, "wipe.planned", "WD-1", json_pack("{s:s}", "asset", "A1")), 0);
	assert_int_equal(append_body(reg, "wipe.planned", "WD-2", json_pack("{s:s}", "asset", "A2")), 0);
	assert_int_equal(append_body(reg, "wipe.finished", "WD-2",
			     json_pack("{s:i, s:s}", "intent", 2, "result", "erased")),
	    0);
	assert_int_equal(append_body(reg, "certificate.issued", "WD-2", json_pack("{s:i}", "outcome", 3)), 0);
	register_close(&reg);
	return home;
}

/* Verifies, and gives the report; the register is closed again. */
static inline struct register_report verify_home(const char *home)
{
	struct register_report report;
	struct reg *reg = open_home(home, REGISTER_READ);
	if (register_verify(reg, &report, &error) < 0)
		fail_msg("%s", error.sentence);
	register_close(&reg);
	return report;
}

static inline void assert_sound(const char *home, uint64_t entries)
{
	struct register_report report = verify_home(home);
	if (json_array_size(report.findings))
		fail_msg("%s", json_string_value(json_array_get(report.findings, 0)));
	assert_int_equal(report.entries, entries);
	assert_int_equal(report.checkpoints, entries);
	register_report_release(&report);
}
