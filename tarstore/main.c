/*
 * tarstore: stores a stream of contents as packs.
 */
#include "cli.h"
#include "crew.h"
#include "diag.h"
#include "newfile.h"
#include "options.h"
#include "outfile.h"
#include "sandbox.h"
#include "status.h"
#include "store.h"
#include "stream.h"
#include "writer.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <unistd.h>

static enum status directory_open(const char *path, int *fd)
{
    *fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return *fd >= 0 ? STATUS_OK : diag_failed(path, "open directory");
}

static enum status summary_write(const struct writer_total *total, struct outfile *file)
{
    struct buf text = {0};
    const int result = buf_append_format(
        &text,
        "{\"packs\":%" PRIu64 ",\"contents\":%" PRIu64 ",\"content_bytes\":%" PRIu64
        ",\"compressed_bytes\":%" PRIu64 "}\n",
        total->packs, total->contents, total->content_bytes, total->compressed_bytes);
    enum status status =
        result == 0 ? outfile_finish(file, text.bytes, text.length) : diag_no_memory();
    buf_free(&text);
    return status;
}

/* Stores the stream. The pack that is not finished when an error occurs is discarded. */
static enum status stream_store(const struct options *options, struct writer *writer)
{
    struct crew *crew = NULL;
    enum status status = crew_start(&crew, writer, options->jobs, options->level);
    if (status == STATUS_OK)
        status = store_stream(crew);
    const enum status threads = crew_stop(crew);
    if (threads != STATUS_OK)
        status = threads;
    return status == STATUS_OK ? writer_finish(writer) : status;
}

static enum status store(const struct options *options, int directory, struct writer *writer)
{
    newfile_clean(directory);
    enum status status = sandbox_enter(directory, SANDBOX_FILES);
    if (status == STATUS_OK)
        status = writer_open(writer, directory, options->directory, options->pack_size,
                             !options->no_sync);
    stream_grow_pipe(STDIN_FILENO);
    if (status == STATUS_OK)
        status = stream_store(options, writer);
    if (status == STATUS_OK && stream_close_stdout() != 0)
        return diag_stdout();
    return status;
}

static enum status run(const struct options *options)
{
    int directory = -1;
    struct outfile summary = {0};
    struct writer writer = {.data = {.fd = -1}};
    enum status status = directory_open(options->directory, &directory);
    if (status == STATUS_OK && options->summary)
        status = outfile_open(&summary, options->summary, "--summary", true);
    if (status == STATUS_OK)
        status = store(options, directory, &writer);
    if (status == STATUS_OK && options->summary)
        status = summary_write(&writer.total, &summary);
    outfile_close(&summary);
    writer_close(&writer);
    if (directory >= 0)
        close(directory);
    return status;
}

int main(int argc, char **argv)
{
    diag_init("tarstore");
    if (stream_reserve_standard() != 0)
        return STATUS_SYSTEM; /* there is no stderr to report it */
    struct options options;
    enum status status = STATUS_OK;
    if (options_parse(&options, argc, argv, &status))
        status = run(&options);
    return (int)status;
}
