#include "publish.h"

#include "child.h"
#include "clean.h"
#include "diag.h"
#include "job.h"
#include "sandbox.h"
#include "staging.h"
#include "target.h"
#include "unpack.h"

#include <sys/stat.h>
#include <unistd.h>

struct publish {
    const struct options *options;
    struct job job;
    struct target target;
    struct staging staging;
};

/* The child's part. What only the parent may use is closed first. */
static enum status tree_unpack(void *context)
{
    struct publish *publish = context;
    struct unpack_place place = {.tree = publish->staging.tree,
                                 .links = -1,
                                 .standing = publish->target.standing,
                                 .result = publish->job.result};
    close(publish->staging.fd);
    target_close(&publish->target);
    umask(0);
    enum status status = sandbox_enter(place.tree);
    return status == STATUS_OK ? unpack_run(publish->options, &place) : status;
}

/* From standard input to a tree in a new staging directory. If this process is told to end
 * meanwhile, it does, leaving nothing behind. */
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

/* Takes the tree from a staging directory that is there. */
static enum status tree_adopt(struct publish *publish)
{
    const struct options *options = publish->options;
    const struct target *target = &publish->target;
    enum status status =
        staging_adopt(&publish->staging, target->parent, target->name, options->adopt);
    if (status != STATUS_OK || options->no_sync || syncfs(publish->staging.fd) == 0)
        return status;
    diag_errno("%s: cannot sync", diag_name(options->adopt).text);
    return STATUS_SYSTEM;
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
