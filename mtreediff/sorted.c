#include "sorted.h"

#include "diag.h"
#include "report.h"
#include "tar_path.h"

#include <string.h>

/* A line that was read. */
struct record {
    bool there;
    struct buf name; /* its first word, with a NUL */
    struct mtree_line line;
};

/* A manifest that is read one line ahead, to find the last one of several with a path. */
struct side {
    struct input *input;
    struct record records[2];
    unsigned current; /* the index of the current one; the other is the next one */
};

static struct record *current_of(struct side *side)
{
    return &side->records[side->current];
}

static enum status record_read(struct side *side, struct record *record)
{
    struct slice line;
    enum status status = input_next(side->input, &line);
    record->there = status == STATUS_OK && line.at;
    if (!record->there)
        return status;
    enum mtree_error error = mtree_read(&record->line, line.at, line.length);
    if (error == MTREE_OK &&
        buf_set_text(&record->name, line.at,
                     (size_t)((const char *)memchr(line.at, ' ', line.length) - line.at)) != 0)
        error = MTREE_NO_MEMORY;
    if (error == MTREE_NO_MEMORY)
        return diag_no_memory();
    return error == MTREE_OK ? STATUS_OK : input_malformed(side->input, mtree_error_text(error));
}

/* Goes to the next path. */
static enum status side_next(struct side *side)
{
    for (;;) {
        struct record *old = current_of(side);
        side->current = !side->current;
        enum status status = record_read(side, old);
        if (status != STATUS_OK || !old->there || !current_of(side)->there)
            return status;
        int order = tar_path_compare(current_of(side)->name.bytes, old->name.bytes);
        if (order > 0)
            return input_malformed(side->input, "not sorted by path");
        if (order < 0)
            return STATUS_OK;
    }
}

/* Reads the first two lines of entries. */
static enum status side_start(struct side *side, struct input *input)
{
    side->input = input;
    enum status status = input_start(input);
    if (status == STATUS_OK && input->is_map) {
        diag_error("%s: a chunk map, not a manifest", diag_name(input->name).text);
        status = STATUS_ARCHIVE;
    }
    if (status == STATUS_OK)
        status = record_read(side, &side->records[1]);
    return status == STATUS_OK ? side_next(side) : status;
}

static void side_free(struct side *side)
{
    for (int i = 0; i < 2; i++) {
        buf_free(&side->records[i].name);
        mtree_line_free(&side->records[i].line);
    }
}

/* Reports one path, that of the lesser current lines. */
static enum status path_compare(struct side *old, struct side *new, bool json, struct output *out,
                                struct counts *counts)
{
    const struct record *a = current_of(old), *b = current_of(new);
    int order = !a->there ? 1 : !b->there ? -1 : tar_path_compare(a->name.bytes, b->name.bytes);
    const size_t before = out->buf.length;
    if (report_append(&out->buf, order <= 0 ? &a->line : NULL, order >= 0 ? &b->line : NULL,
                      json) != 0)
        return diag_no_memory();
    bool printed = out->buf.length > before;
    counts->removed += printed && order < 0;
    counts->added += printed && order > 0;
    counts->changed += printed && order == 0;
    enum status status = output_check(out);
    if (status == STATUS_OK && order <= 0)
        status = side_next(old);
    if (status == STATUS_OK && order >= 0)
        status = side_next(new);
    return status;
}

enum status sorted_compare(struct input *old, struct input *new, bool json, struct output *out,
                           struct counts *counts)
{
    struct side sides[2] = {{0}};
    enum status status = side_start(&sides[0], old);
    if (status == STATUS_OK)
        status = side_start(&sides[1], new);
    while (status == STATUS_OK && (current_of(&sides[0])->there || current_of(&sides[1])->there))
        status = path_compare(&sides[0], &sides[1], json, out, counts);
    side_free(&sides[0]);
    side_free(&sides[1]);
    return status;
}
