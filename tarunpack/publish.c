#include "publish.h"

#include "clean.h"
#include "diag.h"
#include "job.h"
#include "place/child.h"
#include "place/staging.h"
#include "place/target.h"
#include "sandbox.h"
#include "unpack.h"

#include <sys/stat.h>
#include <unistd.h>

struct publish {
    const struct options *options;
    struct job job;
    struct target target;
    struct staging staging;
};

/* A root without an entry keeps the metadata of the directory that it replaces, or gets what
 * mkdir(2) would give it. */
static struct meta root_meta(const struct target *target)
{
    const struct stat *standing = &target->standing;
    if (target->stands)
        return (struct meta){.mode = standing->st_mode & 07777,
                             .uid = standing->st_uid,
                             .gid = standing->st_gid,
                             .mtime = standing->st_mtim};
    return (struct meta){
        .mode = 0755, .uid = geteuid(), .gid = getegid(), .mtime = {.tv_nsec = UTIME_NOW}};
}

/* Runs in the child, which first closes what only the parent may use. */
static enum status tree_unpack(void *context)
{
    struct publish *publish = context;
    struct unpack_output output = {.tree = publish->staging.tree,
                                   .links = -1,
                                   .below = -1,
                                   .standing = root_meta(&publish->target),
                                   .result = publish->job.result};
    close(publish->staging.fd);
    target_close(&publish->target);
    umask(0);
    enum status status = sandbox_enter(output.tree, SANDBOX_TREE);
    return status == STATUS_OK ? unpack_run(publish->options, &output) : status;
}

/* Unpacks standard input into a new staging directory. If a signal asks this process to end,
 * removes that directory and dies of the signal. */
static enum status tree_stage(struct publish *publish)
{
    const struct target *target = &publish->target;
    enum status status = staging_create(&publish->staging, target->parent, target->name, false);
    if (status != STATUS_OK)
        return status;
    int signal = child_run(&publish->job.signals, tree_unpack, publish, &status);
    if (signal) {
        (void)staging_remove(&publish->staging);
        child_die(signal);
    }
    return status;
}

/* Uses the tree of the staging directory that --adopt names. */
static enum status tree_adopt(struct publish *publish)
{
    const struct options *options = publish->options;
    const struct target *target = &publish->target;
    enum status status =
        staging_adopt(&publish->staging, target->parent, target->name, options->adopt);
    if (status != STATUS_OK || options->no_sync || syncfs(publish->staging.fd) == 0)
        return status;
    return diag_failed(options->adopt, "sync");
}

static enum status tree_publish(struct publish *publish)
{
    const struct target *target = &publish->target;
    enum status status = STATUS_OK;
    if (publish->options->adopt)
        status = tree_adopt(publish);
    if (status == STATUS_OK)
        clean_target(target->parent, target->name);
    if (status == STATUS_OK && !publish->options->adopt)
        status = tree_stage(publish);
    if (status == STATUS_OK)
        status = target_publish(target, &publish->staging, !publish->options->no_sync);
    if (staging_remove(&publish->staging) != STATUS_OK && status == STATUS_OK)
        status = target_left_behind(target);
    return status;
}

enum status publish_run(const struct options *options)
{
    struct publish publish = {.options = options, .staging = {.fd = -1, .tree = -1}};
    bool replace = options->mode == TARGET_REPLACE;
    enum status status = target_open(&publish.target, options->directory, replace);
    if (status == STATUS_OK)
        status = job_start(&publish.job, options);
    if (status == STATUS_OK)
        status = job_end(&publish.job, tree_publish(&publish));
    target_close(&publish.target);
    return status;
}
