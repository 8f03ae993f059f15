#include "manifest.h"

#include "diag.h"
#include "mtree.h"
#include "text.h"

#include <string.h>
#include <unistd.h>

#define NAME "manifest"

static enum status line_read(struct manifest *manifest)
{
    enum status status = text_next(&manifest->lines, NAME, &manifest->text, &manifest->length);
    if (status == STATUS_OK && manifest->text && manifest->digest &&
        digest_update(manifest->digest, manifest->text, manifest->length + 1) != 0)
        return diag_error("cannot compute SHA-256 digests");
    return status;
}

enum status manifest_open(struct manifest *manifest, int fd, bool seekable, struct digest *digest)
{
    *manifest = (struct manifest){.digest = digest};
    lines_start(&manifest->lines, fd, seekable);
    if (seekable) {
        const off_t position = lseek(fd, 0, SEEK_CUR);
        if (position < 0)
            return diag_failed(NAME, "read");
        lines_seek(&manifest->lines, (uint64_t)position);
    }
    enum status status = line_read(manifest);
    if (status != STATUS_OK || (manifest->text && manifest->length + 1 == strlen(MTREE_SIGNATURE) &&
                                memcmp(manifest->text, MTREE_SIGNATURE, manifest->length) == 0))
        return status;
    diag_error(NAME ": it does not begin with #mtree");
    return STATUS_ARCHIVE;
}

enum status manifest_malformed(const struct manifest *manifest, const char *problem)
{
    return text_malformed(&manifest->lines, NAME, problem);
}

enum status manifest_next(struct manifest *manifest)
{
    enum status status = line_read(manifest);
    if (status != STATUS_OK)
        return status;
    if (!manifest->text)
        return manifest->order.path.length > 0
                   ? STATUS_OK
                   : manifest_malformed(manifest, mtree_error_text(MTREE_NO_ROOT));
    enum mtree_error error = mtree_read(&manifest->line, manifest->text, manifest->length);
    if (error == MTREE_OK)
        error = mtree_order_check(&manifest->order, &manifest->line.entry);
    if (error == MTREE_NO_MEMORY)
        return diag_no_memory();
    if (error != MTREE_OK)
        return manifest_malformed(manifest, mtree_error_text(error));
    if (!manifest->line.has_time)
        return manifest_malformed(manifest, "no time; `tarpack --manifest=time` writes them");
    return STATUS_OK;
}

enum status manifest_drain(struct manifest *manifest)
{
    enum status status = STATUS_OK;
    do {
        status = line_read(manifest);
    } while (status == STATUS_OK && manifest->text);
    return status;
}

void manifest_close(struct manifest *manifest)
{
    lines_free(&manifest->lines);
    mtree_line_free(&manifest->line);
    mtree_order_free(&manifest->order);
}
