/*
 * Access control lists: from the text in archives to the value of the kernel's attribute.
 */
#include "acl.h"
#include "tap.h"

#include <stdlib.h>
#include <string.h>

/* The attribute's entries, 8 bytes each: tag, permissions, id, little-endian. */
#define VERSION "\2\0\0\0"
#define NO_ID "\377\377\377\377"
#define USER_OBJ(permissions) "\1\0" permissions "\0" NO_ID
#define USER(permissions, id) "\2\0" permissions "\0" id
#define GROUP_OBJ(permissions) "\4\0" permissions "\0" NO_ID
#define GROUP(permissions, id) "\10\0" permissions "\0" id
#define MASK(permissions) "\20\0" permissions "\0" NO_ID
#define OTHER(permissions) "\40\0" permissions "\0" NO_ID
#define BYTES(literal) (literal), sizeof(literal) - 1

#define PLAIN VERSION USER_OBJ("\7") GROUP_OBJ("\5") OTHER("\0")
#define NAMED                                                                                      \
    VERSION USER_OBJ("\7") USER("\5", "\350\3\0\0") GROUP_OBJ("\5") GROUP("\4", "d\0\0\0")         \
        MASK("\7") OTHER("\0")

static const struct {
    const char *what;
    const char *text;
    const char *value;
    size_t length;
} read_table[] = {
    {"commas (libarchive)", "user::rwx,group::r-x,other::---", BYTES(PLAIN)},
    {"newlines (GNU tar)", "user::rwx\ngroup::r-x\nother::---\n", BYTES(PLAIN)},
    {"short tags", "u::rwx,g::r-x,o::---", BYTES(PLAIN)},
    {"tags without a qualifier's colon (Solaris)", "user::rwx,group::r-x,other:---", BYTES(PLAIN)},
    {"empty entries between", ",user::rwx,\n,group::r-x,,other::---,", BYTES(PLAIN)},
    {"permissions in another order", "user::xwr,group::x-r,other::-", BYTES(PLAIN)},
    {"entries in another order", "other::---,group::r-x,user::rwx", BYTES(PLAIN)},
    {"an empty number at the end", "user::rwx:,group::r-x:,other::---:", BYTES(PLAIN)},
    {"ids for names", "user::rwx,user:1000:r-x,group::r-x,group:100:r--,mask::rwx,other::---",
     BYTES(NAMED)},
    {"names with ids behind (star)",
     "user::rwx,user:lisa:r-x:1000,group::r-x,group:users:r--:100,mask::rwx,other::---",
     BYTES(NAMED)},
    {"numbers for names that are another's ids",
     "user::rwx,user:7:r-x:1000,group::r-x,group:8:r--:100,mask::rwx,other::---", BYTES(NAMED)},
    {"ids out of order", "user:2:r--,user:1:-w-,user:258:--x",
     BYTES(VERSION USER("\2", "\1\0\0\0") USER("\4", "\2\0\0\0") USER("\1", "\2\1\0\0"))},
    {"the largest id", "u:4294967294:rwx", BYTES(VERSION USER("\7", "\376\377\377\377"))},
    {"id 0", "g:0:rwx", BYTES(VERSION GROUP("\7", "\0\0\0\0"))},
};

static const struct {
    const char *what;
    const char *text;
    enum tar_error error;
} refused_table[] = {
    {"nothing", "", TAR_BAD_ACL},
    {"no entry", ",\n,", TAR_BAD_ACL},
    {"a tag alone", "user", TAR_BAD_ACL},
    {"an unknown tag", "owner::rwx", TAR_BAD_ACL},
    {"a tag in capitals", "USER::rwx", TAR_BAD_ACL},
    {"an empty tag", "::rwx", TAR_BAD_ACL},
    {"the start of a tag", "us::rwx", TAR_BAD_ACL},
    {"a default entry among others", "default:user::rwx", TAR_BAD_ACL},
    {"no permissions", "user::", TAR_BAD_ACL},
    {"unknown permissions", "user::rws", TAR_BAD_ACL},
    {"permissions as a number", "user::7", TAR_BAD_ACL},
    {"four permissions", "user::rwxr", TAR_BAD_ACL},
    {"five fields", "user:lisa:rwx:1000:1", TAR_BAD_ACL},
    {"a qualifier of the mask", "mask:1000:rwx", TAR_BAD_ACL},
    {"a qualifier of others", "other:1000:rwx", TAR_BAD_ACL},
    /* An entry of user 1000 for libarchive, of the owner for star. */
    {"an id without a qualifier", "user::rwx:1000", TAR_BAD_ACL},
    {"a space", "user::rwx, group::r-x", TAR_BAD_ACL},
    {"a name without an id", "user:lisa:rwx", TAR_NAMED_ACL},
    {"a name with an empty id", "user:lisa:rwx:", TAR_NAMED_ACL},
    {"a name with an id that is none", "user:lisa:rwx:x", TAR_NAMED_ACL},
    {"a negative id", "user:-1:rwx", TAR_NAMED_ACL},
    {"the id that means none", "user:4294967295:rwx", TAR_NAMED_ACL},
    {"an id of 33 bits", "user:4294968296:rwx", TAR_NAMED_ACL},
    {"a bad entry behind a good one", "user::rwx,group::rwz", TAR_BAD_ACL},
};

/* Copies the text without a NUL to a block of its own, so that sanitizers find a read beyond it. */
static enum tar_error acl_of(struct buf *out, const char *text)
{
    size_t length = strlen(text);
    char *copy = malloc(length + 1);
    if (!copy)
        return TAR_NO_MEMORY;
    char *start = copy + 1;
    memcpy(start, text, length);
    enum tar_error error = acl_from_text(out, start, length);
    free(copy);
    return error;
}

#define ID_2 "\2\0\0\0"
#define ID_1 "\1\0\0\0"

static const struct {
    const char *what;
    const char *value;
    size_t length;
    enum tar_error error;
} value_table[] = {
    {"the three base entries", BYTES(PLAIN), TAR_OK},
    {"named entries with a mask", BYTES(NAMED), TAR_OK},
    {"a mask without named entries",
     BYTES(VERSION USER_OBJ("\7") GROUP_OBJ("\5") MASK("\5") OTHER("\0")), TAR_OK},
    {"named entries in any order",
     BYTES(VERSION USER_OBJ("\7") USER("\5", ID_2) USER("\5", ID_1) GROUP_OBJ("\5") MASK("\5")
               OTHER("\0")),
     TAR_OK},
    {"no entry", BYTES(VERSION), TAR_OK},
    {"nothing", BYTES(""), TAR_OK},
    {"three bytes", BYTES("\2\0\0"), TAR_BAD_ACL},
    {"another version", BYTES("\1\0\0\0" USER_OBJ("\7")), TAR_BAD_ACL},
    {"half an entry", BYTES(PLAIN "\1\0\7\0"), TAR_BAD_ACL},
    {"a tag that is none", BYTES(PLAIN "\100\0\7\0" NO_ID), TAR_BAD_ACL},
    {"a permission that is none", BYTES(VERSION USER_OBJ("\10") GROUP_OBJ("\5") OTHER("\0")),
     TAR_BAD_ACL},
    {"no owner", BYTES(VERSION GROUP_OBJ("\5") OTHER("\0")), TAR_BAD_ACL},
    {"no others", BYTES(VERSION USER_OBJ("\7") GROUP_OBJ("\5")), TAR_BAD_ACL},
    {"two owners", BYTES(VERSION USER_OBJ("\7") USER_OBJ("\7") GROUP_OBJ("\5") OTHER("\0")),
     TAR_BAD_ACL},
    {"others before the group", BYTES(VERSION USER_OBJ("\7") OTHER("\0") GROUP_OBJ("\5")),
     TAR_BAD_ACL},
    {"a named entry without a mask",
     BYTES(VERSION USER_OBJ("\7") USER("\5", ID_1) GROUP_OBJ("\5") OTHER("\0")), TAR_BAD_ACL},
    {"a named entry without an id",
     BYTES(VERSION USER_OBJ("\7") USER("\5", NO_ID) GROUP_OBJ("\5") MASK("\5") OTHER("\0")),
     TAR_BAD_ACL},
};

int main(void)
{
    for (size_t i = 0; i < sizeof read_table / sizeof read_table[0]; i++) {
        struct buf out = {0};
        CHECK(acl_of(&out, read_table[i].text) == TAR_OK && out.length == read_table[i].length &&
                  memcmp(out.bytes, read_table[i].value, out.length) == 0,
              "reads %s", read_table[i].what);
        buf_free(&out);
    }
    for (size_t i = 0; i < sizeof value_table / sizeof value_table[0]; i++)
        CHECK(acl_check(value_table[i].value, value_table[i].length) == value_table[i].error,
              "%s %s", value_table[i].error == TAR_OK ? "takes" : "refuses", value_table[i].what);
    for (size_t i = 0; i < sizeof refused_table / sizeof refused_table[0]; i++) {
        struct buf out = {0};
        CHECK(acl_of(&out, refused_table[i].text) == refused_table[i].error, "refuses %s",
              refused_table[i].what);
        buf_free(&out);
    }
    struct buf out = {0};
    CHECK(acl_from_text(&out, "user::rwx\0", 10) == TAR_BAD_ACL, "refuses a NUL");
    buf_free(&out);
    return tap_done();
}
