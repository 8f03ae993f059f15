/*
 * tarjoin: makes the canonical tar again from a manifest and packs.
 *
 *     manifest, chunk map -> join -> stdout
 *     packs -> frames -> fetch --+
 */
#include "cli.h"
#include "diag.h"
#include "join.h"
#include "options.h"
#include "sandbox.h"
#include "stream.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

static const char help[] =
    "Usage: tarjoin [OPTION]... --packs=DIR < MANIFEST\n"
    "Write the tar of which MANIFEST is the manifest, byte for byte as tarpack wrote or would "
    "have\n"
    "written it, with contents from the packs in DIR, as tarstore writes them.\n"
    "\n"
    "      --packs=DIR         the directory of the packs and their indexes\n"
    "      --chunks=FILE       the chunk map of the manifest, as tarpack --chunks writes it\n"
    "  -e, --expect=DIGEST     fail unless MANIFEST has this SHA-256, the tree digest\n"
    "      --needs             write no tar but the names of the packs that it takes\n"
    "  -q, --quiet             print errors only\n"
    "  -h, --help              print this help and exit\n"
    "  -V, --version           print the version and exit\n"
    "\n"
    "After an error the end of the archive is missing, so that readers refuse it.\n"
    "Exit status: 0 done, 1 the system failed, 2 usage, 3 the manifest, the chunk map or a pack "
    "is\n"
    "malformed, or a content is missing, 4 a digest does not match.\n";

/* Everything that is open. */
struct inputs {
    int directory, map; /* descriptors, or -1 */
    struct packs packs;
    struct fetch *fetch;
    struct digest *digest; /* of the manifest; NULL: none */
    struct manifest manifest;
    struct chunks chunks;
};

static enum status inputs_open(struct inputs *inputs, const struct options *options)
{
    inputs->directory = open(options->packs, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (inputs->directory < 0)
        return diag_failed(options->packs, "open directory");
    if (options->chunks)
        inputs->map = open(options->chunks, O_RDONLY | O_NOCTTY | O_CLOEXEC);
    if (options->chunks && inputs->map < 0)
        return diag_failed(options->chunks, "open");
    inputs->digest = digest_new(DIGEST_SHA256);
    if (!inputs->digest)
        return diag_no_memory();
    enum status status = sandbox_enter(inputs->directory, SANDBOX_READ);
    if (status == STATUS_OK)
        status = packs_open(&inputs->packs, inputs->directory, options->packs);
    if (status == STATUS_OK)
        status = fetch_new(&inputs->fetch, &inputs->packs, inputs->directory);
    if (status == STATUS_OK)
        status = manifest_open(&inputs->manifest, STDIN_FILENO, inputs->digest);
    if (status == STATUS_OK && options->chunks)
        status = chunks_open(&inputs->chunks, inputs->map, options->chunks);
    return status;
}

static void inputs_close(struct inputs *inputs)
{
    manifest_close(&inputs->manifest);
    chunks_close(&inputs->chunks);
    fetch_free(inputs->fetch);
    packs_close(&inputs->packs);
    digest_free(inputs->digest);
    if (inputs->directory >= 0)
        close(inputs->directory);
    if (inputs->map >= 0)
        close(inputs->map);
}

/* Compares the digest of the manifest, which was read to its end, with the expected one. */
static enum status digest_check(const struct options *options, struct digest *digest)
{
    struct digest_value actual;
    char expected_text[DIGEST_TEXT_SIZE], actual_text[DIGEST_TEXT_SIZE];
    if (!options->expects)
        return STATUS_OK;
    if (digest_final(digest, &actual) != 0) {
        diag_error("cannot compute SHA-256 digests");
        return STATUS_SYSTEM;
    }
    if (digest_equal(&options->expected, &actual))
        return STATUS_OK;
    digest_text(&options->expected, expected_text);
    digest_text(&actual, actual_text);
    diag_error("the tree digest does not match: expected %s, got %s", expected_text, actual_text);
    return STATUS_DIGEST;
}

static enum status run(const struct options *options)
{
    struct inputs inputs = {.directory = -1, .map = -1};
    enum status status = options->needs ? STATUS_OK : cli_refuse_terminal();
    stream_grow_pipe(STDOUT_FILENO);
    if (status == STATUS_OK)
        status = inputs_open(&inputs, options);
    const struct join join = {&inputs.manifest, options->chunks ? &inputs.chunks : NULL,
                              inputs.fetch};
    if (status == STATUS_OK)
        status = options->needs ? join_needs(&join) : join_tar(&join, STDOUT_FILENO);
    if (status == STATUS_OK)
        status = digest_check(options, inputs.digest);
    if (status == STATUS_OK && !options->needs)
        status = join_end(STDOUT_FILENO);
    if (status == STATUS_OK && stream_close_stdout() != 0) {
        diag_errno("write error");
        status = STATUS_SYSTEM;
    }
    inputs_close(&inputs);
    return status;
}

int main(int argc, char **argv)
{
    struct options options = {0};
    diag_init("tarjoin");
    if (stream_reserve_standard() != 0)
        return STATUS_SYSTEM; /* there is no stderr to report it */
    enum status status = options_parse(&options, argc, argv);
    if (status == STATUS_OK && options.help)
        status = cli_print(help);
    else if (status == STATUS_OK && options.version)
        status = cli_version();
    else if (status == STATUS_OK)
        status = run(&options);
    return (int)status;
}
