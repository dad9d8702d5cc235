#include "src/base/sandbox.h"

#include "src/base/cleanup.h"

#include <cap-ng.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/fs.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

enum { NOBODY = 65534 };

#if defined(__SANITIZE_ADDRESS__)
enum { UNDER_SANITIZER = 1 };
#else
enum { UNDER_SANITIZER = 0 };
#endif

static int limit_resources(uint64_t memory_bytes, struct error *error)
{
	const struct rlimit none = {0, 0};
	const struct rlimit memory = {memory_bytes, memory_bytes};
	if (setrlimit(RLIMIT_CORE, &none) < 0 || setrlimit(RLIMIT_FSIZE, &none) < 0 ||
	    /* AddressSanitizer reserves terabytes of address space. */
	    (!UNDER_SANITIZER && setrlimit(RLIMIT_AS, &memory) < 0))
		return error_system(error, errno, _("could not limit the sandbox's resources"));
	return 0;
}

/* Landlock (Linux 5.13): all file system access is denied but for reading the named files. A kernel without
 * it leaves that to seccomp and to the lost privileges. */
static int restrict_files(const char *const *readable_files, struct error *error)
{
	struct landlock_ruleset_attr rules = {.handled_access_fs = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1};
	CLEANUP_CLOSE int ruleset = (int)syscall(SYS_landlock_create_ruleset, &rules, sizeof rules, 0);
	if (ruleset < 0)
		return errno == ENOSYS || errno == EOPNOTSUPP
			   ? 0
			   : error_system(error, errno, _("could not prepare the sandbox"));
	for (; readable_files && *readable_files; readable_files++) {
		CLEANUP_CLOSE int file = open(*readable_files, O_PATH | O_CLOEXEC);
		/* Whether it can do without is the child's to say. */
		if (file < 0 && errno == ENOENT)
			continue;
		struct landlock_path_beneath_attr rule = {
		    .allowed_access = LANDLOCK_ACCESS_FS_READ_FILE, .parent_fd = file};
		if (file < 0 ||
		    syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) < 0)
			return error_system(
			    error, errno, _("could not let the sandbox read %s"), *readable_files);
	}
	if (syscall(SYS_landlock_restrict_self, ruleset, 0) < 0)
		return error_system(error, errno, _("could not close the sandbox"));
	return 0;
}

static int drop_privileges(struct error *error)
{
	if (geteuid() == 0 && (setgroups(0, NULL) < 0 || setresgid(NOBODY, NOBODY, NOBODY) < 0 ||
				  setresuid(NOBODY, NOBODY, NOBODY) < 0))
		return error_system(error, errno, _("could not give up root in the sandbox"));
	capng_clear(CAPNG_SELECT_BOTH);
	/* The bounding set can be cleared only by a process that still has CAP_SETPCAP: best effort. */
	(void)capng_apply(CAPNG_SELECT_BOTH);
	if (capng_have_capabilities(CAPNG_SELECT_CAPS) > CAPNG_NONE)
		return error_set(error, EPERM, _("could not give up capabilities in the sandbox"));
	return 0;
}

static const int allowed_calls[] = {
    SCMP_SYS(read),
    SCMP_SYS(write),
    SCMP_SYS(pread64),
    SCMP_SYS(readv),
    SCMP_SYS(writev),
    SCMP_SYS(lseek),
    SCMP_SYS(close),
    SCMP_SYS(fstat),
    SCMP_SYS(newfstatat),
    SCMP_SYS(fcntl),
    SCMP_SYS(fadvise64),
    SCMP_SYS(mmap),
    SCMP_SYS(munmap),
    SCMP_SYS(mprotect),
    SCMP_SYS(mremap),
    SCMP_SYS(madvise),
    SCMP_SYS(brk),
    SCMP_SYS(futex),
    SCMP_SYS(clock_gettime),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(clock_nanosleep),
    SCMP_SYS(getrandom),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(sigaltstack),
    SCMP_SYS(getpid),
    SCMP_SYS(gettid),
    SCMP_SYS(getuid),
    SCMP_SYS(geteuid),
    SCMP_SYS(getgid),
    SCMP_SYS(getegid),
    SCMP_SYS(sched_yield),
    SCMP_SYS(sched_getaffinity),
    SCMP_SYS(poll),
    SCMP_SYS(restart_syscall),
    SCMP_SYS(uname),
    SCMP_SYS(sysinfo),
};

/* ioctls that only tell: what a probe asks of the descriptor it was given. */
static const unsigned long allowed_requests[] = {
    BLKGETSIZE64,
    BLKGETSIZE,
    BLKSSZGET,
    BLKPBSZGET,
    BLKIOMIN,
    BLKIOOPT,
    BLKALIGNOFF,
    BLKROGET,
    BLKBSZGET,
    0x301 /* HDIO_GETGEO */,
    0x5331 /* CDROM_GET_CAPABILITY */,
    0x5326 /* CDROM_DRIVE_STATUS */,
};

static int restrict_calls(bool may_open, struct error *error)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int status = filter ? 0 : -ENOMEM;
	for (size_t i = 0; status == 0 && i < LENGTH_OF(allowed_calls); i++)
		status = seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed_calls[i], 0);
	for (size_t i = 0; status == 0 && i < LENGTH_OF(allowed_requests); i++)
		status = seccomp_rule_add(
		    filter, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1, SCMP_A1(SCMP_CMP_EQ, allowed_requests[i]));
	if (status == 0 && may_open)
		status = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(openat), 1,
		    SCMP_A2(SCMP_CMP_MASKED_EQ, O_ACCMODE | O_CREAT | O_TRUNC, O_RDONLY));
	if (status == 0 && UNDER_SANITIZER) /* its report at exit */
		status = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(readlink), 0);
	if (status == 0)
		status = seccomp_load(filter);
	if (filter)
		seccomp_release(filter);
	return status < 0 ? error_system(error, -status, _("could not load the sandbox's filter")) : 0;
}

int sandbox_enter(const char *const *readable_files, uint64_t memory_bytes, struct error *error)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return error_system(error, errno, _("could not forbid new privileges"));
	int status = limit_resources(memory_bytes, error);
	if (status == 0)
		status = restrict_files(readable_files, error);
	if (status == 0)
		status = drop_privileges(error);
	if (status == 0)
		status = restrict_calls(readable_files && *readable_files, error);
	return status;
}
