#include "mtree.h"

#include "base64.h"
#include "whiteout.h"

#include <inttypes.h>
#include <string.h>

/* Whether it is a letter, a digit or one of ._/+- . */
static bool is_plain(char byte)
{
    const unsigned char code = (unsigned char)byte;
    const unsigned letter = (code | 0x20U) - 'a';
    return letter < 26 || (code >= '-' && code <= '9') || code == '_' || code == '+';
}

/* Escapes all other bytes as \ooo, so that every reader of mtree agrees. */
static int append_escaped(struct buf *out, const char *text)
{
    while (*text) {
        size_t run = 0;
        while (is_plain(text[run]))
            run++;
        if (buf_append(out, text, run) != 0)
            return -1;
        text += run;
        if (*text && buf_append_format(out, "\\%03o", (unsigned char)*text++) != 0)
            return -1;
    }
    return 0;
}

/* Paths begin with "./": a first word without a slash would be relative to a previous line. */
int mtree_append_path(struct buf *out, const char *path)
{
    if (strcmp(path, TAR_ROOT) == 0)
        return buf_append_text(out, ".");
    return buf_append_text(out, "./") != 0 ? -1 : append_escaped(out, path);
}

static int append_word(struct buf *out, const char *key, const char *word)
{
    return buf_append_text(out, key) != 0 ? -1 : buf_append_text(out, word);
}

static int append_number(struct buf *out, const char *key, uint64_t number, unsigned base,
                         unsigned digits)
{
    return buf_append_text(out, key) != 0 ? -1 : buf_append_number(out, number, base, digits);
}

static int append_type(struct buf *out, const struct tar_entry *entry)
{
    /* In the order of enum tar_type. A hard link is a file with a tag. */
    static const char *const types[] = {"file", "file", "link", "char", "block", "dir", "fifo"};
    return append_word(out, " type=", types[entry->type]) != 0 ||
                   append_number(out, " mode=", entry->mode, 8, 4) != 0 ||
                   append_number(out, " uid=", entry->uid, 10, 1) != 0 ||
                   append_number(out, " gid=", entry->gid, 10, 1) != 0
               ? -1
               : 0;
}

static int append_content(struct buf *out, const struct tar_entry *entry, const char *sha256)
{
    switch (entry->type) {
    case TAR_FILE:
        return append_number(out, " size=", entry->size, 10, 1) != 0
                   ? -1
                   : append_word(out, " sha256digest=", sha256);
    case TAR_SYMLINK:
        return buf_append_text(out, " link=") != 0 ? -1 : append_escaped(out, entry->link);
    case TAR_CHAR:
    case TAR_BLOCK:
        return buf_append_format(out, " device=native,%" PRIu32 ",%" PRIu32, entry->major,
                                 entry->minor);
    default:
        return 0;
    }
}

static int append_time(struct buf *out, struct tar_time time)
{
    const uint64_t seconds = (uint64_t)time.seconds;
    return append_number(out, time.seconds < 0 ? " time=-" : " time=",
                         time.seconds < 0 ? 0 - seconds : seconds, 10, 1) != 0
               ? -1
               : append_number(out, ".", time.nanoseconds, 10, 9);
}

/* Appends `tag` as the next value of "tags=". */
static int append_tag(struct buf *out, bool *first, const char *tag)
{
    const char *separator = *first ? " tags=" : ",";
    *first = false;
    return buf_append_text(out, separator) != 0 ? -1 : buf_append_text(out, tag);
}

static int append_xattr(struct buf *out, bool *first, const struct xattr *xattr)
{
    if (append_tag(out, first, "xattr.") != 0 || append_escaped(out, xattr->name) != 0 ||
        buf_append(out, "=", 1) != 0)
        return -1;
    return base64_encode(out, xattr->value, xattr->length);
}

static int append_tags(struct buf *out, const struct tar_entry *entry)
{
    bool first = true;
    int result = 0;
    if (entry->type == TAR_HARDLINK) {
        result = append_tag(out, &first, "hardlink=");
        if (result == 0)
            result = mtree_append_path(out, entry->link);
    }
    enum whiteout whiteout = whiteout_parse(entry->path, NULL);
    if (result == 0 && whiteout == WHITEOUT_ENTRY)
        result = append_tag(out, &first, "whiteout");
    if (result == 0 && whiteout == WHITEOUT_OPAQUE)
        result = append_tag(out, &first, "opaque");
    for (size_t i = 0; result == 0 && i < entry->xattrs.count; i++) {
        struct xattr xattr = xattrs_get(&entry->xattrs, i);
        result = append_xattr(out, &first, &xattr);
    }
    return result;
}

int mtree_append(struct buf *out, const struct tar_entry *entry, const char *sha256, bool times)
{
    if (mtree_append_path(out, entry->path) != 0 || append_type(out, entry) != 0 ||
        append_content(out, entry, sha256) != 0)
        return -1;
    if (times && append_time(out, entry->mtime) != 0)
        return -1;
    return append_tags(out, entry) != 0 ? -1 : buf_append(out, "\n", 1);
}
