/* Files are written whole or not at all; settings are understood or refused; a passphrase is one line. */
#include "src/base/file.h"

#include "src/base/policy.h"
#include "src/base/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>

static char directory[] = "/tmp/kiyome-test-XXXXXX";

static int make_directory(void **state)
{
	(void)state;
	return mkdtemp(directory) ? 0 : -1;
}

static int remove_directory(void **state)
{
	(void)state;
	char command[128];
	(void)snprintf(command, sizeof command, "rm -rf '%s'", directory);
	return system(command);
}

static void write_text(const char *name, const char *text)
{
	struct error error;
	CLEANUP_FREE char *path = file_join(directory, name);
	assert_int_equal(file_replace(path, text, strlen(text), 0600, &error), 0);
}

static void assert_holds(const char *path, const char *wanted)
{
	struct error error;
	CLEANUP_BUFFER struct buffer bytes = BUFFER_EMPTY;
	assert_int_equal(file_read(path, 1 << 20, &bytes, &error), 0);
	assert_string_equal(buffer_text(&bytes), wanted);
}

static void a_file_is_replaced_whole(void **state)
{
	(void)state;
	struct stat status;
	CLEANUP_FREE char *path = file_join(directory, "file");
	CLEANUP_FREE char *beside = file_join(directory, "file.new");
	write_text("file", "first");
	write_text("file.new", "left by a crash");
	write_text("file", "second");
	assert_holds(path, "second");
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
	assert_false(file_exists(beside));
}

/* In a child, with a limit on file sizes: the write fails half-way, as on a full disk. */
static int replace_with_little_room(const char *path)
{
	const struct rlimit little = {1000, 1000};
	struct error error = {0};
	static char large[100000];
	(void)signal(SIGXFSZ, SIG_IGN);
	if (setrlimit(RLIMIT_FSIZE, &little) < 0)
		return 99;
	return file_replace(path, large, sizeof large, 0600, &error) == -EFBIG && error.sentence[0] ? 0 : 98;
}

static void a_full_disk_leaves_the_old_file(void **state)
{
	(void)state;
	CLEANUP_FREE char *path = file_join(directory, "full");
	CLEANUP_FREE char *beside = file_join(directory, "full.new");
	int how = 0;
	write_text("full", "old");
	pid_t child = fork();
	if (child == 0)
		_exit(replace_with_little_room(path));
	assert_int_equal(waitpid(child, &how, 0), child);
	assert_true(WIFEXITED(how));
	assert_int_equal(WEXITSTATUS(how), 0);
	assert_holds(path, "old");
	assert_false(file_exists(beside));
}

static void a_file_larger_than_its_limit_is_not_read(void **state)
{
	(void)state;
	struct error error = {0};
	CLEANUP_BUFFER struct buffer bytes = BUFFER_EMPTY;
	CLEANUP_FREE char *path = file_join(directory, "large");
	write_text("large", "0123456789");
	assert_int_equal(file_read(path, 9, &bytes, &error), -EFBIG);
	buffer_clear(&bytes);
	assert_int_equal(file_read(path, 10, &bytes, &error), 0);
}

static int load(struct policy **policy, struct error *error)
{
	return policy_load(directory, policy, error);
}

static void settings_are_understood_or_refused_by_line(void **state)
{
	(void)state;
	struct error error = {0};
	CLEANUP(policy_release) struct policy *policy = NULL;
	write_text("kiyome.conf", "[organisation]\nname = 清め商事\n# a comment\n[wipe]\nmethod = dod-3\n");
	assert_int_equal(load(&policy, &error), 0);
	assert_string_equal(policy_text(policy, "organisation", "name"), "清め商事");
	assert_string_equal(policy_text(policy, "wipe", "method"), "dod-3");
	assert_string_equal(policy_text(policy, "wipe", "verify"), "last");
	assert_null(policy_text(policy, "wipe", "nothing"));
	policy_release(&policy);

	write_text("kiyome.conf", "[wipe]\nmethod = dod-3\nmehtod = zero\n");
	assert_int_equal(load(&policy, &error), -EINVAL);
	assert_int_equal(error_exit_status(&error), 2);
	assert_non_null(strstr(error.sentence, "line 3"));
	assert_non_null(strstr(error.sentence, "mehtod"));

	write_text("kiyome.conf", "[wipe]\nno equals sign\n");
	assert_int_equal(load(&policy, &error), -EINVAL);
	assert_non_null(strstr(error.sentence, "line 2"));
}

static void a_drop_in_has_the_last_word(void **state)
{
	(void)state;
	struct error error = {0};
	CLEANUP(policy_release) struct policy *policy = NULL;
	CLEANUP_FREE char *drop_ins = file_join(directory, "kiyome.conf.d");
	assert_int_equal(file_make_directory(drop_ins, 0700, &error), 0);
	write_text("kiyome.conf", "[wipe]\nmethod = dod-3\n");
	write_text("kiyome.conf.d/20-b.conf", "[wipe]\nmethod = gost\n");
	write_text("kiyome.conf.d/10-a.conf", "[wipe]\nmethod = zero\nverify = all\n");
	write_text("kiyome.conf.d/30-c.disabled", "[wipe]\nmethod = one\n");
	assert_int_equal(load(&policy, &error), 0);
	assert_string_equal(policy_text(policy, "wipe", "method"), "gost");
	assert_string_equal(policy_text(policy, "wipe", "verify"), "all");
}

static void the_default_file_reads_back_as_the_defaults(void **state)
{
	(void)state;
	struct error error = {0};
	CLEANUP(policy_release) struct policy *policy = NULL;
	CLEANUP_BUFFER struct buffer text = BUFFER_EMPTY;
	CLEANUP_FREE char *drop_in = file_join(directory, "kiyome.conf.d/20-b.conf");
	CLEANUP_FREE char *other = file_join(directory, "kiyome.conf.d/10-a.conf");
	(void)unlink(drop_in);
	(void)unlink(other);
	policy_write_default(&text, "Hostile\n[wipe]\nmethod = zero; #x");
	write_text("kiyome.conf", buffer_text(&text));
	assert_int_equal(load(&policy, &error), 0);
	assert_string_equal(policy_text(policy, "wipe", "method"), "nist-clear");
	assert_string_equal(policy_text(policy, "organisation", "name"), "Hostile [wipe] method = zero  #x");
}

static int read_passphrase(const char *text, struct secret *secret, struct error *error)
{
	CLEANUP_FREE char *path = file_join(directory, "passphrase");
	write_text("passphrase", text);
	return secret_read_file(path, secret, error);
}

static void a_passphrase_is_one_line(void **state)
{
	(void)state;
	struct error error = {0};
	struct secret secret = SECRET_EMPTY;
	assert_int_equal(read_passphrase("pass word \n", &secret, &error), 0);
	assert_string_equal(secret.bytes, "pass word ");
	assert_int_equal(secret.length, 10);
	secret_release(&secret);
	assert_int_equal(read_passphrase("crlf\r\n", &secret, &error), 0);
	assert_string_equal(secret.bytes, "crlf");
	secret_release(&secret);
	assert_int_equal(read_passphrase("", &secret, &error), -EINVAL);
	assert_int_equal(read_passphrase("\n", &secret, &error), -EINVAL);
	assert_int_equal(read_passphrase("one\ntwo\n", &secret, &error), -EINVAL);
	assert_int_equal(error_exit_status(&error), 2);
	assert_null(secret.bytes);
	char large[2000];
	memset(large, 'x', sizeof large - 1);
	large[sizeof large - 1] = '\0';
	assert_int_equal(read_passphrase(large, &secret, &error), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_file_is_replaced_whole),
	    cmocka_unit_test(a_full_disk_leaves_the_old_file),
	    cmocka_unit_test(a_file_larger_than_its_limit_is_not_read),
	    cmocka_unit_test(settings_are_understood_or_refused_by_line),
	    cmocka_unit_test(a_drop_in_has_the_last_word),
	    cmocka_unit_test(the_default_file_reads_back_as_the_defaults),
	    cmocka_unit_test(a_passphrase_is_one_line),
	};
	return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
