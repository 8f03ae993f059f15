/* Manifests. */
#include "fuzz.h"

#include "mtree.h"
#include "mtree_read.h"

#include <string.h>

static void line_try(struct mtree_line *line, struct mtree_order *order, const char *text,
                     size_t length)
{
    enum mtree_error error = mtree_read(line, text, length);
    EXPECT(error != MTREE_NO_MEMORY && mtree_error_text(error));
    if (error != MTREE_OK)
        return;
    struct buf out = {0};
    EXPECT(mtree_append(&out, &line->entry, line->sha256, line->has_time) == 0);
    EXPECT(out.length == length + 1 && memcmp(out.bytes, text, length) == 0);
    buf_free(&out);
    size_t before = order->path.length;
    error = mtree_order_check(order, &line->entry);
    EXPECT(error == MTREE_OK || order->path.length == before);
    EXPECT(error != MTREE_OK || mtree_order_check(order, &line->entry) == MTREE_BAD_ORDER);
}

/* Entries that follow each other in one order, and those in between that may not. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data, *end = text + size;
    struct mtree_line line = {0};
    struct mtree_order order = {0};
    while (text < end) {
        const char *newline = memchr(text, '\n', (size_t)(end - text));
        size_t length = (size_t)((newline ? newline : end) - text);
        line_try(&line, &order, text, length);
        text += length + (newline != NULL);
    }
    mtree_line_free(&line);
    mtree_order_free(&order);
    return 0;
}
