#include "staging_name.h"

#include <stdio.h>
#include <string.h>

#define INFIX ".zlsnap-"
#define TARGET_KEPT ((int)(NAME_MAX - 1 - (sizeof INFIX - 1) - STAGING_RANDOM_LENGTH))

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/* Writes the part of the name that all runs for a target share; returns its length. */
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

bool staging_name_is(const char *name, const char *target)
{
    char prefix[NAME_MAX + 1];
    size_t length = prefix_write(prefix, target);
    return strncmp(name, prefix, length) == 0 && strlen(name) == length + STAGING_RANDOM_LENGTH &&
           strspn(name + length, alphabet) == STAGING_RANDOM_LENGTH;
}
