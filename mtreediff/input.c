#include "input.h"

#include "chunk_map.h"
#include "diag.h"
#include "mtree.h"
#include "mtree_read.h"
#include "text.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum status input_open(struct input *input, const char *name, bool seekable)
{
    struct stat status;
    bool is_stdin = !seekable && strcmp(name, "-") == 0;
    input->name = is_stdin ? "standard input" : name;
    /* A fifo that is no regular file must not make open(2) wait. */
    const int flags = O_RDONLY | O_CLOEXEC | O_NOCTTY | (seekable ? O_NONBLOCK : 0);
    input->fd = is_stdin ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0) : open(name, flags);
    if (input->fd < 0 || fstat(input->fd, &status) != 0)
        return diag_failed(input->name, "open");
    if (S_ISDIR(status.st_mode) || (seekable && !S_ISREG(status.st_mode)))
        return diag_error("%s: not a regular file", diag_name(input->name).text);
    lines_start(&input->lines, input->fd, seekable);
    return STATUS_OK;
}

enum status input_malformed(const struct input *input, const char *text)
{
    return text_malformed(&input->lines, input->name, text);
}

enum status input_next(struct input *input, struct slice *line)
{
    return text_next(&input->lines, input->name, &line->at, &line->length);
}

void input_seek(struct input *input, uint64_t offset)
{
    lines_seek(&input->lines, offset);
}

enum status input_start(struct input *input)
{
    const struct slice manifest = {MTREE_SIGNATURE, strlen(MTREE_SIGNATURE) - 1};
    const struct slice map = {CHUNK_MAP_SIGNATURE, strlen(CHUNK_MAP_SIGNATURE) - 1};
    struct slice line;
    enum status status = input_next(input, &line);
    if (status != STATUS_OK)
        return status;
    input->is_map = slice_equal(line, map);
    if (input->is_map || slice_equal(line, manifest))
        return STATUS_OK;
    diag_error("%s: neither a manifest nor a chunk map", diag_name(input->name).text);
    return STATUS_ARCHIVE;
}

/* What checks a manifest. */
struct check {
    struct mtree_line line;
    struct mtree_order order;
    struct digest *digest;
    bool entries; /* whether they are checked */
};

static enum status line_check(struct input *input, struct check *check, struct slice line)
{
    enum mtree_error error = mtree_read(&check->line, line.at, line.length);
    if (error == MTREE_OK)
        error = mtree_order_check(&check->order, &check->line.entry);
    if (error == MTREE_NO_MEMORY)
        return diag_no_memory();
    return error == MTREE_OK ? STATUS_OK : input_malformed(input, mtree_error_text(error));
}

static enum status digest_failed(void)
{
    return diag_error("cannot compute the digest");
}

/* Hashes the line with its newline, which follows it in memory. */
static enum status line_hash(struct check *check, struct slice line)
{
    return digest_update(check->digest, line.at, line.length + 1) == 0 ? STATUS_OK
                                                                       : digest_failed();
}

static enum status lines_measure(struct input *input, struct check *check, input_visit *visit,
                                 void *context)
{
    struct slice line = slice_of(input->is_map ? CHUNK_MAP_SIGNATURE : MTREE_SIGNATURE);
    line.length--;
    for (;;) {
        enum status status = line_hash(check, line);
        uint64_t offset = input->lines.offset;
        if (status == STATUS_OK)
            status = input_next(input, &line);
        if (status != STATUS_OK || !line.at)
            return status;
        input->count++;
        if (check->entries)
            status = line_check(input, check, line);
        if (status == STATUS_OK && visit)
            status = visit(context, line, offset);
        if (status != STATUS_OK)
            return status;
    }
}

static enum status file_measure(struct input *input, bool checked, input_visit *visit,
                                void *context)
{
    struct check check = {.digest = digest_new(DIGEST_SHA256)};
    enum status status = check.digest ? input_start(input) : digest_failed();
    check.entries = checked && !input->is_map;
    if (status == STATUS_OK)
        status = lines_measure(input, &check, visit, context);
    if (status == STATUS_OK && digest_final(check.digest, &input->digest) != 0)
        status = digest_failed();
    input->size = input->lines.offset;
    digest_free(check.digest);
    mtree_line_free(&check.line);
    mtree_order_free(&check.order);
    input_seek(input, 0);
    return status;
}

enum status input_measure(struct input *input, input_visit *visit, void *context)
{
    return file_measure(input, true, visit, context);
}

enum status input_hash(struct input *input)
{
    return file_measure(input, false, NULL, NULL);
}

void input_close(struct input *input)
{
    if (input->fd >= 0)
        (void)close(input->fd);
    input->fd = -1;
    lines_free(&input->lines);
}
