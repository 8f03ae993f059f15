/*
 * What this process may do. Never told from its user id: uid 0 in a user namespace may little, and
 * another uid can hold capabilities.
 */
#ifndef ZLSNAP_PRIVILEGE_H
#define ZLSNAP_PRIVILEGE_H

#include <stdbool.h>

/* Whether the effective set holds the capability (linux/capability.h). */
bool privilege_has(int capability);

/* Whether the process lives in the initial user namespace, where ids and devices are real. */
bool privilege_is_initial(void);

/* Whether trusted.* attributes are visible and can be set: CAP_SYS_ADMIN in the initial user
 * namespace (xattr(7)). */
bool privilege_sees_trusted(void);

#endif
