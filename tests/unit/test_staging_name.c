/*
 * The names of staging directories, and similar names.
 */
#include "staging_name.h"
#include "tap.h"

#include <string.h>

static const struct {
    const char *name;
    const char *target; /* its target, NULL for other names */
} table[] = {
    {".a.zlsnap-abcdef", "a"},
    {".a.zlsnap-AZ09az", "a"},
    {"..zlsnap-.zlsnap-abcdef", ".zlsnap-"},
    {"...zlsnap-abcdef", "."},
    {".a b\n.zlsnap-abcdef", "a b\n"},
    {".\303\251.zlsnap-abcdef", "\303\251"},
    {"..zlsnap-abcdef", NULL}, /* no target */
    {".zlsnap-abcdef", NULL},
    {"a.zlsnap-abcdef", NULL},
    {".a.zlsnap-abcde", NULL},
    {".a.zlsnap-abcdefg", NULL},
    {".a.zlsnap-abcd-f", NULL},
    {".a.zlsnap-abcd\303\251", NULL},
    {".a.zlsnap-abcde ", NULL},
    {".a.zlsnap_abcdef", NULL},
    {".a-zlsnap-abcdef", NULL},
    {".azlsnap-abcdef", NULL},
    {".a.zlsnap-", NULL},
    {".", NULL},
    {"", NULL},
};

static void is_table(void)
{
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        const char *target = table[i].target;
        CHECK(staging_name_is_any(table[i].name) == (target != NULL), "entry %zu: any", i);
        CHECK(staging_name_is(table[i].name, target ? target : "a") == (target != NULL),
              "entry %zu: its own", i);
        CHECK(!staging_name_is(table[i].name, "b"), "entry %zu: another's", i);
    }
}

static void is_what_is_made(void)
{
    char target[NAME_MAX + 1], name[NAME_MAX + 1];
    for (size_t length = 1; length <= NAME_MAX; length++) {
        unsigned char random[STAGING_RANDOM_LENGTH];
        memset(target, 'x', length);
        target[length] = '\0';
        memset(random, (int)length, sizeof random);
        staging_name_make(name, target, random);
        CHECK(strlen(name) <= NAME_MAX && staging_name_is(name, target) &&
                  staging_name_is_any(name),
              "a target of %zu bytes", length);
    }
}

int main(void)
{
    is_table();
    is_what_is_made();
    return tap_done();
}
