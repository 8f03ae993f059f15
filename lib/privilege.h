/*
 * The privileges of this process. They do not follow from its user id: uid 0 in a user namespace
 * has few, and other uids may hold capabilities.
 */
#ifndef ZLSNAP_PRIVILEGE_H
#define ZLSNAP_PRIVILEGE_H

#include <stdbool.h>
#include <stdint.h>

struct privileges {
    uint64_t effective; /* a bit for each capability (linux/capability.h) */
    bool initial;       /* in the initial user namespace, where ids and devices are real */
    bool trusted;       /* trusted.* attributes are visible and can be set: xattr(7) */
};

/* Reads the privileges of this process. If seccomp(2) blocks the question, none are assumed.
 * Returns 0; -1 with errno set. */
int privileges_read(struct privileges *privileges);

/* Whether the effective set contains the capability. */
bool privileges_have(const struct privileges *privileges, int capability);

/* The same for the process as it is now, where an error may count as "no". */
bool privilege_has(int capability);
bool privilege_sees_trusted(void);

#endif
