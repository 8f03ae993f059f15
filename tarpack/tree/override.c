#include "tree/override.h"

#include "diag.h"
#include "tar_number.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

const char *override_find(const struct xattrs *root)
{
    /* The first one wins in fuse-overlayfs, too. */
    static const char *const names[] = {"security.fuseoverlayfs.override_stat",
                                        "user.containers.override_stat",
                                        "user.fuseoverlayfs.override_stat"};
    struct xattr found;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (xattrs_find(root, names[i], &found) == 0)
            return names[i];
    }
    return NULL;
}

/* Takes the next field, up to a colon. */
static struct xattr field_take(struct xattr *rest)
{
    const char *colon = memchr(rest->value, ':', rest->length);
    struct xattr field = *rest;
    field.length = colon ? (size_t)(colon - (const char *)rest->value) : rest->length;
    size_t used = field.length + (colon != NULL);
    rest->value = (const char *)rest->value + used;
    rest->length -= used;
    return field;
}

static bool id_parse(struct xattr field, uint32_t *id)
{
    uint64_t number = 0;
    if (tar_decimal_decode(field.value, field.length, &number) != TAR_OK || number >= UINT32_MAX)
        return false;
    *id = (uint32_t)number;
    return true;
}

static bool mode_parse(struct xattr field, uint32_t *mode)
{
    uint32_t number = 0;
    const char *digits = field.value;
    for (size_t i = 0; i < field.length; i++) {
        if (digits[i] < '0' || digits[i] > '7' || number > 017777777)
            return false;
        number = number << 3 | (uint32_t)(digits[i] - '0');
    }
    *mode = number & 07777;
    return field.length > 0;
}

/* Newer versions keep the type, too: devices can be stored as files. */
static bool type_is(struct xattr field, enum tar_type type)
{
    const char *name = type == TAR_DIRECTORY ? "dir" : "file";
    return field.length == 0 ||
           (field.length == strlen(name) && memcmp(field.value, name, field.length) == 0);
}

enum status override_apply(const char *name, struct tar_entry *entry)
{
    struct xattr rest;
    size_t at = 0;
    if (xattrs_find(&entry->xattrs, name, &rest) != 0)
        return STATUS_OK;
    if (entry->type == TAR_FILE || entry->type == TAR_DIRECTORY) {
        struct xattr uid = field_take(&rest), gid = field_take(&rest), mode = field_take(&rest);
        if (!id_parse(uid, &entry->uid) || !id_parse(gid, &entry->gid) ||
            !mode_parse(mode, &entry->mode))
            return diag_error("%s: the owner and mode in the attribute %s are malformed",
                              diag_name(entry->path).text, name);
        if (!type_is(rest, entry->type))
            return diag_error("%s: is another type of file by its attribute %s",
                              diag_name(entry->path).text, name);
    }
    while (strcmp(xattrs_get(&entry->xattrs, at).name, name) != 0)
        at++;
    xattrs_remove(&entry->xattrs, at);
    return STATUS_OK;
}
