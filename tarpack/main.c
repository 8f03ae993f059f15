/*
 * tarpack: writes a directory to stdout as one canonical tar, or its manifest.
 *
 *     directory -> walk -> pack -> emit -> stdout
 *                                   +-> digester -> store: contents stream, chunk map
 */
#include "cli.h"
#include "diag.h"
#include "emit.h"
#include "options.h"
#include "outfile.h"
#include "packer.h"
#include "stream.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

static const char help[] =
    "Usage: tarpack [OPTION]... DIR\n"
    "Write one canonical tar of DIR to standard output: same tree, same bytes.\n"
    "\n"
    "  --whiteouts=oci|raw     write OverlayFS whiteouts as .wh. names (default) or as they are\n"
    "  --live                  the tree may change while it is read: warn and continue\n"
    "  --exclude=GLOB          leave out matching entries and everything below them, as tar does;\n"
    "                          /GLOB and ./GLOB are anchored at DIR\n"
    "  -X, --exclude-from=FILE the same for each line of FILE\n"
    "  -x, --one-file-system   stay on the file system of DIR\n"
    "  --mtime=DATE            set all times to @SECONDS or YYYY-MM-DD[THH:MM:SS][+HH:MM]\n"
    "  --clamp-mtime[=DATE]    set later times to DATE (default: SOURCE_DATE_EPOCH)\n"
    "  --time-precision=ns|s   keep nanoseconds (default) or whole seconds, which makes a\n"
    "                          smaller archive\n"
    "  --owner=UID, --group=GID\n"
    "                          set the owner of all entries\n"
    "  --uid-map=IN:OUT:N, --gid-map=IN:OUT:N\n"
    "                          map the N ids from IN on to those from OUT on; repeatable\n"
    "  --no-xattrs             leave out extended attributes\n"
    "  --xattrs-include=GLOB   keep attributes that are left out by default: security.selinux,\n"
    "                          security.ima, security.evm, system.nfs4_acl\n"
    "  --xattrs-exclude=GLOB   leave out matching attributes\n"
    "  --manifest[=time]       write an mtree manifest instead of the tar; with =time it has\n"
    "                          modification times\n"
    "  --cache=FILE            with --manifest: keep digests in FILE, and read only files that\n"
    "                          have changed since the last run\n"
    "  --contents=FD           with --manifest=time: write new contents to descriptor FD, for\n"
    "                          tarstore\n"
    "  --chunks=FILE           required by --contents: write the chunk map of large files to FILE\n"
    "  --known=DIR             contents in the packs of DIR are not new\n"
    "  --known-chunks=FILE     with --cache and --known: the chunk map of the last run, so that\n"
    "                          large files that have not changed are not read\n"
    "  --summary=FILE          write statistics to FILE, as JSON\n"
    "  -j, --jobs=N            1: use no second thread to digest contents or to read ahead of a\n"
    "                          slow disk (the output is the same)\n"
    "  -v, --verbose           print the name of each entry to standard error\n"
    "  -q, --quiet             print no warnings\n"
    "  -h, --help              print this help and exit\n"
    "  -V, --version           print the version and exit\n"
    "\n"
    "Exit status: 0 done, 1 the system failed or the tree changed, 2 usage, 3 an index of\n"
    "--known is malformed.\n";

static enum status directory_open(const char *path, int *fd)
{
    *fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (*fd >= 0)
        return STATUS_OK;
    if (errno != ENOTDIR)
        return diag_failed(path, "open directory");
    return diag_error("%s: not a directory", diag_name(path).text);
}

static enum emit_form form_of(const struct options *options)
{
    if (!options->manifest)
        return EMIT_TAR;
    return options->manifest_times ? EMIT_MANIFEST_TIMES : EMIT_MANIFEST;
}

static enum status output_close(void)
{
    if (stream_close_stdout() == 0)
        return STATUS_OK;
    return diag_stdout();
}

/* Packs the open directory `root` into the output that `digester` belongs to, and closes it. */
static enum status pack_output(const struct options *options, int root, struct digester *digester,
                               struct store *store, struct tally *tally)
{
    struct emit emit = {0};
    struct cache *cache = NULL;
    stream_grow_pipe(STDOUT_FILENO);
    enum status status = emit_start(&emit, STDOUT_FILENO, form_of(options), digester);
    if (status == STATUS_OK && options->cache)
        status = cache_open(&cache, options->cache, store ? &store->known.packs : NULL);
    if (status == STATUS_OK)
        status = packer_run(options, root, &emit, cache, tally);
    else
        close(root);
    if (status == STATUS_OK)
        status = emit_finish(&emit);
    if (status == STATUS_OK && store)
        status = store_finish(store);
    if (status == STATUS_OK)
        status = output_close();
    if (status == STATUS_OK)
        cache_finish(cache);
    tally->bytes = emit.written;
    cache_free(cache);
    emit_free(&emit);
    return status;
}

static enum status pack(const struct options *options, int root, struct tally *tally)
{
    struct digester *digester = NULL;
    struct store opened = {0}, *store = options->store.given ? &opened : NULL;
    enum status status = store ? store_open(store, &options->store) : STATUS_OK;
    if (status == STATUS_OK && options->manifest)
        status = digester_new(&digester, store, options->jobs > 1);
    if (status == STATUS_OK)
        status = pack_output(options, root, digester, store, tally);
    else
        close(root);
    digester_free(digester);
    store_close(&opened);
    return status;
}

static enum status run(const struct options *options)
{
    int root = -1;
    struct tally tally = {0};
    struct outfile summary = {0};
    enum status status = options->manifest ? STATUS_OK : cli_refuse_terminal();
    if (status == STATUS_OK)
        status = directory_open(options->directory, &root);
    if (status == STATUS_OK && options->summary)
        status = outfile_open(&summary, options->summary, "--summary", true);
    if (status == STATUS_OK)
        status = pack(options, root, &tally);
    if (status == STATUS_OK && options->summary)
        status = tally_write(&tally, &summary);
    outfile_close(&summary);
    return status;
}

int main(int argc, char **argv)
{
    struct options options;
    diag_init("tarpack");
    if (stream_reserve_standard() != 0)
        return STATUS_SYSTEM; /* there is no stderr to report it */
    enum status status = STATUS_OK;
    if (options_parse(&options, argc, argv, help, &status))
        status = run(&options);
    options_free(&options);
    return (int)status;
}
