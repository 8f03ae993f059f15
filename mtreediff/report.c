#include "report.h"

#include "escape.h"
#include "facts.h"
#include "json.h"
#include "tar_path.h"
#include "whiteout.h"

#include <string.h>

/* A NULL text is empty. */
static int append_printable(struct buf *out, const char *text)
{
    int result = 0;
    while (result == 0 && text && *text) {
        struct escape_unit unit = escape_next(text);
        result = buf_append(out, unit.text, unit.length);
        text += unit.source;
    }
    return result;
}

static int append_all(struct buf *out, const char *a, const char *b, const char *c)
{
    return buf_append_text(out, a) != 0 || buf_append_text(out, b) != 0 ? -1
                                                                        : buf_append_text(out, c);
}

/* ---------------------------------------------------------------------------- a changed value */

static int append_json_value(struct buf *out, enum fact fact, const char *text)
{
    if (!text)
        return buf_append_text(out, "null");
    bool number = fact == FACT_SIZE || fact == FACT_UID || fact == FACT_GID;
    return number ? buf_append_text(out, text) : json_append_string(out, text);
}

static int append_change(struct buf *out, enum fact fact, const char *old, const char *new,
                         bool json)
{
    if (json)
        return append_all(out, ",\"", fact_keys[fact], "\":[") != 0 ||
                       append_json_value(out, fact, old) != 0 || buf_append(out, ",", 1) != 0 ||
                       append_json_value(out, fact, new) != 0
                   ? -1
                   : buf_append(out, "]", 1);
    if (fact == FACT_DIGEST)
        return buf_append_text(out, ", content");
    return append_all(out, ", ", fact_keys[fact], " ") != 0 || append_printable(out, old) != 0 ||
                   buf_append_text(out, " -> ") != 0
               ? -1
               : append_printable(out, new);
}

static int append_facts(struct buf *out, const struct mtree_line *old, const struct mtree_line *new,
                        bool json)
{
    struct facts before, after;
    int result = 0;
    facts_fill(&before, old);
    facts_fill(&after, new);
    for (enum fact fact = 0; result == 0 && fact < FACT_COUNT; fact++) {
        const char *a = before.texts[fact], *b = after.texts[fact];
        /* A file has a size, a directory none: the changed type implies that. */
        bool implied = old->entry.type != new->entry.type && (!a || !b);
        bool same = a == b || (a && b && strcmp(a, b) == 0);
        if (!implied && !same)
            result = append_change(out, fact, a, b, json);
    }
    return result;
}

/* ------------------------------------------------------------------------ a changed attribute */

static int append_json_xattr(struct buf *out, const struct xattr *xattr)
{
    return xattr ? json_append_base64(out, xattr->value, xattr->length)
                 : buf_append_text(out, "null");
}

/* One of the two may be NULL. */
static int append_xattr(struct buf *out, const struct xattr *old, const struct xattr *new,
                        bool json)
{
    const char *name = old ? old->name : new->name;
    if (!json) {
        const char *verb = !old ? " added" : !new ? " removed" : " changed";
        return buf_append_text(out, ", xattr ") != 0 || append_printable(out, name) != 0
                   ? -1
                   : buf_append_text(out, verb);
    }
    struct buf key = {0};
    int result = append_all(&key, "xattr.", name, "");
    if (result == 0)
        result = buf_append(&key, "", 1);
    if (result == 0)
        result = buf_append(out, ",", 1);
    if (result == 0)
        result = json_append_string(out, key.bytes);
    buf_free(&key);
    return result != 0 || buf_append_text(out, ":[") != 0 || append_json_xattr(out, old) != 0 ||
                   buf_append(out, ",", 1) != 0 || append_json_xattr(out, new) != 0
               ? -1
               : buf_append(out, "]", 1);
}

static bool xattr_equal(const struct xattr *a, const struct xattr *b)
{
    return a->length == b->length && (a->length == 0 || memcmp(a->value, b->value, a->length) == 0);
}

/* Those of `old`, changed or removed, and then those that only `new` has. */
static int append_xattrs(struct buf *out, const struct xattrs *old, const struct xattrs *new,
                         bool json)
{
    int result = 0;
    struct xattr other;
    for (size_t i = 0; result == 0 && i < old->count; i++) {
        struct xattr xattr = xattrs_get(old, i);
        bool found = xattrs_find(new, xattr.name, &other) == 0;
        if (!found || !xattr_equal(&xattr, &other))
            result = append_xattr(out, &xattr, found ? &other : NULL, json);
    }
    for (size_t i = 0; result == 0 && i < new->count; i++) {
        struct xattr xattr = xattrs_get(new, i);
        if (xattrs_find(old, xattr.name, &other) != 0)
            result = append_xattr(out, NULL, &xattr, json);
    }
    return result;
}

/* ---------------------------------------------------------------------------------- the entry */

/* The name of an entry, for people: of a whiteout, of what it deletes. */
static int append_shown(struct buf *out, const struct tar_entry *entry)
{
    const char *hidden = NULL, *name = tar_path_name(entry->path);
    enum whiteout whiteout = whiteout_parse(entry->path, &hidden);
    if (whiteout != WHITEOUT_ENTRY && whiteout != WHITEOUT_OPAQUE) {
        bool slash = entry->type == TAR_DIRECTORY && strcmp(entry->path, TAR_ROOT) != 0;
        return append_printable(out, entry->path) != 0 ? -1
                                                       : buf_append_text(out, slash ? "/" : "");
    }
    struct buf above = {0};
    int result = buf_set_text(&above, entry->path, (size_t)(name - entry->path));
    if (result == 0)
        result = append_printable(out, above.bytes);
    buf_free(&above);
    if (result != 0)
        return -1;
    if (whiteout == WHITEOUT_OPAQUE)
        return append_all(out, name == entry->path ? "./" : "", " (opaque)", "");
    return append_printable(out, hidden) != 0 ? -1 : buf_append_text(out, " (whiteout)");
}

static int append_text(struct buf *out, const char *verb, const struct mtree_line *line,
                       const struct buf *what)
{
    if (append_all(out, verb, " ", "") != 0 || append_shown(out, &line->entry) != 0)
        return -1;
    if (what->length > 0 &&
        (buf_append_text(out, " (") != 0 ||
         buf_append(out, what->bytes + 2, what->length - 2) != 0 || buf_append(out, ")", 1) != 0))
        return -1;
    return buf_append(out, "\n", 1);
}

static int append_object(struct buf *out, const char *verb, const struct mtree_line *line,
                         const struct buf *what)
{
    struct facts facts;
    facts_fill(&facts, line);
    enum whiteout whiteout = whiteout_parse(line->entry.path, NULL);
    const char *mark = whiteout == WHITEOUT_ENTRY    ? ",\"whiteout\":true"
                       : whiteout == WHITEOUT_OPAQUE ? ",\"opaque\":true"
                                                     : "";
    if (append_all(out, "{\"change\":\"", verb, "\",") != 0 ||
        json_append_name(out, "path", line->entry.path) != 0 ||
        append_all(out, ",\"type\":\"", facts.texts[FACT_TYPE], "\"") != 0 ||
        buf_append_text(out, mark) != 0)
        return -1;
    if (what->length > 0 &&
        (buf_append_text(out, ",\"what\":{") != 0 ||
         buf_append(out, what->bytes + 1, what->length - 1) != 0 || buf_append(out, "}", 1) != 0))
        return -1;
    return buf_append_text(out, "}\n");
}

static int append_difference(struct buf *out, const char *verb, const struct mtree_line *line,
                             const struct buf *what, bool json)
{
    return json ? append_object(out, verb, line, what) : append_text(out, verb, line, what);
}

int report_append(struct buf *out, const struct mtree_line *old, const struct mtree_line *new,
                  bool json)
{
    struct buf what = {0}; /* each change begins with a comma */
    if (!old)
        return append_difference(out, "added", new, &what, json);
    if (!new)
        return append_difference(out, "removed", old, &what, json);
    int result = append_facts(&what, old, new, json);
    if (result == 0)
        result = append_xattrs(&what, &old->entry.xattrs, &new->entry.xattrs, json);
    if (result == 0 && what.length > 0)
        result = append_difference(out, "changed", new, &what, json);
    buf_free(&what);
    return result;
}
