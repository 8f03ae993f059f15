#include "sandbox.h"

#include "diag.h"
#include "stream.h"

#include <errno.h>
#include <linux/landlock.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Defined here because the system's headers may be older than its kernel. */
#define ACCESS_REFER (UINT64_C(1) << 13)     /* version 2: link and rename between directories */
#define ACCESS_TRUNCATE (UINT64_C(1) << 14)  /* version 3 */
#define NET_TCP UINT64_C(3)                  /* version 4: bind and connect */
#define ACCESS_IOCTL_DEV (UINT64_C(1) << 15) /* version 5 */
#define SCOPED UINT64_C(3)                   /* version 6: abstract sockets and signals */

#define ACCESS_FIRST_VERSION ((UINT64_C(1) << 13) - 1)

/* What each use allows beneath the directory. */
static const uint64_t allowed[] = {
    [SANDBOX_READ] = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR,
    [SANDBOX_FILES] = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_READ_DIR |
                      LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG |
                      ACCESS_TRUNCATE,
    [SANDBOX_TREE] = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_READ_DIR |
                     LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |
                     LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR |
                     LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_FIFO |
                     LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM | ACCESS_REFER |
                     ACCESS_TRUNCATE,
};

/* Version 1 always forbids links between directories. */
#define VERSION_NEEDED 2

/* struct landlock_ruleset_attr of version 6. Older kernels accept a longer struct if the rest is
 * zero. */
struct ruleset {
    uint64_t handled_access_fs, handled_access_net, scoped;
};

static struct ruleset ruleset_of(long version)
{
    struct ruleset ruleset = {.handled_access_fs = ACCESS_FIRST_VERSION | ACCESS_REFER};
    if (version >= 3)
        ruleset.handled_access_fs |= ACCESS_TRUNCATE;
    if (version >= 4)
        ruleset.handled_access_net = NET_TCP;
    if (version >= 5)
        ruleset.handled_access_fs |= ACCESS_IOCTL_DEV;
    if (version >= 6)
        ruleset.scoped = SCOPED;
    return ruleset;
}

/* Allows the use beneath the directory (-1: none). Returns 0; -1 with errno set. */
static int rule_add(int rules, int fd, uint64_t access)
{
    struct landlock_path_beneath_attr beneath = {.allowed_access = access, .parent_fd = fd};
    return fd < 0 ? 0
                  : (int)syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &beneath,
                                 0);
}

/* Returns 0; -1 with errno set. */
static int restrict_to(int fd, int other, enum sandbox_use use, long version)
{
    struct ruleset ruleset = ruleset_of(version);
    int rules = (int)syscall(SYS_landlock_create_ruleset, &ruleset, sizeof ruleset, 0);
    if (rules < 0)
        return -1;
    const uint64_t access = ruleset.handled_access_fs & allowed[use];
    int result = rule_add(rules, fd, access);
    if (result == 0)
        result = rule_add(rules, other, access);
    if (result == 0)
        result = (int)syscall(SYS_landlock_restrict_self, rules, 0);
    stream_close(rules);
    return result;
}

/* Why there is no confinement; depends on errno unless the version explains it. */
static const char *problem(long version)
{
    if (version >= 0 && version < VERSION_NEEDED)
        return "the kernel's version of it is too old; Linux 5.19 or later is needed";
    if (errno == ENOSYS)
        return "the kernel does not have it; Linux 5.19 or later, built with it, is needed";
    if (errno == EOPNOTSUPP)
        return "disabled in the kernel; see the boot parameter lsm=";
    return strerror(errno);
}

/* Whether the error is a lack of resources and not of Landlock. */
static bool is_failure(int error)
{
    return error == ENOMEM || error == EMFILE || error == ENFILE;
}

enum status sandbox_enter_two(int fd, int other, enum sandbox_use use)
{
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    if (version >= VERSION_NEEDED && restrict_to(fd, other, use, version) == 0)
        return STATUS_OK;
    if (version >= VERSION_NEEDED && is_failure(errno))
        return diag_errno("cannot confine the process with Landlock");
    diag_note("not confined by Landlock: %s", problem(version));
    return STATUS_OK;
}

enum status sandbox_enter(int fd, enum sandbox_use use)
{
    return sandbox_enter_two(fd, -1, use);
}
