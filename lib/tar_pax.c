#include "tar_pax.h"

#include "acl.h"
#include "base64.h"
#include "tar_number.h"
#include "tar_record.h"

#include <string.h>

static enum tar_error decode_number(struct tar_text value, uint64_t *number)
{
    return tar_decimal_decode(value.at, value.length, number);
}

static enum tar_error decode_text(struct tar_text value, struct buf *text)
{
    if (memchr(value.at, '\0', value.length))
        return TAR_BAD_PATH;
    return buf_set_text(text, value.at, value.length) == 0 ? TAR_OK : TAR_NO_MEMORY;
}

/* The fraction's first nine digits; what is behind them only decides how to round down. */
static enum tar_error decode_fraction(struct tar_text value, uint32_t *nanoseconds, bool *more)
{
    uint32_t digit = 100000000;
    *nanoseconds = 0;
    *more = false;
    for (size_t i = 0; i < value.length; i++) {
        char c = value.at[i];
        if (c < '0' || c > '9')
            return TAR_BAD_TIME;
        *nanoseconds += digit * (uint32_t)(c - '0');
        *more |= digit == 0 && c != '0';
        digit /= 10;
    }
    return TAR_OK;
}

static enum tar_error decode_time(struct tar_text value, struct tar_time *time)
{
    bool negative = value.length > 0 && value.at[0] == '-', more = false;
    value.at += negative;
    value.length -= negative;
    const char *point = memchr(value.at, '.', value.length);
    struct tar_text whole = {value.at, point ? (size_t)(point - value.at) : value.length};
    struct tar_text fraction = {point ? point + 1 : "",
                                point ? value.length - whole.length - 1 : 0};
    uint64_t seconds = 0;
    if (decode_number(whole, &seconds) != TAR_OK ||
        decode_fraction(fraction, &time->nanoseconds, &more) != TAR_OK)
        return TAR_BAD_TIME;
    /* A time before 1970 counts its fraction forward from the second below. */
    bool below = negative && (time->nanoseconds > 0 || more);
    if (seconds > (uint64_t)INT64_MAX + (negative && !below))
        return TAR_BAD_TIME;
    time->seconds = (int64_t)(negative ? -seconds : seconds);
    if (!below)
        return TAR_OK;
    time->seconds--;
    time->nanoseconds = 1000000000 - time->nanoseconds - more;
    return TAR_OK;
}

static enum tar_error path_set(struct tar_pax *pax, struct tar_text value)
{
    return decode_text(value, &pax->path);
}

static enum tar_error link_set(struct tar_pax *pax, struct tar_text value)
{
    enum tar_error error = decode_text(value, &pax->link);
    return error == TAR_BAD_PATH ? TAR_BAD_LINK : error;
}

static enum tar_error size_set(struct tar_pax *pax, struct tar_text value)
{
    return decode_number(value, &pax->size);
}

static enum tar_error uid_set(struct tar_pax *pax, struct tar_text value)
{
    return decode_number(value, &pax->uid);
}

static enum tar_error gid_set(struct tar_pax *pax, struct tar_text value)
{
    return decode_number(value, &pax->gid);
}

static enum tar_error mtime_set(struct tar_pax *pax, struct tar_text value)
{
    return decode_time(value, &pax->mtime);
}

static enum tar_error major_set(struct tar_pax *pax, struct tar_text value)
{
    return decode_number(value, &pax->major);
}

static enum tar_error minor_set(struct tar_pax *pax, struct tar_text value)
{
    return decode_number(value, &pax->minor);
}

static enum tar_error charset_set(struct tar_pax *pax, struct tar_text value)
{
    /* Either way a path is the bytes that stand there; other character sets would need a table. */
    static const char utf8[] = "ISO-IR 10646 2000 UTF-8", binary[] = "BINARY";
    (void)pax;
    bool known = (value.length == strlen(utf8) && memcmp(value.at, utf8, value.length) == 0) ||
                 (value.length == strlen(binary) && memcmp(value.at, binary, value.length) == 0);
    return known ? TAR_OK : TAR_BAD_CHARSET;
}

static enum tar_error sparse_name_set(struct tar_pax *pax, struct tar_text value)
{
    return decode_text(value, &pax->sparse_name);
}

static enum tar_error sparse_size_set(struct tar_pax *pax, struct tar_text value)
{
    return decode_number(value, &pax->sparse_size);
}

static enum tar_error sparse_map_set(struct tar_pax *pax, struct tar_text value)
{
    tar_sparse_clear(&pax->sparse);
    return tar_sparse_add_list(&pax->sparse, value.at, value.length);
}

static enum tar_error sparse_offset_set(struct tar_pax *pax, struct tar_text value)
{
    if (pax->sparse_open)
        return TAR_BAD_SPARSE;
    pax->sparse_open = true;
    return decode_number(value, &pax->sparse_offset);
}

static enum tar_error sparse_length_set(struct tar_pax *pax, struct tar_text value)
{
    uint64_t length = 0;
    if (!pax->sparse_open || decode_number(value, &length) != TAR_OK)
        return TAR_BAD_SPARSE;
    pax->sparse_open = false;
    return tar_sparse_add(&pax->sparse, pax->sparse_offset, length);
}

/* Version 1.0 has its map in the data; 0.0 and 0.1, which say so only sometimes, in the header. */
static enum tar_error sparse_major_set(struct tar_pax *pax, struct tar_text value)
{
    uint64_t major = 0;
    if (decode_number(value, &major) != TAR_OK || major > 1)
        return TAR_BAD_SPARSE;
    pax->given &= ~(unsigned)(TAR_PAX_SPARSE_MAP | TAR_PAX_SPARSE_DATA);
    pax->given |= major == 1 ? TAR_PAX_SPARSE_DATA : TAR_PAX_SPARSE_MAP;
    return TAR_OK;
}

static enum tar_error sparse_minor_set(struct tar_pax *pax, struct tar_text value)
{
    uint64_t minor = 0;
    (void)pax;
    return decode_number(value, &minor) == TAR_OK && minor <= 1 ? TAR_OK : TAR_BAD_SPARSE;
}

static enum tar_error volume_refuse(struct tar_pax *pax, struct tar_text value)
{
    (void)pax, (void)value;
    return TAR_MULTI_VOLUME;
}

/* An ACL in text form becomes the attribute that the kernel knows. Names in it do no harm where the
 * attribute itself is in the header, too: acls_check(). */
static enum tar_error acl_set(struct tar_pax *pax, struct tar_text value, const char *name,
                              bool *named)
{
    struct buf acl = {0};
    enum tar_error error = acl_from_text(&acl, value.at, value.length);
    *named = error == TAR_NAMED_ACL;
    if (*named)
        error = TAR_OK;
    else if (error == TAR_OK &&
             xattrs_add(&pax->xattrs, name, strlen(name), acl.bytes, acl.length) != 0)
        error = TAR_NO_MEMORY;
    buf_free(&acl);
    return error;
}

static enum tar_error acl_access_set(struct tar_pax *pax, struct tar_text value)
{
    return acl_set(pax, value, ACL_XATTR_ACCESS, &pax->named_access);
}

static enum tar_error acl_default_set(struct tar_pax *pax, struct tar_text value)
{
    return acl_set(pax, value, ACL_XATTR_DEFAULT, &pax->named_default);
}

struct handler {
    const char *keyword;
    unsigned bit; /* of tar_pax_keyword; 0 where the value goes elsewhere */
    enum tar_error (*set)(struct tar_pax *pax, struct tar_text value);
};

static const struct handler handlers[] = {
    {"path", TAR_PAX_PATH, path_set},
    {"linkpath", TAR_PAX_LINK, link_set},
    {"size", TAR_PAX_SIZE, size_set},
    {"uid", TAR_PAX_UID, uid_set},
    {"gid", TAR_PAX_GID, gid_set},
    {"mtime", TAR_PAX_MTIME, mtime_set},
    {"hdrcharset", 0, charset_set},
    {"SCHILY.devmajor", TAR_PAX_MAJOR, major_set},
    {"SCHILY.devminor", TAR_PAX_MINOR, minor_set},
    {"SCHILY.acl.access", 0, acl_access_set},
    {"SCHILY.acl.default", 0, acl_default_set},
    {"GNU.sparse.name", TAR_PAX_SPARSE_NAME, sparse_name_set},
    {"GNU.sparse.size", TAR_PAX_SPARSE_SIZE, sparse_size_set},
    {"GNU.sparse.realsize", TAR_PAX_SPARSE_SIZE, sparse_size_set},
    {"GNU.sparse.map", TAR_PAX_SPARSE_MAP, sparse_map_set},
    {"GNU.sparse.offset", TAR_PAX_SPARSE_MAP, sparse_offset_set},
    {"GNU.sparse.numbytes", TAR_PAX_SPARSE_MAP, sparse_length_set},
    {"GNU.sparse.major", 0, sparse_major_set},
    {"GNU.sparse.minor", 0, sparse_minor_set},
    {"GNU.volume.filename", 0, volume_refuse},
    {"GNU.volume.offset", 0, volume_refuse},
};

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Decodes %XX: all of them as in a URL, or only the two that SCHILY names escape. */
static int name_decode(struct buf *name, struct tar_text text, bool url)
{
    for (size_t i = 0; i < text.length; i++) {
        char c = text.at[i];
        if (c == '%' && i + 2 < text.length) {
            int high = hex_digit(text.at[i + 1]), low = hex_digit(text.at[i + 2]);
            int byte = high >= 0 && low >= 0 ? high << 4 | low : -1;
            if (byte > 0 && (url || byte == '%' || byte == '=')) {
                c = (char)byte;
                i += 2;
            }
        }
        if (buf_append(name, &c, 1) != 0)
            return -1;
    }
    return 0;
}

static enum tar_error xattr_add(struct tar_pax *pax, struct tar_text key, struct tar_text value,
                                bool libarchive)
{
    struct buf name = {0}, decoded = {0};
    enum tar_error error = TAR_OK;
    if (name_decode(&name, key, libarchive) != 0)
        error = TAR_NO_MEMORY;
    else if (name.length == 0 || name.length > 255 || memchr(name.bytes, '\0', name.length))
        error = TAR_BAD_XATTR;
    if (error == TAR_OK && libarchive) {
        int result = base64_decode(&decoded, value.at, value.length);
        error = result == 0 ? TAR_OK : result == -1 ? TAR_BAD_XATTR : TAR_NO_MEMORY;
        value = (struct tar_text){decoded.bytes, decoded.length};
    }
    if (error == TAR_OK &&
        xattrs_add(&pax->xattrs, name.bytes, name.length, value.at, value.length) != 0)
        error = TAR_NO_MEMORY;
    buf_free(&name);
    buf_free(&decoded);
    return error;
}

static bool prefix_strip(struct tar_text *key, const char *prefix)
{
    size_t length = strlen(prefix);
    if (key->length < length || memcmp(key->at, prefix, length) != 0)
        return false;
    key->at += length;
    key->length -= length;
    return true;
}

static enum tar_error record_decode(struct tar_pax *pax, struct tar_text key, struct tar_text value)
{
    for (size_t i = 0; i < sizeof handlers / sizeof handlers[0]; i++) {
        const struct handler *handler = &handlers[i];
        if (strlen(handler->keyword) != key.length ||
            memcmp(handler->keyword, key.at, key.length) != 0)
            continue;
        if (value.length == 0) {
            pax->given &= ~handler->bit;
            pax->deleted |= handler->bit;
            return TAR_OK;
        }
        pax->given |= handler->bit;
        pax->deleted &= ~handler->bit;
        return handler->set(pax, value);
    }
    if (prefix_strip(&key, "SCHILY.xattr."))
        return xattr_add(pax, key, value, false);
    if (prefix_strip(&key, "LIBARCHIVE.xattr."))
        return xattr_add(pax, key, value, true);
    return TAR_OK;
}

static enum tar_error acls_check(const struct tar_pax *pax)
{
    struct xattr xattr;
    if ((pax->named_access && xattrs_find(&pax->xattrs, ACL_XATTR_ACCESS, &xattr) != 0) ||
        (pax->named_default && xattrs_find(&pax->xattrs, ACL_XATTR_DEFAULT, &xattr) != 0))
        return TAR_NAMED_ACL;
    return TAR_OK;
}

enum tar_error tar_pax_decode(struct tar_pax *pax, const char *text, size_t length)
{
    struct tar_text rest = {text, length}, key, value;
    while (rest.length > 0) {
        enum tar_error error = tar_record_next(&rest, &key, &value);
        if (error == TAR_OK)
            error = record_decode(pax, key, value);
        if (error != TAR_OK)
            return error;
    }
    /* One map, either here or in the data: two readers could take one each. */
    const bool two_maps = (pax->given & TAR_PAX_SPARSE_DATA) && pax->sparse.count > 0;
    return pax->sparse_open || two_maps ? TAR_BAD_SPARSE : acls_check(pax);
}

void tar_pax_clear(struct tar_pax *pax)
{
    pax->given = pax->deleted = 0;
    pax->sparse_open = pax->named_access = pax->named_default = false;
    tar_sparse_clear(&pax->sparse);
    xattrs_clear(&pax->xattrs);
}

void tar_pax_free(struct tar_pax *pax)
{
    buf_free(&pax->path);
    buf_free(&pax->link);
    buf_free(&pax->sparse_name);
    tar_sparse_free(&pax->sparse);
    xattrs_free(&pax->xattrs);
    *pax = (struct tar_pax){0};
}
