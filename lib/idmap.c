#include "idmap.h"

#include "acl.h"
#include "array.h"
#include "tar_number.h"

#include <endian.h>
#include <linux/capability.h>
#include <linux/posix_acl.h>
#include <linux/posix_acl_xattr.h>
#include <stdlib.h>
#include <string.h>

/* 2^32-1 is not an id: for chown(2) it means "no change". */
#define ID_END UINT32_MAX

static int number_take(const char **text, char end, uint32_t *number)
{
    const char *stop = strchr(*text, end);
    uint64_t value = 0;
    if (!stop || tar_decimal_decode(*text, (size_t)(stop - *text), &value) != TAR_OK ||
        value > ID_END)
        return -1;
    *number = (uint32_t)value;
    *text = stop + 1;
    return 0;
}

const char *idmap_add(struct idmap *map, const char *text)
{
    struct idmap_range range = {0};
    if (number_take(&text, ':', &range.in) != 0 || number_take(&text, ':', &range.out) != 0 ||
        number_take(&text, '\0', &range.count) != 0)
        return "not of the form IN:OUT:N, three decimal numbers";
    if (range.count == 0)
        return "the range is empty";
    if (range.count > ID_END - range.in || range.count > ID_END - range.out)
        return "the range exceeds the largest id, 4294967294";
    if (array_reserve(&map->ranges, &map->capacity, map->count + 1, sizeof *map->ranges) != 0)
        return "out of memory";
    map->ranges[map->count++] = range;
    return NULL;
}

int idmap_apply(const struct idmap *map, uint32_t *id)
{
    for (size_t i = 0; i < map->count; i++) {
        const struct idmap_range *range = &map->ranges[i];
        if (*id >= range->in && *id - range->in < range->count) {
            *id = *id - range->in + range->out;
            return 0;
        }
    }
    return map->count == 0 ? 0 : -1;
}

static int acl_apply(const struct idmap *uids, const struct idmap *gids, char *value, size_t length,
                     uint32_t *id)
{
    struct posix_acl_xattr_entry entry;
    for (size_t at = sizeof(struct posix_acl_xattr_header); at + sizeof entry <= length;
         at += sizeof entry) {
        memcpy(&entry, value + at, sizeof entry);
        uint16_t tag = le16toh(entry.e_tag);
        if (tag != ACL_USER && tag != ACL_GROUP)
            continue;
        *id = le32toh(entry.e_id);
        if (idmap_apply(tag == ACL_USER ? uids : gids, id) != 0)
            return -1;
        entry.e_id = htole32(*id);
        memcpy(value + at, &entry, sizeof entry);
    }
    return 0;
}

static int capability_apply(const struct idmap *uids, char *value, size_t length, uint32_t *id)
{
    struct vfs_ns_cap_data data;
    if (length != sizeof data)
        return 0;
    memcpy(&data, value, sizeof data);
    if ((le32toh(data.magic_etc) & VFS_CAP_REVISION_MASK) != VFS_CAP_REVISION_3)
        return 0;
    *id = le32toh(data.rootid);
    if (idmap_apply(uids, id) != 0)
        return -1;
    data.rootid = htole32(*id);
    memcpy(value, &data, sizeof data);
    return 0;
}

int idmap_apply_xattrs(const struct idmap *uids, const struct idmap *gids, struct xattrs *xattrs,
                       uint32_t *id)
{
    for (size_t i = 0; i < xattrs->count; i++) {
        struct xattr xattr = xattrs_get(xattrs, i);
        char *value = xattrs_value(xattrs, i);
        int result = 0;
        if (strcmp(xattr.name, ACL_XATTR_ACCESS) == 0 || strcmp(xattr.name, ACL_XATTR_DEFAULT) == 0)
            result = acl_apply(uids, gids, value, xattr.length, id);
        else if (strcmp(xattr.name, "security.capability") == 0)
            result = capability_apply(uids, value, xattr.length, id);
        if (result != 0)
            return -1;
    }
    return 0;
}

void idmap_free(struct idmap *map)
{
    free(map->ranges);
    *map = (struct idmap){0};
}
