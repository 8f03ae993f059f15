#include "acl.h"

#include "tar_number.h"

#include <endian.h>
#include <linux/posix_acl.h>
#include <linux/posix_acl_xattr.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define ID_NONE UINT32_MAX

struct field {
    const char *text;
    size_t length;
};

struct acl_entry {
    uint32_t tag, permissions, id;
};

static bool field_is(struct field field, const char *word)
{
    return field.length == strlen(word) && memcmp(field.text, word, field.length) == 0;
}

static bool field_number(struct field field, uint32_t *number)
{
    uint64_t value = 0;
    if (tar_decimal_decode(field.text, field.length, &value) != TAR_OK || value >= ID_NONE)
        return false;
    *number = (uint32_t)value;
    return true;
}

static enum tar_error tag_parse(struct field tag, bool qualified, struct acl_entry *entry)
{
    if (field_is(tag, "user") || field_is(tag, "u"))
        entry->tag = qualified ? ACL_USER : ACL_USER_OBJ;
    else if (field_is(tag, "group") || field_is(tag, "g"))
        entry->tag = qualified ? ACL_GROUP : ACL_GROUP_OBJ;
    else if (field_is(tag, "mask") || field_is(tag, "m"))
        entry->tag = ACL_MASK;
    else if (field_is(tag, "other") || field_is(tag, "o"))
        entry->tag = ACL_OTHER;
    else
        return TAR_BAD_ACL;
    return qualified && entry->tag >= ACL_MASK ? TAR_BAD_ACL : TAR_OK;
}

static enum tar_error permissions_parse(struct field field, uint32_t *permissions)
{
    static const char letters[] = {'x', 'w', 'r', '-'}; /* in the order of their bits */
    *permissions = 0;
    for (size_t i = 0; i < field.length; i++) {
        const char *letter = memchr(letters, field.text[i], sizeof letters);
        if (!letter)
            return TAR_BAD_ACL;
        *permissions |= 1U << (letter - letters) & 7;
    }
    return field.length > 0 && field.length <= 3 ? TAR_OK : TAR_BAD_ACL;
}

/* Splits the line at colons. Returns the number of fields, 0 for more than 4. */
static size_t fields_split(struct field line, struct field fields[static 4])
{
    size_t count = 0;
    const char *end = line.text + line.length;
    for (const char *at = line.text;; at++) {
        const char *colon = memchr(at, ':', (size_t)(end - at));
        if (count == 4)
            return 0;
        fields[count++] = (struct field){at, (size_t)((colon ? colon : end) - at)};
        if (!colon)
            return count;
        at = colon;
    }
}

static enum tar_error entry_parse(struct field line, struct acl_entry *entry)
{
    struct field fields[4];
    size_t count = fields_split(line, fields);
    /* Some writers omit the empty qualifier: "other:r-x", "mask:r-x". */
    if (count == 2) {
        fields[2] = fields[1];
        fields[1].length = 0;
    } else if (count < 3) {
        return TAR_BAD_ACL;
    }
    bool qualified = fields[1].length > 0;
    if (!qualified && count == 4 && fields[3].length > 0)
        return TAR_BAD_ACL; /* readers disagree: that user's entry or the owner's */
    enum tar_error error = tag_parse(fields[0], qualified, entry);
    if (error == TAR_OK)
        error = permissions_parse(fields[2], &entry->permissions);
    if (error != TAR_OK)
        return error;
    entry->id = ID_NONE;
    if (qualified && !field_number(count == 4 ? fields[3] : fields[1], &entry->id))
        return TAR_NAMED_ACL;
    return TAR_OK;
}

static int entry_compare(const void *left, const void *right)
{
    const struct acl_entry *a = left, *b = right;
    if (a->tag != b->tag)
        return a->tag < b->tag ? -1 : 1;
    return (a->id > b->id) - (a->id < b->id);
}

static enum tar_error entries_parse(struct buf *entries, const char *text, size_t length)
{
    const char *end = text + length;
    while (text < end) {
        const char *stop = text;
        while (stop < end && *stop != ',' && *stop != '\n')
            stop++;
        if (stop > text) {
            struct acl_entry entry;
            struct field line = {text, (size_t)(stop - text)};
            enum tar_error error = entry_parse(line, &entry);
            if (error != TAR_OK)
                return error;
            if (buf_append(entries, &entry, sizeof entry) != 0)
                return TAR_NO_MEMORY;
        }
        text = stop + (stop < end);
    }
    return entries->length > 0 ? TAR_OK : TAR_BAD_ACL;
}

static enum tar_error entries_format(struct buf *out, const struct buf *entries)
{
    struct posix_acl_xattr_header header = {htole32(POSIX_ACL_XATTR_VERSION)};
    if (buf_append(out, &header, sizeof header) != 0)
        return TAR_NO_MEMORY;
    for (size_t at = 0; at < entries->length; at += sizeof(struct acl_entry)) {
        struct acl_entry entry;
        memcpy(&entry, entries->bytes + at, sizeof entry);
        struct posix_acl_xattr_entry raw = {
            htole16((uint16_t)entry.tag), htole16((uint16_t)entry.permissions), htole32(entry.id)};
        if (buf_append(out, &raw, sizeof raw) != 0)
            return TAR_NO_MEMORY;
    }
    return TAR_OK;
}

enum tar_error acl_from_text(struct buf *out, const char *text, size_t length)
{
    struct buf entries = {0};
    enum tar_error error = entries_parse(&entries, text, length);
    if (error == TAR_OK) {
        qsort(entries.bytes, entries.length / sizeof(struct acl_entry), sizeof(struct acl_entry),
              entry_compare);
        error = entries_format(out, &entries);
    }
    buf_free(&entries);
    return error;
}

bool acl_is_other_form(const char *name)
{
    return strcmp(name, "trusted.SGI_ACL_FILE") == 0 ||
           strcmp(name, "trusted.SGI_ACL_DEFAULT") == 0;
}

enum tar_error acl_check(const void *value, size_t length)
{
    struct posix_acl_xattr_header header;
    const char *at = value, *end = at + length;
    const unsigned base = ACL_USER_OBJ | ACL_GROUP_OBJ | ACL_OTHER, named = ACL_USER | ACL_GROUP;
    unsigned before = 0, seen = 0;
    if (length == 0)
        return TAR_OK;
    if (length < sizeof header || (length - sizeof header) % sizeof(struct posix_acl_xattr_entry))
        return TAR_BAD_ACL;
    memcpy(&header, at, sizeof header);
    if (le32toh(header.a_version) != POSIX_ACL_XATTR_VERSION)
        return TAR_BAD_ACL;
    for (at += sizeof header; at < end; at += sizeof(struct posix_acl_xattr_entry)) {
        struct posix_acl_xattr_entry entry;
        memcpy(&entry, at, sizeof entry);
        /* Each tag is one bit; they ascend, and only those of named users and groups repeat. */
        const unsigned tag = le16toh(entry.e_tag);
        bool is_named = tag & named;
        if (tag == 0 || (tag & (tag - 1)) || tag > ACL_OTHER || tag < before ||
            (tag == before && !is_named))
            return TAR_BAD_ACL;
        if (le16toh(entry.e_perm) > 7 || (is_named && le32toh(entry.e_id) == ID_NONE))
            return TAR_BAD_ACL;
        before = tag;
        seen |= tag;
    }
    bool complete = (seen & base) == base && (!(seen & named) || (seen & ACL_MASK));
    return seen == 0 || complete ? TAR_OK : TAR_BAD_ACL;
}
