/*
 * tarunpack: unpacks a tar from standard input into a directory that appears only if the archive
 * was complete and its digest is the expected one. One module per mode:
 *
 *     publish  a child unpacks: archive/source -> archive/reader -> apply -> tree, in a staging
 *              directory; the parent waits and publishes the tree (place/target) or removes it
 *              (place/staging). With --adopt the parent publishes a tree that other runs built.
 *     onto     --merge: a first child stages the layer in the same way, a second one merges it
 *     list     --list: reads and checks the archive or a manifest, writes nothing to disk
 *     clean    --clean: removes what killed runs left behind
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
    "Usage: tarunpack [OPTION]... DIR [PATH]...\n"
    "  or:  tarunpack --list [OPTION]... [PATH]...\n"
    "  or:  tarunpack --clean [--dry-run] [--older-than=N] DIR\n"
    "Unpack a tar archive from standard input into DIR, which must be absent or empty. DIR\n"
    "appears only if the archive is complete and has the expected digest. With PATH, unpack\n"
    "only these entries, everything below them and the directories above them.\n"
    "\n"
    "  -e, --expect=DIGEST     expected digest of the whole stream: HEX, sha256:HEX,\n"
    "                          sha384:HEX or sha512:HEX\n"
    "      --replace           replace an existing DIR, atomically\n"
    "      --merge             apply the archive to DIR as a layer, after verifying it\n"
    "      --adopt=STAGING     read nothing; publish STAGING/tree, built by several runs, as DIR\n"
    "      --clean             read nothing; remove what killed runs left in DIR, and print\n"
    "                          the names\n"
    "      --dry-run           with --clean: only print the names\n"
    "      --older-than=N      with --clean: only what last changed at least N seconds ago\n"
    "  -t, --list              check and list the archive, write nothing to disk; with -v in\n"
    "                          long format, and with --whiteouts=overlay whiteouts as deletions\n"
    "      --json              the same, as one JSON object per entry\n"
    "      --manifest[=time]   the same, as an mtree manifest, optionally with times\n"
    "      --from-manifest     with --list: read a manifest with times, not an archive\n"
    "      --whiteouts=overlay|apply|keep|raw\n"
    "                          restore .wh. names as overlay whiteouts (default), as deletions\n"
    "                          (default with --merge) or as files; raw restores everything\n"
    "                          unchanged (trusted archives only)\n"
    "      --userxattr         use user.overlay.* attributes, for mounts with userxattr\n"
    "      --same-owner        fail if an owner can't be restored\n"
    "      --no-same-owner     give everything to the current user\n"
    "      --uid-map=IN:OUT:N, --gid-map=IN:OUT:N\n"
    "                          map N ids from IN on to ids from OUT on; repeatable\n"
    "      --strict            fail if anything can't be restored, instead of a warning\n"
    "      --xattrs-include=GLOB\n"
    "                          restore matching attributes that are left out by default:\n"
    "                          labels of another machine, such as security.selinux\n"
    "      --no-xattrs         restore no extended attributes\n"
    "      --no-devices        create no devices\n"
    "      --no-holes          write long runs of zeros instead of holes\n"
    "      --no-sync           do not wait until the tree is on disk\n"
    "      --summary=FILE      write a summary of the archive to FILE, as JSON\n"
    "  -j, --jobs=N            write with N threads (the result is the same)\n"
    "      --max-stream=N, --max-size=N, --max-entries=N, --max-path=N,\n"
    "      --max-depth=N, --max-pax=N, --max-xattr=N\n"
    "                          limits: the stream (8T), all files (8T), entries (100 million),\n"
    "                          a path (1M), its depth (8192), an extended header (16M), an\n"
    "                          attribute (64K)\n"
    "  -v, --verbose           print more messages\n"
    "  -q, --quiet             print no warnings\n"
    "  -h, --help              show this help\n"
    "  -V, --version           show the version\n"
    "\n"
    "Exit status: 0 success, 1 system error, 2 usage error, 3 the archive is malformed, hostile\n"
    "or over a limit, 4 the digest does not match.\n";

static enum status run(const struct options *options)
{
    if (!options->adopt && !options->clean && isatty(STDIN_FILENO))
        return cli_usage("standard input is a terminal; pipe an archive into it");
    if (options->list != LIST_NONE)
        return list_run(options);
    const char *problem = openat2_problem();
    if (problem)
        return diag_error("%s", problem);
    if (options->clean)
        return clean_directory(options->directory, &options->cleaning);
    return options->mode == TARGET_MERGE ? onto_run(options) : publish_run(options);
}

int main(int argc, char **argv)
{
    struct options options;
    diag_init("tarunpack");
    if (stream_reserve_standard() != 0)
        return STATUS_SYSTEM; /* and no descriptor to report it on */
    enum status status = STATUS_OK;
    if (options_parse(&options, argc, argv, help, &status))
        status = run(&options);
    options_free(&options);
    return (int)status;
}
