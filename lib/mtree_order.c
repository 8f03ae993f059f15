#include "mtree_read.h"
#include "tar_path.h"
#include "whiteout.h"

#include <string.h>

/* A component of a path as it is sorted. */
struct key {
    const char *text;
    size_t length;
    bool marker; /* the marker of an opaque directory, before all names */
};

/* The key of the component at `name`, which ends in a slash or a NUL. */
static struct key key_of(const char *name)
{
    struct key key = {.text = name, .length = strcspn(name, "/")};
    if (name[key.length] == '/')
        return key;
    const char *hidden = NULL;
    enum whiteout whiteout = whiteout_parse(name, &hidden);
    key.marker = whiteout == WHITEOUT_OPAQUE;
    if (whiteout == WHITEOUT_ENTRY) {
        key.length -= (size_t)(hidden - name);
        key.text = hidden;
    }
    return key;
}

static int key_compare(const struct key *a, const struct key *b)
{
    if (a->marker != b->marker)
        return a->marker ? -1 : 1;
    size_t shorter = a->length < b->length ? a->length : b->length;
    int order = memcmp(a->text, b->text, shorter);
    return order != 0 ? order : (a->length > b->length) - (a->length < b->length);
}

/* Compares paths below the root as tar_path_compare() does, but sorts a whiteout by the name that
 * it hides. */
static int path_compare(const char *a, const char *b)
{
    size_t start = 0, same = 0;
    for (; a[same] && a[same] == b[same]; same++) {
        if (a[same] == '/')
            start = same + 1;
    }
    if (a[same] == b[same])
        return 0;
    struct key left = key_of(a + start), right = key_of(b + start);
    int order = key_compare(&left, &right);
    if (order != 0)
        return order;
    /* One of them is below the other, unless a whiteout hides the other: these are the same. */
    return (a[start + left.length] == '/') - (b[start + right.length] == '/');
}

static bool is_root(const char *path)
{
    return strcmp(path, TAR_ROOT) == 0;
}

int mtree_path_compare(const char *a, const char *b)
{
    if (is_root(a) || is_root(b))
        return is_root(b) - is_root(a);
    return path_compare(a, b);
}

/* Whether the directory of `path` is the last entry or above it. */
static bool parent_is_known(const struct mtree_order *order, const char *path)
{
    const char *slash = strrchr(path, '/');
    if (!slash)
        return true;
    const size_t length = (size_t)(slash - path), last = order->path.length - 1;
    if (length > last || memcmp(order->path.bytes, path, length) != 0)
        return false;
    return length == last ? order->is_directory : order->path.bytes[length] == '/';
}

/* Whether `a` comes before `b`, in one of the orders that the entries so far are in. */
static bool comes_before(const struct mtree_order *order, const char *a, const char *b)
{
    return is_root(a) || (!order->not_walk && path_compare(a, b) < 0) ||
           (!order->not_raw && tar_path_compare(a, b) < 0);
}

static enum mtree_error order_check(struct mtree_order *order, const struct tar_entry *entry)
{
    if (order->path.length == 0)
        return is_root(entry->path) ? MTREE_OK : MTREE_NO_ROOT;
    if (is_root(entry->path))
        return MTREE_BAD_ORDER;
    if (!is_root(order->path.bytes)) {
        order->not_walk |= path_compare(order->path.bytes, entry->path) >= 0;
        order->not_raw |= tar_path_compare(order->path.bytes, entry->path) >= 0;
    }
    if (order->not_walk && order->not_raw)
        return MTREE_BAD_ORDER;
    if (!parent_is_known(order, entry->path))
        return MTREE_NO_PARENT;
    if (entry->type == TAR_HARDLINK && !comes_before(order, entry->link, entry->path))
        return MTREE_BAD_TARGET;
    return MTREE_OK;
}

enum mtree_error mtree_order_check(struct mtree_order *order, const struct tar_entry *entry)
{
    enum mtree_error error = order_check(order, entry);
    if (error != MTREE_OK)
        return error;
    order->path.length = 0;
    order->is_directory = entry->type == TAR_DIRECTORY;
    return buf_append(&order->path, entry->path, strlen(entry->path) + 1) == 0 ? MTREE_OK
                                                                               : MTREE_NO_MEMORY;
}

void mtree_order_free(struct mtree_order *order)
{
    buf_free(&order->path);
    *order = (struct mtree_order){0};
}
