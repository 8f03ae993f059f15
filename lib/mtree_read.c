#include "mtree_read.h"

#include "base64.h"
#include "decimal.h"
#include "tar_path.h"
#include "whiteout.h"

#include <string.h>

/* The largest device numbers of Linux, target of a symbolic link, and name of an attribute. */
#define MAJOR_MAX 0xfff
#define MINOR_MAX 0xfffff
#define SYMLINK_MAX 4095
#define XATTR_NAME_MAX 255

/* What is left of the line. */
struct cursor {
    const char *at, *end;
};

/* Takes `text` if the rest begins with it. */
static bool take(struct cursor *rest, const char *text)
{
    size_t length = strlen(text);
    if ((size_t)(rest->end - rest->at) < length || memcmp(rest->at, text, length) != 0)
        return false;
    rest->at += length;
    return true;
}

static bool take_word(struct cursor *rest, const char *key, uint64_t max, uint64_t *number)
{
    return take(rest, key) && decimal_take(&rest->at, rest->end, max, number);
}

/* Takes exactly `count` digits of a base up to 10. */
static bool take_digits(struct cursor *rest, unsigned count, unsigned base, uint32_t *number)
{
    *number = 0;
    if ((size_t)(rest->end - rest->at) < count)
        return false;
    for (; count > 0; count--, rest->at++) {
        if (*rest->at < '0' || (unsigned)(*rest->at - '0') >= base)
            return false;
        *number = *number * base + (unsigned)(*rest->at - '0');
    }
    return true;
}

/* Whether mtree_append() writes the byte as it is: letters, digits and ._/+- */
static bool is_plain(unsigned char byte)
{
    static const uint64_t low = UINT64_C(1) << ('+') | UINT64_C(0x1fff) << ('-');
    static const uint64_t high = UINT64_C(0x3ffffff) << ('A' - 64) | UINT64_C(1) << ('_' - 64) |
                                 UINT64_C(0x3ffffff) << ('a' - 64);
    return byte < 128 && ((byte < 64 ? low : high) >> byte % 64 & 1);
}

/* Appends the text up to the next separator, its escapes decoded. */
static enum mtree_error take_escaped(struct cursor *rest, struct buf *out, enum mtree_error fault)
{
    for (;;) {
        const char *first = rest->at;
        while (rest->at < rest->end && is_plain((unsigned char)*rest->at))
            rest->at++;
        if (buf_append(out, first, (size_t)(rest->at - first)) != 0)
            return MTREE_NO_MEMORY;
        if (!take(rest, "\\"))
            return MTREE_OK;
        uint32_t byte = 0;
        if (!take_digits(rest, 3, 8, &byte) || byte == 0 || byte > 255 ||
            is_plain((unsigned char)byte))
            return fault;
        char decoded = (char)byte;
        if (buf_append(out, &decoded, 1) != 0)
            return MTREE_NO_MEMORY;
    }
}

static enum mtree_error take_text(struct cursor *rest, struct buf *out, enum mtree_error fault)
{
    out->length = 0;
    enum mtree_error error = take_escaped(rest, out, fault);
    if (error != MTREE_OK)
        return error;
    if (buf_append(out, "", 1) != 0)
        return MTREE_NO_MEMORY;
    out->length--;
    return MTREE_OK;
}

/* The name of a whiteout is longer than the name it hides, and only the last component can be one.
 */
static bool component_is_valid(const char *name, size_t length, bool last)
{
    const size_t prefix = sizeof WHITEOUT_PREFIX - 1;
    bool whiteout = last && length > prefix && memcmp(name, WHITEOUT_PREFIX, prefix) == 0;
    bool dots = (length == 1 || (length == 2 && name[1] == '.')) && name[0] == '.';
    return length > 0 && !dots && length <= TAR_NAME_MAX + (whiteout ? prefix : 0);
}

static bool path_is_valid(const struct buf *path)
{
    const char *name = path->bytes, *end = path->bytes + path->length;
    for (;;) {
        const char *slash = memchr(name, '/', (size_t)(end - name));
        if (!component_is_valid(name, (size_t)((slash ? slash : end) - name), !slash))
            return false;
        if (!slash)
            return true;
        name = slash + 1;
    }
}

static enum mtree_error take_path(struct cursor *rest, struct buf *path, enum mtree_error fault)
{
    if (take(rest, "./")) {
        enum mtree_error error = take_text(rest, path, fault);
        return error != MTREE_OK || path_is_valid(path) ? error : fault;
    }
    if (!take(rest, "."))
        return fault;
    return buf_set_text(path, TAR_ROOT, strlen(TAR_ROOT)) == 0 ? MTREE_OK : MTREE_NO_MEMORY;
}

enum mtree_error mtree_read_path(struct buf *path, const char *text, size_t length)
{
    struct cursor rest = {text, text + length};
    enum mtree_error error = take_path(&rest, path, MTREE_BAD_PATH);
    return error == MTREE_OK && rest.at != rest.end ? MTREE_BAD_PATH : error;
}

static enum mtree_error take_type(struct cursor *rest, enum tar_type *type)
{
    static const struct {
        const char *word;
        enum tar_type type;
    } types[] = {
        {" type=file ", TAR_FILE}, {" type=dir ", TAR_DIRECTORY}, {" type=link ", TAR_SYMLINK},
        {" type=char ", TAR_CHAR}, {" type=block ", TAR_BLOCK},   {" type=fifo ", TAR_FIFO},
    };
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (take(rest, types[i].word)) {
            *type = types[i].type;
            return MTREE_OK;
        }
    }
    return MTREE_BAD_TYPE;
}

static enum mtree_error take_owner(struct cursor *rest, struct tar_entry *entry)
{
    uint64_t uid = 0, gid = 0;
    if (!take(rest, "mode=") || !take_digits(rest, 4, 8, &entry->mode))
        return MTREE_BAD_MODE;
    if (!take_word(rest, " uid=", UINT32_MAX - 1, &uid) ||
        !take_word(rest, " gid=", UINT32_MAX - 1, &gid))
        return MTREE_BAD_OWNER;
    entry->uid = (uint32_t)uid;
    entry->gid = (uint32_t)gid;
    return MTREE_OK;
}

/* Whether all are digits 0-9 or a-f. Without branches: which of the two a digit is cannot be
 * predicted. */
static bool are_hex(const char *digits, size_t count)
{
    unsigned wrong = 0;
    for (size_t i = 0; i < count; i++) {
        const unsigned char digit = (unsigned char)digits[i];
        wrong |= (unsigned)((unsigned char)(digit - '0') > 9) &
                 (unsigned)((unsigned char)(digit - 'a') > 5);
    }
    return wrong == 0;
}

/* The size and digest of a file; a hard link has neither. */
static enum mtree_error take_content(struct cursor *rest, struct mtree_line *line)
{
    struct tar_entry *entry = &line->entry;
    if (!take(rest, " size=")) {
        entry->type = TAR_HARDLINK;
        return MTREE_OK;
    }
    if (!decimal_take(&rest->at, rest->end, INT64_MAX, &entry->size))
        return MTREE_BAD_SIZE;
    if (!take(rest, " sha256digest=") || rest->end - rest->at < MTREE_SHA256_DIGITS)
        return MTREE_BAD_DIGEST;
    if (!are_hex(rest->at, MTREE_SHA256_DIGITS))
        return MTREE_BAD_DIGEST;
    memcpy(line->sha256, rest->at, MTREE_SHA256_DIGITS);
    rest->at += MTREE_SHA256_DIGITS;
    line->sha256[MTREE_SHA256_DIGITS] = '\0';
    return MTREE_OK;
}

static enum mtree_error take_symlink(struct cursor *rest, struct mtree_line *line)
{
    if (!take(rest, " link="))
        return MTREE_BAD_LINK;
    enum mtree_error error = take_text(rest, &line->link, MTREE_BAD_LINK);
    if (error == MTREE_OK && (line->link.length == 0 || line->link.length > SYMLINK_MAX))
        return MTREE_BAD_LINK;
    line->entry.link = line->link.bytes;
    return error;
}

static enum mtree_error take_device(struct cursor *rest, struct tar_entry *entry)
{
    uint64_t major = 0, minor = 0;
    if (!take_word(rest, " device=native,", MAJOR_MAX, &major) ||
        !take_word(rest, ",", MINOR_MAX, &minor))
        return MTREE_BAD_DEVICE;
    entry->major = (uint32_t)major;
    entry->minor = (uint32_t)minor;
    return MTREE_OK;
}

static enum mtree_error take_special(struct cursor *rest, struct mtree_line *line)
{
    switch (line->entry.type) {
    case TAR_FILE:
        return take_content(rest, line);
    case TAR_SYMLINK:
        return take_symlink(rest, line);
    case TAR_CHAR:
    case TAR_BLOCK:
        return take_device(rest, &line->entry);
    default:
        return MTREE_OK;
    }
}

static enum mtree_error take_time(struct cursor *rest, struct mtree_line *line)
{
    uint64_t seconds = 0;
    struct tar_time *mtime = &line->entry.mtime;
    line->has_time = take(rest, " time=");
    if (!line->has_time)
        return MTREE_OK;
    bool negative = take(rest, "-");
    if (!decimal_take(&rest->at, rest->end, (uint64_t)INT64_MAX + negative, &seconds) ||
        (negative && seconds == 0) || !take(rest, ".") ||
        !take_digits(rest, 9, 10, &mtime->nanoseconds))
        return MTREE_BAD_TIME;
    mtime->seconds = negative ? -(int64_t)(seconds - 1) - 1 : (int64_t)seconds;
    return MTREE_OK;
}

/* Takes the separator before a tag. */
static bool take_separator(struct cursor *rest, bool *first)
{
    if (!take(rest, *first ? " tags=" : ","))
        return false;
    *first = false;
    return true;
}

static enum mtree_error take_hardlink(struct cursor *rest, struct mtree_line *line, bool *first)
{
    if (!take_separator(rest, first) || !take(rest, "hardlink="))
        return MTREE_BAD_TAGS;
    enum mtree_error error = take_path(rest, &line->link, MTREE_BAD_LINK);
    line->entry.link = line->link.bytes;
    return error == MTREE_OK && strcmp(line->entry.link, TAR_ROOT) == 0 ? MTREE_BAD_LINK : error;
}

/* Decodes base64 text behind what `scratch` has. It must be the text that base64_encode() makes. */
static enum mtree_error value_decode(struct buf *scratch, const char *text, size_t length)
{
    const size_t first = scratch->length;
    int result = base64_decode(scratch, text, length);
    const size_t end = scratch->length;
    /* So that the encoder does not move the bytes that it reads. */
    if (result == 0 && buf_reserve(scratch, (end - first) / 3 * 4 + 4) != 0)
        result = -2;
    if (result == 0 && base64_encode(scratch, scratch->bytes + first, end - first) != 0)
        result = -2;
    if (result != 0)
        return result == -2 ? MTREE_NO_MEMORY : MTREE_BAD_XATTR;
    bool same = scratch->length - end == length &&
                (length == 0 || memcmp(scratch->bytes + end, text, length) == 0);
    scratch->length = end;
    return same ? MTREE_OK : MTREE_BAD_XATTR;
}

/* Whether the name is one, and greater than the last one in the list. */
static bool name_is_next(const struct xattrs *list, const char *name, size_t length)
{
    return length > 0 && length <= XATTR_NAME_MAX &&
           (list->count == 0 || strcmp(xattrs_get(list, list->count - 1).name, name) < 0);
}

static enum mtree_error take_xattr(struct cursor *rest, struct mtree_line *line)
{
    struct buf *scratch = &line->scratch;
    enum mtree_error error = take_text(rest, scratch, MTREE_BAD_XATTR);
    if (error != MTREE_OK)
        return error;
    const size_t name = scratch->length++; /* the value follows the NUL */
    if (!name_is_next(&line->entry.xattrs, scratch->bytes, name) || !take(rest, "="))
        return MTREE_BAD_XATTR;
    const char *comma = memchr(rest->at, ',', (size_t)(rest->end - rest->at));
    const char *end = comma ? comma : rest->end;
    error = value_decode(scratch, rest->at, (size_t)(end - rest->at));
    rest->at = end;
    if (error == MTREE_OK && xattrs_add(&line->entry.xattrs, scratch->bytes, name,
                                        scratch->bytes + name + 1, scratch->length - name - 1) != 0)
        return MTREE_NO_MEMORY;
    return error;
}

/* Takes the tag that the path demands, if any. */
static bool take_whiteout(struct cursor *rest, const char *path, bool *first)
{
    enum whiteout whiteout = whiteout_parse(path, NULL);
    if (whiteout == WHITEOUT_ENTRY)
        return take_separator(rest, first) && take(rest, "whiteout");
    return whiteout != WHITEOUT_OPAQUE || (take_separator(rest, first) && take(rest, "opaque"));
}

static enum mtree_error take_tags(struct cursor *rest, struct mtree_line *line)
{
    bool first = true;
    enum mtree_error error = MTREE_OK;
    if (line->entry.type == TAR_HARDLINK)
        error = take_hardlink(rest, line, &first);
    if (error == MTREE_OK && !take_whiteout(rest, line->entry.path, &first))
        error = MTREE_BAD_TAGS;
    /* The attributes of a hard link are those of its target. */
    while (error == MTREE_OK && take_separator(rest, &first))
        error = line->entry.type != TAR_HARDLINK && take(rest, "xattr.") ? take_xattr(rest, line)
                                                                         : MTREE_BAD_TAGS;
    return error;
}

static void line_clear(struct mtree_line *line)
{
    struct xattrs xattrs = line->entry.xattrs;
    line->entry = (struct tar_entry){.xattrs = xattrs};
    xattrs_clear(&line->entry.xattrs);
    line->sha256[0] = '\0';
}

enum mtree_error mtree_read(struct mtree_line *line, const char *text, size_t length)
{
    struct cursor rest = {text, text + length};
    line_clear(line);
    enum mtree_error error = take_path(&rest, &line->path, MTREE_BAD_PATH);
    line->entry.path = line->path.bytes;
    if (error == MTREE_OK)
        error = take_type(&rest, &line->entry.type);
    if (error == MTREE_OK && line->entry.type != TAR_DIRECTORY &&
        strcmp(line->entry.path, TAR_ROOT) == 0)
        error = MTREE_BAD_ROOT;
    if (error == MTREE_OK)
        error = take_owner(&rest, &line->entry);
    if (error == MTREE_OK)
        error = take_special(&rest, line);
    if (error == MTREE_OK)
        error = take_time(&rest, line);
    if (error == MTREE_OK)
        error = take_tags(&rest, line);
    return error == MTREE_OK && rest.at != rest.end ? MTREE_BAD_END : error;
}

void mtree_line_free(struct mtree_line *line)
{
    xattrs_free(&line->entry.xattrs);
    buf_free(&line->path);
    buf_free(&line->link);
    buf_free(&line->scratch);
    *line = (struct mtree_line){0};
}
