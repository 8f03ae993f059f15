/*
 * tarunpack: unpacks a tar from stdin into a directory that appears only if all of it was there and
 * its digest is the expected one.
 *
 *     publish  child:  stdin -> source -> reader -> apply -> stage, the tree in the staging
 * directory parent: target, workdir | waits for the child | publishes the tree, or removes it
 *              --adopt: the parent publishes a tree that several runs have made
 *     onto     --merge: after the first, a second child moves the verified layer onto the target
 *     list     --list: reads and checks, and writes nothing
 *     clean    --clean: removes what dead runs have left
 */
#include "clean.h"
#include "cli.h"
#include "diag.h"
#include "list.h"
#include "onto.h"
#include "options.h"
#include "place/openat2.h"
#include "publish.h"
#include "stream.h"

#include <unistd.h>

static const char help[] =
    "Usage: tarunpack [OPTION]... DIR\n"
    "  or:  tarunpack --list [OPTION]...\n"
    "  or:  tarunpack --clean [--dry-run] [--older-than=N] DIR\n"
    "Unpack the tar on standard input into DIR, which is absent or empty, and appears only\n"
    "if the archive is complete and its digest is the expected one.\n"
    "\n"
    "  -e, --expect=DIGEST     HEX or sha256:HEX (or sha384:, sha512:) of the whole stream\n"
    "      --replace           exchange DIR, if it stands, for the new tree, at once\n"
    "      --merge             apply the layer onto DIR, after it is verified\n"
    "      --adopt=STAGING     read nothing: STAGING/tree, made by several runs, becomes DIR\n"
    "      --clean             read nothing: remove what dead runs have left in DIR, and print\n"
    "                          it; --dry-run only prints it\n"
    "      --older-than=N      of that only what was last changed N seconds ago or more\n"
    "  -t, --list              check everything and list it, write nothing; long with -v, then\n"
    "                          with --whiteouts=overlay whiteouts as deletions\n"
    "      --json              the same, one JSON object for each entry\n"
    "      --manifest[=time]   the same as an mtree manifest, with times if asked for\n"
    "      --whiteouts=overlay|apply|keep|raw\n"
    "                          .wh. names: as an overlay mount reads them (default), as\n"
    "                          deletions (default with --merge), as files; or everything as\n"
    "                          it comes (trusted archives)\n"
    "      --userxattr         for mounts with the option userxattr: user.overlay.*\n"
    "      --same-owner        an owner that can't be restored is an error\n"
    "      --no-same-owner     everything belongs to this user\n"
    "      --uid-map=IN:OUT:N, --gid-map=IN:OUT:N\n"
    "                          the N ids from IN on become those from OUT on; repeatable\n"
    "      --no-xattrs         restore no extended attributes\n"
    "      --no-devices        create no devices\n"
    "      --no-holes          write zeros where a file has long runs of them\n"
    "      --no-sync           do not wait until the tree is on the disk\n"
    "      --summary=FILE      write what was unpacked, or listed, to FILE, as JSON\n"
    "  -j, --jobs=N            write with N threads (the result is the same)\n"
    "      --max-stream=N, --max-size=N, --max-entries=N, --max-path=N,\n"
    "      --max-depth=N, --max-pax=N, --max-xattr=N\n"
    "                          limits: the stream (8T), all files (8T), entries (100 million),\n"
    "                          a path (1M), an extended header (16M), an attribute (64K)\n"
    "  -v, --verbose           say more\n"
    "  -q, --quiet             no warnings\n"
    "  -h, --help              show this help\n"
    "  -V, --version           show the version\n"
    "\n"
    "Exit status: 0 done, 1 the system failed, 2 usage, 3 the archive is malformed or over a\n"
    "limit, 4 the digest does not match.\n";

static enum status run(const struct options *options)
{
    if (!options->adopt && !options->clean && isatty(STDIN_FILENO))
        return cli_usage("the archive is read from standard input, which is a terminal");
    if (options->list != LIST_NONE)
        return list_run(options);
    const char *problem = openat2_problem();
    if (problem) {
        diag_error("%s", problem);
        return STATUS_SYSTEM;
    }
    if (options->clean)
        return clean_directory(options->directory, &options->cleaning);
    return options->mode == TARGET_MERGE ? onto_run(options) : publish_run(options);
}

int main(int argc, char **argv)
{
    struct options options;
    diag_init("tarunpack");
    if (stream_reserve_standard() != 0)
        return STATUS_SYSTEM; /* and no place left to say so */
    enum status status = options_parse(&options, argc, argv);
    if (status == STATUS_OK && options.help)
        status = cli_print(help);
    else if (status == STATUS_OK && options.version)
        status = cli_version();
    else if (status == STATUS_OK)
        status = run(&options);
    options_free(&options);
    return (int)status;
}
