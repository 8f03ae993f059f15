/*
 * tarunpack: unpacks a tar from stdin into a directory that appears only if all of it was there and
 * its digest is the expected one.
 *
 *     child:   stdin -> source -> reader -> apply -> stage, the tree in the staging directory
 *     parent:  target, staging | waits for the child | publishes the tree, or removes it
 */
#include "child.h"
#include "cli.h"
#include "diag.h"
#include "list.h"
#include "options.h"
#include "sandbox.h"
#include "staging.h"
#include "target.h"
#include "unpack.h"

#include <sys/stat.h>
#include <unistd.h>

static const char help[] =
    "Usage: tarunpack [OPTION]... DIR\n"
    "  or:  tarunpack --list [OPTION]...\n"
    "Unpack the tar on standard input into DIR, which is absent or empty, and appears only\n"
    "if the archive is complete and its digest is the expected one.\n"
    "\n"
    "  -e, --expect=DIGEST     HEX or sha256:HEX (or sha384:, sha512:) of the whole stream\n"
    "  -t, --list              check everything and list it, write nothing; long with -v\n"
    "      --manifest[=time]   the same as an mtree manifest, with times if asked for\n"
    "      --whiteouts=overlay|keep|raw\n"
    "                          .wh. names as an overlay mount reads them (default), as files,\n"
    "                          or everything as it comes (trusted archives)\n"
    "      --userxattr         for mounts with the option userxattr: user.overlay.*\n"
    "      --same-owner        an owner that can't be restored is an error\n"
    "      --no-same-owner     everything belongs to this user\n"
    "      --no-xattrs         restore no extended attributes\n"
    "      --no-devices        create no devices\n"
    "      --no-holes          write zeros where a file has long runs of them\n"
    "      --no-sync           do not wait until the tree is on the disk\n"
    "      --max-stream=N, --max-size=N, --max-entries=N, --max-path=N, --max-pax=N,\n"
    "      --max-xattr=N       limits: the stream (8T), all files (8T), entries (100 million),\n"
    "                          a path (1M), an extended header (16M), an attribute (64K)\n"
    "  -v, --verbose           say more\n"
    "  -q, --quiet             no warnings\n"
    "  -h, --help              show this help\n"
    "  -V, --version           show the version\n"
    "\n"
    "Exit status: 0 done, 1 the system failed, 2 usage, 3 the archive is malformed or over a\n"
    "limit, 4 the digest does not match.\n";

struct job {
    const struct options *options;
    struct target target;
    struct staging staging;
};

/* The child's part. What only the parent may use is closed first. */
static enum status job_unpack(void *context)
{
    struct job *job = context;
    int tree = job->staging.tree;
    target_close(&job->target);
    umask(0);
    sandbox_enter(tree);
    return unpack_run(job->options, tree, &job->target.standing);
}

/* From an empty staging directory to the published tree, or to nothing. */
static enum status job_stage(struct job *job, const struct child_signals *signals)
{
    enum status status = staging_create(&job->staging, job->target.parent, job->target.name);
    if (status != STATUS_OK)
        return status;
    int signal = child_run(signals, job_unpack, job, &status);
    if (status == STATUS_OK && !signal)
        status = target_publish(&job->target, &job->staging, !job->options->no_sync);
    staging_remove(&job->staging);
    if (signal)
        child_die(signal);
    return status;
}

static enum status job_run(struct job *job)
{
    struct child_signals signals;
    enum status status = target_open(&job->target, job->options->directory);
    if (status != STATUS_OK)
        return status;
    staging_clean(job->target.parent, job->target.name);
    child_signals_hold(&signals);
    status = job_stage(job, &signals);
    child_signals_release(&signals);
    return status;
}

static enum status run(const struct options *options)
{
    if (isatty(STDIN_FILENO))
        return cli_usage("the archive is read from standard input, which is a terminal");
    if (options->list != LIST_NONE) {
        sandbox_enter(-1);
        return list_run(options);
    }
    struct job job = {.options = options};
    enum status status = job_run(&job);
    target_close(&job.target);
    return status;
}

int main(int argc, char **argv)
{
    struct options options;
    diag_init("tarunpack");
    enum status status = options_parse(&options, argc, argv);
    if (status != STATUS_OK)
        return (int)status;
    if (options.help)
        return (int)cli_print(help);
    if (options.version)
        return (int)cli_version();
    return (int)run(&options);
}
