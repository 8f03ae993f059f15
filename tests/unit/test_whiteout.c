/*
 * Whiteouts as names: OCI image specification, layer.md.
 */
#include "tap.h"
#include "whiteout.h"

#include <string.h>

static const struct {
    const char *path;
    enum whiteout kind;
    const char *hidden; /* for WHITEOUT_ENTRY */
} table[] = {
    {".", WHITEOUT_NONE, NULL},
    {"", WHITEOUT_NONE, NULL},
    {"a", WHITEOUT_NONE, NULL},
    {"wh.a", WHITEOUT_NONE, NULL},
    {".wh", WHITEOUT_NONE, NULL},
    {".WH.a", WHITEOUT_NONE, NULL},
    {"a.wh.b", WHITEOUT_NONE, NULL},
    {"a/.wh", WHITEOUT_NONE, NULL},
    {".wh.a/b", WHITEOUT_NONE, NULL}, /* the last component counts */
    {".wh.a", WHITEOUT_ENTRY, "a"},
    {"d/e/.wh.a", WHITEOUT_ENTRY, "a"},
    {".wh.a/.wh.b", WHITEOUT_ENTRY, "b"},
    {".wh..hidden", WHITEOUT_ENTRY, ".hidden"},
    {".wh....", WHITEOUT_ENTRY, "..."},
    {".wh..wh", WHITEOUT_ENTRY, ".wh"},
    {".wh. ", WHITEOUT_ENTRY, " "},
    {".wh.\303\251", WHITEOUT_ENTRY, "\303\251"},
    {".wh..opq", WHITEOUT_ENTRY, ".opq"},
    {".wh..wh..opq", WHITEOUT_OPAQUE, NULL},
    {"d/.wh..wh..opq", WHITEOUT_OPAQUE, NULL},
    {".wh..wh..opq/a", WHITEOUT_NONE, NULL},
    {".wh..wh..opqx", WHITEOUT_RESERVED, NULL},
    {".wh..wh..op", WHITEOUT_RESERVED, NULL},
    {".wh..wh.aufs", WHITEOUT_RESERVED, NULL},
    {"d/.wh..wh.plnk", WHITEOUT_RESERVED, NULL},
    {".wh..wh.", WHITEOUT_RESERVED, NULL},
    {".wh.", WHITEOUT_INVALID, NULL},
    {"d/.wh.", WHITEOUT_INVALID, NULL},
    {".wh..", WHITEOUT_INVALID, NULL},
    {".wh...", WHITEOUT_INVALID, NULL},
};

int main(void)
{
    static const char *const kinds[] = {"no whiteout", "a whiteout", "an opaque marker", "reserved",
                                        "invalid"};
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        const char *hidden = NULL;
        enum whiteout kind = whiteout_parse(table[i].path, &hidden);
        bool same = hidden && table[i].hidden ? strcmp(hidden, table[i].hidden) == 0
                                              : hidden == table[i].hidden;
        CHECK(kind == table[i].kind && same, "'%s' is %s", table[i].path, kinds[table[i].kind]);
        CHECK(whiteout_parse(table[i].path, NULL) == table[i].kind,
              "'%s' is %s, without the hidden name", table[i].path, kinds[table[i].kind]);
    }
    return tap_done();
}
