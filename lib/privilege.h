/*
 * What this process may do. Never told from its user id: uid 0 in a user namespace may little, and
 * another uid can hold capabilities.
 */
#ifndef ZLSNAP_PRIVILEGE_H
#define ZLSNAP_PRIVILEGE_H

#include <stdbool.h>
#include <stdint.h>

/* What this process may do. */
struct privileges {
    uint64_t effective; /* a bit for each capability (linux/capability.h) */
    bool initial;       /* it lives in the initial user namespace, where ids and devices are real */
    bool trusted;       /* trusted.* attributes are visible and can be set: xattr(7) */
};

/* Finds that out. Where a filter of system calls (seccomp(2)) does not let us ask, there are no
 * capabilities. Returns 0; -1 with errno set. */
int privileges_read(struct privileges *privileges);

/* Whether the effective set holds the capability. */
bool privileges_have(const struct privileges *privileges, int capability);

/* The same of this process now, for where a failure may be taken for "no". */
bool privilege_has(int capability);
bool privilege_sees_trusted(void);

#endif
