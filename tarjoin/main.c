/*
 * tarjoin: makes the canonical tar again from a manifest and packs.
 *
 *     manifest, chunk map -> join -> crew -> output -> stdout
 *     packs -> frames -> fetch ------+
 *     indexes -> packs ----+
 */
#include "cli.h"
#include "diag.h"
#include "join.h"
#include "options.h"
#include "outfile.h"
#include "sandbox.h"
#include "spool.h"
#include "stream.h"

#include <fcntl.h>
#include <inttypes.h>
#include <unistd.h>

/* Everything that is open. */
struct files {
    int packs_directory, index_directory; /* descriptors, or -1 */
    int map;
    struct outfile summary;
    struct packs packs;
    struct digest *digest; /* of the manifest */
    struct manifest manifest;
    struct chunks chunks;
    struct hidden_list hidden;
    struct fetch fetch;
    struct needs needs;
    struct crew *crew;
    struct output output;
};

static bool reads_twice(const struct options *options)
{
    return options->path_count > 0;
}

static enum status directory_open(int *fd, const char *path)
{
    *fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return *fd >= 0 ? STATUS_OK : diag_failed(path, "open directory");
}

static enum status map_open(struct files *files, const struct options *options)
{
    if (!options->chunks)
        return STATUS_OK;
    files->map = open(options->chunks, O_RDONLY | O_NOCTTY | O_CLOEXEC);
    if (files->map < 0)
        return diag_failed(options->chunks, "open");
    return reads_twice(options) ? spool_file(files->map, options->chunks) : STATUS_OK;
}

/* Opens what cannot be opened in the sandbox. */
static enum status files_open(struct files *files, const struct options *options)
{
    enum status status = directory_open(&files->index_directory, options->indexes);
    if (status == STATUS_OK && !options->needs)
        status = directory_open(&files->packs_directory, options->packs);
    if (status == STATUS_OK)
        status = map_open(files, options);
    if (status == STATUS_OK && reads_twice(options))
        status = spool_file(STDIN_FILENO, "manifest");
    if (status == STATUS_OK && options->summary)
        status = outfile_open(&files->summary, options->summary, "--summary", true);
    /* The first digest reads OpenSSL's configuration. */
    files->digest = digest_new(DIGEST_SHA256);
    if (status == STATUS_OK && !files->digest)
        status = diag_no_memory();
    if (status == STATUS_OK && !options->needs)
        status = output_open(&files->output, STDOUT_FILENO);
    return status == STATUS_OK && !options->needs ? crew_new(&files->crew, options->jobs) : status;
}

static void files_close(struct files *files)
{
    crew_free(files->crew);
    output_close(&files->output);
    needs_close(&files->needs);
    fetch_close(&files->fetch);
    chunks_close(&files->chunks);
    hidden_free(&files->hidden);
    manifest_close(&files->manifest);
    digest_free(files->digest);
    packs_close(&files->packs);
    outfile_close(&files->summary);
    stream_close(files->map);
    stream_close(files->index_directory);
    stream_close(files->packs_directory);
}

/* Compares the digest of the manifest, which was read to its end, with the expected one. */
static enum status digest_check(const struct options *options, struct digest *digest)
{
    struct digest_value actual;
    char expected_text[DIGEST_TEXT_SIZE], actual_text[DIGEST_TEXT_SIZE];
    if (!options->expects)
        return STATUS_OK;
    if (digest_final(digest, &actual) != 0)
        return diag_error("cannot compute SHA-256 digests");
    if (digest_equal(&options->expected, &actual))
        return STATUS_OK;
    digest_text(&options->expected, expected_text);
    digest_text(&actual, actual_text);
    diag_error("the digest of the manifest does not match: expected %s, got %s", expected_text,
               actual_text);
    return STATUS_DIGEST;
}

/* Opens the manifest and goes through it. The digest is compared in any case: that of a manifest
 * with an error says whether it is the expected one. */
static enum status manifest_pass(struct files *files, const struct options *options,
                                 const struct join *join,
                                 enum status (*pass)(const struct join *join))
{
    struct manifest *manifest = &files->manifest;
    manifest_close(manifest);
    enum status status = manifest_open(manifest, STDIN_FILENO, reads_twice(options),
                                       options->expects ? files->digest : NULL);
    if (status == STATUS_OK)
        status = pass(join);
    if (status == STATUS_OK)
        return digest_check(options, files->digest);
    if (status != STATUS_ARCHIVE || !options->expects || manifest_drain(manifest) != STATUS_OK)
        return status;
    return digest_check(options, files->digest) == STATUS_OK ? status : STATUS_DIGEST;
}

static enum status join_run(struct files *files, const struct options *options,
                            const struct join *join)
{
    enum status status = STATUS_OK;
    if (reads_twice(options))
        status = manifest_pass(files, options, join, join_scan);
    if (status == STATUS_OK)
        status = select_check(&options->selection, "the manifest");
    if (status == STATUS_OK && options->chunks)
        status = chunks_open(&files->chunks, files->map, options->chunks, reads_twice(options));
    if (status == STATUS_OK)
        status = manifest_pass(files, options, join, join_entries);
    if (status == STATUS_OK && !options->needs)
        status = output_end(&files->output);
    if (status == STATUS_OK && options->needs)
        status = needs_write(&files->needs, STDOUT_FILENO);
    return status == STATUS_OK ? output_close_stdout() : status;
}

static enum status summary_write(struct files *files, const struct tally *tally)
{
    struct buf text = {0};
    const struct frames_total total = frames_total(files->fetch.frames);
    const int result = tally_append(&text, tally) == 0 &&
                               buf_append_format(&text,
                                                 ",\"packs\":%" PRIu64 ",\"frames\":%" PRIu64
                                                 ",\"compressed_bytes\":%" PRIu64 "}\n",
                                                 total.packs, total.frames, total.bytes) == 0
                           ? 0
                           : -1;
    enum status status =
        result == 0 ? outfile_finish(&files->summary, text.bytes, text.length) : diag_no_memory();
    buf_free(&text);
    return status;
}

static enum status files_join(struct files *files, struct options *options)
{
    struct tally tally = {0};
    const struct join join = {.manifest = &files->manifest,
                              .chunks = options->chunks ? &files->chunks : NULL,
                              .selection = &options->selection,
                              .hidden = &files->hidden,
                              .fetch = &files->fetch,
                              .crew = files->crew,
                              .needs = &files->needs,
                              .tally = &tally};
    enum status status =
        sandbox_enter_two(files->packs_directory, files->index_directory, SANDBOX_READ);
    if (status == STATUS_OK)
        status = packs_open(&files->packs, files->index_directory, options->indexes);
    if (status == STATUS_OK)
        status = fetch_open(&files->fetch, &files->packs, files->packs_directory);
    if (options->needs)
        fetch_newest(&files->fetch);
    if (status == STATUS_OK && options->needs)
        status = needs_open(&files->needs, &files->packs);
    if (status == STATUS_OK && files->crew)
        crew_start(files->crew, &files->fetch, &files->output);
    if (status == STATUS_OK)
        status = join_run(files, options, &join);
    tally.bytes = files->output.bytes;
    if (status == STATUS_OK && options->summary)
        status = summary_write(files, &tally);
    return status;
}

static enum status run(struct options *options)
{
    struct files files = {.packs_directory = -1, .index_directory = -1, .map = -1};
    enum status status = options->needs ? STATUS_OK : cli_refuse_terminal();
    stream_grow_pipe(STDOUT_FILENO);
    if (status == STATUS_OK)
        status = files_open(&files, options);
    if (status == STATUS_OK)
        status = files_join(&files, options);
    files_close(&files);
    return status;
}

int main(int argc, char **argv)
{
    diag_init("tarjoin");
    if (stream_reserve_standard() != 0)
        return STATUS_SYSTEM; /* there is no stderr to report it */
    struct options options;
    enum status status = STATUS_OK;
    if (options_parse(&options, argc, argv, &status))
        status = run(&options);
    options_free(&options);
    return (int)status;
}
