/*
 * shasum-tee: copies standard input to standard output and prints its digest.
 */
#include "cli.h"
#include "copy.h"
#include "diag.h"
#include "options.h"
#include "outfile.h"
#include "progress.h"
#include "report.h"
#include "sink.h"
#include "status.h"
#include "stream.h"

/* Compares the digest with the expected one. Returns STATUS_OK or STATUS_DIGEST. */
static enum status check_digest(const struct options *options, const struct sink_result *result)
{
    if (!options->expects || digest_equal(&options->expected, &result->digest))
        return STATUS_OK;
    char expected[DIGEST_TEXT_SIZE];
    char actual[DIGEST_TEXT_SIZE];
    digest_text(&options->expected, expected);
    digest_text(&result->digest, actual);
    diag_error("the digest does not match: expected %s, got %s", expected, actual);
    return STATUS_DIGEST;
}

/* Copies the stream, drawing the progress line, and stores its result. */
static enum status copy(const struct options *options, struct sink *sink,
                        struct sink_result *result)
{
    struct progress progress;
    progress_start(&progress, options->progress, options->size);
    enum status status = copy_stream(sink, &progress);
    return status == STATUS_OK ? sink_finish(sink, result) : status;
}

static enum status run(const struct options *options, struct outfile *file, struct sink *sink)
{
    struct sink_result result;
    enum status status = cli_refuse_terminal();
    if (status == STATUS_OK && options->output)
        status = outfile_open(file, options->output, "--output", true);
    if (status == STATUS_OK)
        status = sink_open(sink, options->algorithm, options->zstd);
    if (status == STATUS_OK)
        status = copy(options, sink, &result);
    if (status == STATUS_OK)
        status = report_print(file, &result, options->format);
    else if (status != STATUS_ARCHIVE)
        return status;
    /* A wrong digest takes precedence over errors in the zstd stream. */
    enum status verdict = check_digest(options, &result);
    return verdict != STATUS_OK ? verdict : status;
}

int main(int argc, char **argv)
{
    diag_init("shasum-tee");
    if (stream_reserve_standard() != 0)
        return STATUS_SYSTEM; /* there is no stderr to report it */
    struct options options;
    enum status status = STATUS_OK;
    if (!options_parse(&options, argc, argv, &status))
        return (int)status;
    struct outfile file = {0};
    struct sink sink = {0};
    status = run(&options, &file, &sink);
    sink_close(&sink);
    outfile_close(&file);
    return (int)status;
}
