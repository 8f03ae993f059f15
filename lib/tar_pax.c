#include "tar_pax.h"

#include "acl.h"
#include "base64.h"
#include "tar_number.h"
#include "tar_record.h"

#include <stddef.h>
#include <string.h>

/* Decoders store a value in the field that `handlers` gives for its keyword. */
static enum tar_error number_decode(struct tar_text value, void *field)
{
    return tar_decimal_decode(value.at, value.length, field);
}

static enum tar_error text_decode(struct tar_text value, void *field)
{
    if (memchr(value.at, '\0', value.length))
        return TAR_BAD_PATH;
    return buf_set_text(field, value.at, value.length) == 0 ? TAR_OK : TAR_NO_MEMORY;
}

static enum tar_error link_decode(struct tar_text value, void *field)
{
    enum tar_error error = text_decode(value, field);
    return error == TAR_BAD_PATH ? TAR_BAD_LINK : error;
}

/* Decodes nine digits of the fraction. `*more` is set if a digit behind them is not 0. */
static enum tar_error fraction_decode(struct tar_text value, uint32_t *nanoseconds, bool *more)
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

static enum tar_error time_decode(struct tar_text value, void *field)
{
    struct tar_time *time = field;
    bool negative = value.length > 0 && value.at[0] == '-', more = false;
    value.at += negative;
    value.length -= negative;
    const char *point = memchr(value.at, '.', value.length);
    struct tar_text whole = {value.at, point ? (size_t)(point - value.at) : value.length};
    struct tar_text fraction = {point ? point + 1 : "",
                                point ? value.length - whole.length - 1 : 0};
    uint64_t seconds = 0;
    if (number_decode(whole, &seconds) != TAR_OK ||
        fraction_decode(fraction, &time->nanoseconds, &more) != TAR_OK)
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

static enum tar_error charset_check(struct tar_text value, void *field)
{
    /* With either one the bytes of a path are used as they are. Others would need a table. */
    static const char utf8[] = "ISO-IR 10646 2000 UTF-8", binary[] = "BINARY";
    (void)field;
    bool known = value.length == 0 ||
                 (value.length == strlen(utf8) && memcmp(value.at, utf8, value.length) == 0) ||
                 (value.length == strlen(binary) && memcmp(value.at, binary, value.length) == 0);
    return known ? TAR_OK : TAR_BAD_CHARSET;
}

/* Some readers need the number of extents before the map. */
static enum tar_error sparse_map_set(struct tar_text value, void *field)
{
    struct tar_pax *pax = field;
    if (!(pax->given & TAR_PAX_SPARSE_COUNT))
        return TAR_SPARSE_RECORDS;
    return tar_sparse_add_list(&pax->sparse, value.at, value.length);
}

static enum tar_error sparse_offset_set(struct tar_text value, void *field)
{
    struct tar_pax *pax = field;
    if (pax->sparse_open || !(pax->given & TAR_PAX_SPARSE_COUNT))
        return TAR_SPARSE_RECORDS;
    pax->sparse_open = true;
    return number_decode(value, &pax->sparse_offset);
}

static enum tar_error sparse_length_set(struct tar_text value, void *field)
{
    struct tar_pax *pax = field;
    uint64_t length = 0;
    if (!pax->sparse_open || number_decode(value, &length) != TAR_OK)
        return TAR_BAD_SPARSE;
    pax->sparse_open = false;
    return tar_sparse_add(&pax->sparse, pax->sparse_offset, length);
}

static enum tar_error sparse_version_set(struct tar_text value, void *field)
{
    /* Readers compare "0" and "1" as texts, or as numbers. */
    uint64_t *number = field;
    *number = (uint64_t)(value.at[0] - '0');
    return value.length == 1 && *number <= 1 ? TAR_OK : TAR_SPARSE_RECORDS;
}

/* Readers that do not know these keywords see a file of another size. */
static enum tar_error other_sparse_refuse(struct tar_text value, void *field)
{
    (void)value, (void)field;
    return TAR_SPARSE_RECORDS;
}

static enum tar_error star_type_check(struct tar_text value, void *field)
{
    static const char sparse[] = "sparse";
    (void)field;
    return value.length == strlen(sparse) && memcmp(value.at, sparse, value.length) == 0
               ? TAR_SPARSE_RECORDS
               : TAR_OK;
}

static enum tar_error volume_refuse(struct tar_text value, void *field)
{
    (void)value, (void)field;
    return TAR_MULTI_VOLUME;
}

/* Converts a text ACL to the attribute `name`. One with names instead of numbers is only noted:
 * the attribute itself may follow in the header, and if not, the ACL is left out. */
static enum tar_error acl_set(struct tar_pax *pax, struct tar_text value, const char *name,
                              bool *named)
{
    struct buf acl = {0};
    if (value.length == 0)
        return TAR_OK;
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

static enum tar_error acl_access_set(struct tar_text value, void *field)
{
    struct tar_pax *pax = field;
    return acl_set(pax, value, ACL_XATTR_ACCESS, &pax->named_access);
}

static enum tar_error acl_default_set(struct tar_text value, void *field)
{
    struct tar_pax *pax = field;
    return acl_set(pax, value, ACL_XATTR_DEFAULT, &pax->named_default);
}

/* bsdtar writes these, on systems that have them. */
static enum tar_error acl_nfs4_note(struct tar_text value, void *field)
{
    struct tar_pax *pax = field;
    (void)value;
    pax->nfs4 = true;
    return TAR_OK;
}

struct handler {
    const char *keyword;
    unsigned bit; /* of tar_pax_keyword; 0 if the keyword has none */
    enum tar_error (*decode)(struct tar_text value, void *field);
    size_t field; /* offset in struct tar_pax; 0 for handlers that take the whole struct */
};

#define FIELD(name) offsetof(struct tar_pax, name)

static const struct handler handlers[] = {
    {"path", TAR_PAX_PATH, text_decode, FIELD(path)},
    {"linkpath", TAR_PAX_LINK, link_decode, FIELD(link)},
    {"size", TAR_PAX_SIZE, number_decode, FIELD(size)},
    {"uid", TAR_PAX_UID, number_decode, FIELD(uid)},
    {"gid", TAR_PAX_GID, number_decode, FIELD(gid)},
    {"mtime", TAR_PAX_MTIME, time_decode, FIELD(mtime)},
    {"atime", 0, time_decode, FIELD(other_time)},
    {"ctime", 0, time_decode, FIELD(other_time)},
    {"LIBARCHIVE.creationtime", 0, time_decode, FIELD(other_time)},
    {"hdrcharset", 0, charset_check, 0},
    {"SCHILY.devmajor", TAR_PAX_MAJOR, number_decode, FIELD(major)},
    {"SCHILY.devminor", TAR_PAX_MINOR, number_decode, FIELD(minor)},
    {"SCHILY.acl.access", 0, acl_access_set, 0},
    {"SCHILY.acl.default", 0, acl_default_set, 0},
    {"SCHILY.acl.ace", 0, acl_nfs4_note, 0},
    {"GNU.sparse.name", TAR_PAX_SPARSE_NAME, text_decode, FIELD(sparse_name)},
    {"GNU.sparse.major", TAR_PAX_SPARSE_MAJOR, sparse_version_set, FIELD(sparse_major)},
    {"GNU.sparse.minor", TAR_PAX_SPARSE_MINOR, sparse_version_set, FIELD(sparse_minor)},
    {"GNU.sparse.realsize", TAR_PAX_SPARSE_REALSIZE, number_decode, FIELD(sparse_size)},
    {"GNU.sparse.size", TAR_PAX_SPARSE_SIZE, number_decode, FIELD(sparse_size)},
    {"GNU.sparse.numblocks", TAR_PAX_SPARSE_COUNT, number_decode, FIELD(sparse_count)},
    {"GNU.sparse.offset", TAR_PAX_SPARSE_PAIRS, sparse_offset_set, 0},
    {"GNU.sparse.numbytes", TAR_PAX_SPARSE_PAIRS, sparse_length_set, 0},
    {"GNU.sparse.map", TAR_PAX_SPARSE_MAP, sparse_map_set, 0},
    {"SCHILY.realsize", 0, other_sparse_refuse, 0},
    {"SCHILY.filetype", 0, star_type_check, 0},
    {"SUN.holesdata", 0, other_sparse_refuse, 0},
    {"GNU.volume.filename", 0, volume_refuse, 0},
    {"GNU.volume.offset", 0, volume_refuse, 0},
    {"GNU.volume.size", 0, volume_refuse, 0},
};

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Decodes %XX: all as in a URL, or only %25 and %3D, the escapes of SCHILY names. */
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

static const struct handler *handler_find(struct tar_text key)
{
    for (size_t i = 0; i < sizeof handlers / sizeof handlers[0]; i++) {
        if (strlen(handlers[i].keyword) == key.length &&
            memcmp(handlers[i].keyword, key.at, key.length) == 0)
            return &handlers[i];
    }
    return NULL;
}

static enum tar_error known_decode(struct tar_pax *pax, const struct handler *handler,
                                   struct tar_text value)
{
    /* POSIX: an empty value removes that of the header block, too. Few readers do that. */
    if (value.length == 0 && (handler->bit != 0 || handler->field != 0))
        return TAR_NO_VALUE;
    if (pax->given & handler->bit & TAR_PAX_SPARSE & ~(unsigned)TAR_PAX_SPARSE_PAIRS)
        return TAR_SPARSE_RECORDS;
    enum tar_error error = handler->decode(value, (char *)pax + handler->field);
    pax->given |= handler->bit;
    return error;
}

/* Some readers split the header at newlines, and take what follows one for a record. Only names and
 * attributes need newlines. */
static bool hides_record(struct tar_text value)
{
    const char *end = value.at + value.length, *line = value.at;
    while ((line = memchr(line, '\n', (size_t)(end - line))) && ++line < end) {
        if (*line >= '0' && *line <= '9')
            return true;
    }
    return false;
}

static enum tar_error record_decode(struct tar_pax *pax, struct tar_text key, struct tar_text value)
{
    const struct handler *handler = handler_find(key);
    if (handler)
        return known_decode(pax, handler, value);
    if (prefix_strip(&key, "SCHILY.xattr."))
        return xattr_add(pax, key, value, false);
    if (prefix_strip(&key, "LIBARCHIVE.xattr."))
        return xattr_add(pax, key, value, true);
    return hides_record(value) ? TAR_HIDDEN_RECORD : TAR_OK;
}

/* Whether the records are those of format 0.0, 0.1 or 1.0, all of them and no others. So the file
 * is sparse for all readers that know sparse files. Versions 0.0 and 0.1 need not be named. */
static bool sparse_is_complete(const struct tar_pax *pax)
{
    const unsigned version = TAR_PAX_SPARSE_MAJOR | TAR_PAX_SPARSE_MINOR;
    const unsigned given = pax->given & TAR_PAX_SPARSE & ~(unsigned)TAR_PAX_SPARSE_NAME;
    const bool named = (given & version) == version;
    if (named && pax->sparse_major == 1)
        return pax->sparse_minor == 0 && given == (version | TAR_PAX_SPARSE_REALSIZE);
    const bool whole = given & TAR_PAX_SPARSE_MAP;
    const unsigned map = whole ? TAR_PAX_SPARSE_MAP : TAR_PAX_SPARSE_PAIRS;
    return given == ((named ? version : 0) | TAR_PAX_SPARSE_SIZE | TAR_PAX_SPARSE_COUNT | map) &&
           (!named || pax->sparse_minor == whole) && !pax->sparse_open &&
           pax->sparse.count == pax->sparse_count;
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
    return pax->given & TAR_PAX_SPARSE && !sparse_is_complete(pax) ? TAR_SPARSE_RECORDS : TAR_OK;
}

void tar_pax_clear(struct tar_pax *pax)
{
    pax->given = 0;
    pax->sparse_open = pax->named_access = pax->named_default = pax->nfs4 = false;
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
