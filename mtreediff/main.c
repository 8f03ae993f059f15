/*
 * mtreediff: differences between manifests, as deltas and for people.
 */
#include "apply.h"
#include "compare.h"
#include "diag.h"
#include "input.h"
#include "options.h"
#include "outfile.h"
#include "output.h"
#include "sandbox.h"
#include "sorted.h"
#include "stream.h"

#include <inttypes.h>

/* What is open. */
struct files {
    struct input old, new;
    struct output out;
    struct outfile summary;
};

/* Opens everything, and then gives up the right to open more. */
static enum status files_open(struct files *files, const struct options *options)
{
    bool seekable = options->mode == MODE_DELTA || options->mode == MODE_APPLY;
    enum status status = input_open(&files->old, options->old, seekable);
    if (status == STATUS_OK && options->mode != MODE_APPLY)
        status = input_open(&files->new, options->new, seekable);
    else if (status == STATUS_OK)
        status = input_open(&files->new, "-", false);
    if (status == STATUS_OK && options->summary)
        status = outfile_open(&files->summary, options->summary, "--summary", true);
    /* The first digest reads OpenSSL's configuration. */
    digest_free(digest_new(DIGEST_SHA256));
    return status == STATUS_OK ? sandbox_enter(-1, SANDBOX_READ) : status;
}

static enum status summary_write(struct files *files, const struct counts *counts)
{
    struct buf text = {0};
    if (!files->summary.open)
        return STATUS_OK;
    enum status status = buf_append_format(&text,
                                           "{\"added\":%" PRIu64 ",\"removed\":%" PRIu64
                                           ",\"changed\":%" PRIu64 "}\n",
                                           counts->added, counts->removed, counts->changed) == 0
                             ? outfile_finish(&files->summary, text.bytes, text.length)
                             : diag_no_memory();
    buf_free(&text);
    return status;
}

static enum status report(struct files *files, bool json)
{
    struct counts counts = {0};
    enum status status = sorted_compare(&files->old, &files->new, json, &files->out, &counts);
    if (status == STATUS_OK)
        status = output_close(&files->out);
    return status == STATUS_OK ? summary_write(files, &counts) : status;
}

static enum status apply(struct files *files, uint64_t max)
{
    enum status status = output_hash(&files->out);
    if (status == STATUS_OK)
        status = apply_delta(&files->old, &files->new, max, &files->out);
    return status == STATUS_OK ? output_close(&files->out) : status;
}

static enum status compare(struct files *files)
{
    enum status status = compare_files(&files->old, &files->new, &files->out);
    return status == STATUS_OK ? output_close(&files->out) : status;
}

static enum status run(struct files *files, const struct options *options)
{
    enum status status = files_open(files, options);
    if (status != STATUS_OK)
        return status;
    switch (options->mode) {
    case MODE_APPLY:
        return apply(files, options->max_size);
    case MODE_TEXT:
    case MODE_JSON:
        return report(files, options->mode == MODE_JSON);
    default:
        return compare(files);
    }
}

int main(int argc, char **argv)
{
    diag_init("mtreediff");
    if (stream_reserve_standard() != 0)
        return STATUS_SYSTEM; /* there is no stderr to report it */
    struct options options;
    enum status status = STATUS_OK;
    if (!options_parse(&options, argc, argv, &status))
        return (int)status;
    struct files files = {.old = {.fd = -1}, .new = {.fd = -1}};
    status = run(&files, &options);
    input_close(&files.old);
    input_close(&files.new);
    output_free(&files.out);
    outfile_close(&files.summary);
    return (int)status;
}
