#include "manifest.h"

#include "diag.h"
#include "mtree.h"

enum status manifest_open(struct manifest *manifest, int fd, struct digest *digest)
{
    *manifest = (struct manifest){0};
    return text_open(&manifest->text, fd, "manifest", MTREE_SIGNATURE, digest);
}

enum status manifest_next(struct manifest *manifest, const struct mtree_line **line)
{
    const char *text = NULL;
    size_t length = 0;
    *line = NULL;
    enum status status = text_next(&manifest->text, &text, &length);
    if (status != STATUS_OK)
        return status;
    if (!text)
        return manifest->order.path.length > 0
                   ? STATUS_OK
                   : text_malformed(&manifest->text, mtree_error_text(MTREE_NO_ROOT));
    enum mtree_error error = mtree_read(&manifest->line, text, length);
    if (error == MTREE_OK)
        error = mtree_order_check(&manifest->order, &manifest->line.entry);
    if (error == MTREE_NO_MEMORY)
        return diag_no_memory();
    if (error != MTREE_OK)
        return text_malformed(&manifest->text, mtree_error_text(error));
    if (!manifest->line.has_time)
        return text_malformed(&manifest->text, "no time, which tarpack --manifest=time writes");
    *line = &manifest->line;
    return STATUS_OK;
}

void manifest_close(struct manifest *manifest)
{
    text_close(&manifest->text);
    mtree_line_free(&manifest->line);
    mtree_order_free(&manifest->order);
}
