/*
 * tarunpack: unpacks a tar from stdin into a directory that appears only if all of it was there and
 * its digest is the expected one.
 *
 *     child:   stdin -> source -> reader -> apply -> stage, the tree in the staging directory
 *     parent:  target, staging | waits for the child | publishes the tree, or removes it
 *     --adopt: the parent publishes a tree that several runs have made
 *     --clean: the parent removes what dead runs have left
 *     --merge: after the first, a second child moves the verified layer onto the target
 */
#include "child.h"
#include "clean.h"
#include "cli.h"
#include "diag.h"
#include "list.h"
#include "merge.h"
#include "openat2.h"
#include "options.h"
#include "sandbox.h"
#include "staging.h"
#include "stream.h"
#include "target.h"
#include "unpack.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
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

struct job {
    const struct options *options;
    struct target target;      /* unless it is a merge */
    struct target_merge merge; /* if it is one */
    struct staging staging;
    struct staging interrupted; /* of a merge that did not end */
    int links;
    struct outfile summary;
    struct unpack_result *result; /* shared with the child that unpacks */
};

/* The child's part. What only the parent may use is closed first. */
static enum status job_unpack(void *context)
{
    struct job *job = context;
    struct unpack_place place = {.tree = job->staging.tree,
                                 .links = job->links,
                                 .standing = job->target.standing,
                                 .merge = job->options->mode == TARGET_MERGE,
                                 .result = job->result};
    close(job->staging.fd);
    if (job->options->mode == TARGET_MERGE)
        close(job->merge.fd);
    else
        target_close(&job->target);
    umask(0);
    sandbox_enter(place.tree);
    return unpack_run(job->options, &place);
}

/* Says, for whoever comes after a death in the middle, that from now on the target is a mixture. */
static enum status merge_begin(const struct job *job)
{
    if (staging_begin(&job->staging, &job->result->digest, !job->options->no_sync) == 0)
        return STATUS_OK;
    diag_errno("%s: cannot begin the merge", diag_name(job->merge.path).text);
    return STATUS_SYSTEM;
}

/* What is left of an interrupted merge may be the only link to what that had deleted: another layer
 * has to wait. */
static enum status interrupted_check(const struct job *job)
{
    char begun[DIGEST_TEXT_SIZE], wanted[DIGEST_TEXT_SIZE];
    if (job->interrupted.fd < 0)
        return STATUS_OK;
    staging_begun_by(&job->interrupted, begun);
    digest_text(&job->result->digest, wanted);
    if (strcmp(begun, wanted) == 0)
        return STATUS_OK;
    diag_error("%s: is a mixture since the merge of another layer was interrupted, that with the "
               "digest %s; merge that one again first (--expect names it), or remove %s in it",
               diag_name(job->merge.path).text, diag_name(begun).text,
               diag_name(job->interrupted.name).text);
    return STATUS_SYSTEM;
}

/* A second child's part, after a verified layer. */
static enum status job_merge(void *context)
{
    struct job *job = context;
    struct merge_trees trees = {.layer = job->staging.tree,
                                .links = job->links,
                                .onto = job->merge.fd,
                                .interrupted = job->interrupted.tree};
    umask(0);
    sandbox_enter(job->merge.fd);
    enum status status = merge_prepare(&trees);
    if (status == STATUS_OK)
        status = merge_begin(job);
    if (status == STATUS_OK)
        status = merge_apply(&trees);
    if (status == STATUS_OK && !job->options->no_sync)
        status = target_merge_sync(&job->merge);
    return status;
}

/* Removes the staging directory; but that of a merge that began and did not end stays for the run
 * that completes it. */
static enum status staging_end(struct job *job, bool done)
{
    if (done || !staging_has_begun(&job->staging))
        return staging_remove(&job->staging);
    diag_error("%s: is a mixture now; the same command again completes the merge",
               diag_name(job->merge.path).text);
    staging_leave(&job->staging);
    return STATUS_OK;
}

/* Runs a part in a child; if this process was told to end, it does, leaving nothing behind. */
static enum status part_run(struct job *job, const struct child_signals *signals,
                            enum status (*part)(void *context))
{
    enum status status = STATUS_OK;
    int signal = child_run(signals, part, job, &status);
    if (!signal)
        return status;
    if (job->options->mode == TARGET_MERGE)
        target_merge_unlock(&job->merge);
    (void)staging_end(job, false);
    if (job->options->mode == TARGET_MERGE)
        target_merge_restore(&job->merge);
    child_die(signal);
}

/* From standard input to a tree in a new staging directory. */
static enum status job_stage(struct job *job, const struct child_signals *signals)
{
    enum status status = staging_create(&job->staging, job->target.parent, job->target.name, false);
    return status == STATUS_OK ? part_run(job, signals, job_unpack) : status;
}

/* Takes the tree from a staging directory that is there. */
static enum status job_adopt(struct job *job)
{
    const struct target *target = &job->target;
    enum status status =
        staging_adopt(&job->staging, target->parent, target->name, job->options->adopt);
    if (status != STATUS_OK || job->options->no_sync || syncfs(job->staging.fd) == 0)
        return status;
    diag_errno("%s: cannot sync", diag_name(job->options->adopt).text);
    return STATUS_SYSTEM;
}

/* From a staging directory to the published tree, or to nothing. */
static enum status job_publish(struct job *job, const struct child_signals *signals)
{
    clean_target(job->target.parent, job->target.name, &job->interrupted);
    enum status status = job->options->adopt ? STATUS_OK : job_stage(job, signals);
    if (status == STATUS_OK)
        status = target_publish(&job->target, &job->staging, !job->options->no_sync);
    if (staging_remove(&job->staging) != STATUS_OK && status == STATUS_OK)
        status = target_left_behind(&job->target);
    return status;
}

/* From a staging directory inside the target to a target that the layer was merged onto. */
static enum status job_merge_onto(struct job *job, const struct child_signals *signals)
{
    target_merge_unlock(&job->merge);
    clean_target(job->merge.fd, STAGING_MERGE, &job->interrupted);
    enum status status = staging_create(&job->staging, job->merge.fd, STAGING_MERGE, true);
    /* The merge is to see the directory as it was before there was staging in it. */
    target_merge_restore(&job->merge);
    if (status != STATUS_OK)
        return status;
    job->links =
        openat(job->staging.fd, STAGING_LINKS, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (job->links < 0) {
        diag_errno("%s: cannot create a file in it", diag_name(job->merge.path).text);
        status = STATUS_SYSTEM;
    }
    if (status == STATUS_OK)
        status = part_run(job, signals, job_unpack);
    if (status == STATUS_OK)
        status = interrupted_check(job);
    if (status == STATUS_OK) {
        status = part_run(job, signals, job_merge);
        if (status == STATUS_OK)
            status = target_merge_remember(&job->merge);
    }
    bool done = status == STATUS_OK;
    target_merge_unlock(&job->merge);
    enum status removed = staging_end(job, done);
    if (done && removed == STATUS_OK)
        removed = staging_remove(&job->interrupted);
    if (done)
        status = removed;
    target_merge_restore(&job->merge);
    /* Or a power cut would leave a staging directory that says that a merge has begun. */
    if (status == STATUS_OK && !job->options->no_sync)
        status = target_merge_sync(&job->merge);
    return status;
}

static enum status job_run(struct job *job)
{
    const struct options *options = job->options;
    bool merge = options->mode == TARGET_MERGE;
    struct child_signals signals;
    enum status status = STATUS_OK;
    if (merge)
        status = target_merge_open(&job->merge, options->directory);
    else
        status = target_open(&job->target, options->directory, options->mode == TARGET_REPLACE);
    if (status == STATUS_OK && options->summary)
        status = outfile_open(&job->summary, options->summary, "--summary", false);
    if (status != STATUS_OK)
        return status;
    child_signals_hold(&signals);
    if (options->adopt)
        status = job_adopt(job);
    if (status == STATUS_OK)
        status = merge ? job_merge_onto(job, &signals) : job_publish(job, &signals);
    if (status == STATUS_OK && options->summary)
        status = tally_write(&job->result->tally, &job->summary);
    child_signals_release(&signals);
    return status;
}

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
    struct job job = {.options = options, .links = -1};
    const int access = PROT_READ | PROT_WRITE, kind = MAP_SHARED | MAP_ANONYMOUS;
    job.result = mmap(NULL, sizeof *job.result, access, kind, -1, 0);
    if (job.result == MAP_FAILED) {
        diag_errno("cannot start");
        return STATUS_SYSTEM;
    }
    job.target.parent = job.merge.fd = -1;
    enum status status = job_run(&job);
    target_close(&job.target);
    outfile_close(&job.summary);
    return status;
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
