#include "privilege.h"

#include <linux/capability.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* PROC_USER_INIT_INO of the kernel: the inode of the first user namespace since Linux 3.8. */
#define INITIAL_USER_NAMESPACE 0xEFFFFFFDU

bool privilege_has(int capability)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {{0}};
    if (syscall(SYS_capget, &header, data) != 0)
        return false;
    return data[capability / 32].effective >> (capability % 32) & 1;
}

bool privilege_is_initial(void)
{
    struct stat status;
    return stat("/proc/self/ns/user", &status) == 0 && status.st_ino == INITIAL_USER_NAMESPACE;
}

bool privilege_sees_trusted(void)
{
    return privilege_has(CAP_SYS_ADMIN) && privilege_is_initial();
}
