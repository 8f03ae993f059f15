#include "staging_name.h"

#include <stdio.h>
#include <string.h>

#define INFIX ".zlsnap-"
#define TARGET_KEPT ((int)(NAME_MAX - 1 - (sizeof INFIX - 1) - STAGING_RANDOM_LENGTH))

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/* Writes the part of the name that depends only on the target. Returns its length. */
static size_t prefix_write(char name[static NAME_MAX + 1], const char *target)
{
    return (size_t)snprintf(name, NAME_MAX + 1, ".%.*s" INFIX, TARGET_KEPT, target);
}

void staging_name_make(char name[static NAME_MAX + 1], const char *target,
                       const unsigned char random[static STAGING_RANDOM_LENGTH])
{
    size_t length = prefix_write(name, target);
    for (size_t i = 0; i < STAGING_RANDOM_LENGTH; i++)
        name[length + i] = alphabet[random[i] % (sizeof alphabet - 1)];
    name[length + STAGING_RANDOM_LENGTH] = '\0';
}

static bool is_random_part(const char *text)
{
    return strlen(text) == STAGING_RANDOM_LENGTH && strspn(text, alphabet) == STAGING_RANDOM_LENGTH;
}

bool staging_name_is(const char *name, const char *target)
{
    char prefix[NAME_MAX + 1];
    size_t length = prefix_write(prefix, target);
    return strncmp(name, prefix, length) == 0 && is_random_part(name + length);
}

bool staging_name_is_any(const char *name)
{
    const size_t infix = sizeof INFIX - 1, length = strlen(name);
    if (name[0] != '.' || length <= 1 + infix + STAGING_RANDOM_LENGTH)
        return false;
    const char *random = name + length - STAGING_RANDOM_LENGTH;
    return memcmp(random - infix, INFIX, infix) == 0 && is_random_part(random);
}
