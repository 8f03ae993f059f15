#include "privilege.h"

#include <errno.h>
#include <linux/capability.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* PROC_USER_INIT_INO of the kernel: the inode of the initial user namespace since Linux 3.8. */
#define INITIAL_USER_NAMESPACE 0xEFFFFFFDU

static int capabilities_read(uint64_t *effective)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {{0}};
    int result = (int)syscall(SYS_capget, &header, data);
    *effective = (uint64_t)data[1].effective << 32 | data[0].effective;
    return result == 0 || errno == ENOSYS || errno == EPERM ? 0 : -1;
}

/* A kernel without user namespaces has only the initial one. */
static int namespace_read(bool *initial)
{
    struct stat status;
    int result = stat("/proc/self/ns/user", &status);
    *initial = result != 0 || status.st_ino == INITIAL_USER_NAMESPACE;
    return result == 0 || errno != ENOENT ? result : stat("/proc/self/ns", &status);
}

int privileges_read(struct privileges *privileges)
{
    *privileges = (struct privileges){0};
    if (capabilities_read(&privileges->effective) != 0 || namespace_read(&privileges->initial) != 0)
        return -1;
    privileges->trusted = privileges->initial && privileges_have(privileges, CAP_SYS_ADMIN);
    return 0;
}

bool privileges_have(const struct privileges *privileges, int capability)
{
    return privileges->effective >> capability & 1;
}

bool privilege_has(int capability)
{
    struct privileges privileges;
    return privileges_read(&privileges) == 0 && privileges_have(&privileges, capability);
}

bool privilege_sees_trusted(void)
{
    struct privileges privileges;
    return privileges_read(&privileges) == 0 && privileges.trusted;
}
