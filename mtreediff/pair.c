#include "pair.h"

#include "mtree.h"
#include "mtree_read.h"

#include <string.h>

/* One of the manifests. */
struct side {
    struct input *input;
    struct mtree_line line; /* the entry that was checked last */
    struct mtree_order order;
    struct digest *digest;
    struct slice text; /* the line that was read last; at is NULL behind the end */
};

/* The functions below return false after an error. */

/* Reads the next line, and hashes it with its newline. */
static bool side_next(struct side *side)
{
    switch (lines_next(&side->input->lines, &side->text.at, &side->text.length)) {
    case LINES_LINE:
        return digest_update(side->digest, side->text.at, side->text.length + 1) == 0;
    case LINES_END:
        side->text = (struct slice){0};
        return true;
    default:
        return false;
    }
}

static bool side_start(struct side *side)
{
    const struct slice signature = {MTREE_SIGNATURE, strlen(MTREE_SIGNATURE) - 1};
    side->digest = digest_new(DIGEST_SHA256);
    return side->digest && side_next(side) && slice_equal(side->text, signature) && side_next(side);
}

static bool side_check(struct side *side)
{
    return mtree_read(&side->line, side->text.at, side->text.length) == MTREE_OK &&
           mtree_order_check(&side->order, &side->line.entry) == MTREE_OK;
}

/* Checks the line, and goes on. */
static bool side_pass(struct side *side)
{
    return side_check(side) && side_next(side);
}

static bool side_end(struct side *side)
{
    struct input *input = side->input;
    input->is_map = false;
    input->size = input->lines.offset;
    input->count = input->lines.number - 1;
    return side->order.path.length > 0 && digest_final(side->digest, &input->digest) == 0;
}

static void side_close(struct side *side)
{
    input_seek(side->input, 0);
    digest_free(side->digest);
    mtree_line_free(&side->line);
    mtree_order_free(&side->order);
}

/* The line before was the same in both: what may follow it is known for OLD. */
static bool order_copy(struct mtree_order *to, const struct mtree_order *from)
{
    if (from->path.length == 0)
        return true;
    to->is_directory = from->is_directory;
    to->not_walk = to->not_walk || from->not_walk;
    to->not_raw = to->not_raw || from->not_raw;
    return buf_set_text(&to->path, from->path.bytes, from->path.length) == 0;
}

/* Passes the lines of OLD that come before the path, and that of the path itself. */
static bool old_pass(struct side *old, const char *path, struct buf *scratch)
{
    int order = -1;
    while (order < 0 && old->text.at) {
        const char *end = memchr(old->text.at, ' ', old->text.length);
        if (!end ||
            mtree_read_path(scratch, old->text.at, (size_t)(end - old->text.at)) != MTREE_OK)
            return false;
        order = mtree_path_compare(scratch->bytes, path);
        if (order <= 0 && !side_pass(old))
            return false;
    }
    return true;
}

static bool lines_pass(struct side *old, struct side *new, struct buf *scratch)
{
    bool same = true; /* the lines before */
    while (new->text.at) {
        const bool equal = slice_equal(old->text, new->text);
        if (same && !equal && !order_copy(&new->order, &old->order))
            return false;
        /* The line of NEW borrows from its own buffer. */
        if (!(same && equal) && !side_check(new))
            return false;
        if (!(equal ? side_pass(old) : old_pass(old, new->line.entry.path, scratch)))
            return false;
        same = equal;
        if (!side_next(new))
            return false;
    }
    if (same && !order_copy(&new->order, &old->order))
        return false;
    while (old->text.at) {
        if (!side_pass(old))
            return false;
    }
    /* The lines that both have may be in one order only, and the others of NEW in the other one. */
    return !((old->order.not_walk || new->order.not_walk) &&
             (old->order.not_raw || new->order.not_raw));
}

bool pair_measure(struct input *old, struct input *new)
{
    struct side sides[2] = {{.input = old}, {.input = new}};
    struct buf scratch = {0};
    const bool done = side_start(&sides[0]) && side_start(&sides[1]) &&
                      lines_pass(&sides[0], &sides[1], &scratch) && side_end(&sides[0]) &&
                      side_end(&sides[1]);
    side_close(&sides[0]);
    side_close(&sides[1]);
    buf_free(&scratch);
    return done;
}
