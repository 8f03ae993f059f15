#include "onto.h"

#include "clean.h"
#include "diag.h"
#include "job.h"
#include "merge/journal.h"
#include "merge/merge.h"
#include "merge/target.h"
#include "place/child.h"
#include "place/openat2.h"
#include "place/staging.h"
#include "sandbox.h"
#include "unpack.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct onto {
    const struct options *options;
    struct job job;
    struct merge_target target;
    struct interrupted interrupted;
    struct staging staging;
    int links;
};

/* Step 1 of the protocol. Runs in a child, which first closes what only the parent may use. */
static enum status layer_stage(void *context)
{
    struct onto *onto = context;
    /* For looking at links only: Landlock denies the child everything else there. */
    struct unpack_output output = {.tree = onto->staging.tree,
                                   .links = onto->links,
                                   .below = openat2_beneath(onto->target.fd, ".", O_PATH),
                                   .result = onto->job.result};
    if (output.below < 0)
        return diag_failed(onto->target.path, "open it");
    close(onto->staging.fd);
    close(onto->target.fd);
    journal_close(&onto->interrupted);
    umask(0);
    enum status status = sandbox_enter(output.tree, SANDBOX_TREE);
    return status == STATUS_OK ? unpack_run(onto->options, &output) : status;
}

/* Step 4. Removing changes the directory's time and may need another mode, which the merge must not
 * see: both are restored, as in staging_prepare(). */
static enum status interrupted_remove(struct onto *onto)
{
    merge_target_unlock(&onto->target);
    enum status status = journal_supersede(&onto->interrupted);
    merge_target_restore(&onto->target);
    return status;
}

/* Steps 2 to 5. Runs in a second child, after the layer was verified. */
static enum status layer_apply(void *context)
{
    struct onto *onto = context;
    const struct merge_trees trees = {.layer = onto->staging.tree,
                                      .links = onto->links,
                                      .onto = onto->target.fd,
                                      .path = onto->target.path,
                                      .interrupted = &onto->interrupted,
                                      .sync = !onto->options->no_sync};
    umask(0);
    enum status status = sandbox_enter(onto->target.fd, SANDBOX_TREE);
    if (status == STATUS_OK)
        status = merge_prepare(&trees);
    if (status == STATUS_OK &&
        journal_begin(onto->staging.fd, &onto->job.result->digest, trees.sync) != 0)
        status = diag_failed(onto->target.path, "begin the merge");
    if (status == STATUS_OK)
        status = interrupted_remove(onto);
    if (status == STATUS_OK)
        status = merge_apply(&trees);
    if (status == STATUS_OK && trees.sync)
        status = merge_target_sync(&onto->target);
    return status;
}

/* Removes the staging directory if its merge has not begun. Otherwise, and if that cannot be told,
 * it stays for the run that completes the merge. */
static void layer_abandon(struct onto *onto)
{
    char layer[DIGEST_TEXT_SIZE];
    const char *path = onto->target.path;
    enum journal_state state =
        onto->staging.fd >= 0 ? journal_look(onto->staging.fd, layer) : JOURNAL_NONE;
    switch (state) {
    case JOURNAL_NONE:
        (void)staging_remove(&onto->staging);
        return;
    case JOURNAL_BEGUN:
        diag_error("%s: only partly merged; run the same command again to complete the merge",
                   diag_name(path).text);
        break;
    case JOURNAL_FAILED:
        diag_error("%s: cannot tell whether it is partly merged: %s; run the same command again",
                   diag_name(path).text, strerror(errno));
        break;
    }
    staging_leave(&onto->staging);
}

/* Runs a part in a child. If a signal asks this process to end, cleans up and dies of the
 * signal. */
static enum status part_run(struct onto *onto, enum status (*part)(void *context))
{
    enum status status = STATUS_OK;
    int signal = child_run(&onto->job.signals, part, onto, &status);
    if (!signal)
        return status;
    merge_target_unlock(&onto->target);
    layer_abandon(onto);
    merge_target_restore(&onto->target);
    child_die(signal);
}

static enum status staging_prepare(struct onto *onto)
{
    merge_target_unlock(&onto->target);
    clean_target(onto->target.fd, STAGING_MERGE);
    enum status status = staging_create(&onto->staging, onto->target.fd, STAGING_MERGE, true);
    /* The merge must see the time and mode that the directory had before staging. */
    merge_target_restore(&onto->target);
    if (status != STATUS_OK)
        return status;
    const int flags = O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC;
    onto->links = openat(onto->staging.fd, STAGING_LINKS, flags, 0600);
    return onto->links >= 0 ? STATUS_OK : diag_failed(onto->target.path, "create a file in it");
}

static enum status layer_merge(struct onto *onto)
{
    enum status status = staging_prepare(onto);
    if (status == STATUS_OK)
        status = part_run(onto, layer_stage);
    if (status == STATUS_OK)
        status = journal_check(&onto->interrupted, &onto->job.result->digest, onto->target.path);
    if (status == STATUS_OK)
        status = part_run(onto, layer_apply);
    if (status == STATUS_OK)
        status = merge_target_remember(&onto->target);
    merge_target_unlock(&onto->target);
    if (status == STATUS_OK)
        status = staging_remove(&onto->staging);
    else
        layer_abandon(onto);
    merge_target_restore(&onto->target);
    /* Otherwise a power cut could bring the journal back. */
    if (status == STATUS_OK && !onto->options->no_sync)
        status = merge_target_sync(&onto->target);
    return status;
}

enum status onto_run(const struct options *options)
{
    struct onto onto = {.options = options, .links = -1, .staging = {.fd = -1, .tree = -1}};
    enum status status = merge_target_open(&onto.target, options->directory);
    if (status == STATUS_OK)
        status = journal_open(&onto.interrupted, onto.target.fd, onto.target.path);
    if (status == STATUS_OK)
        status = job_start(&onto.job, options);
    if (status == STATUS_OK)
        status = job_end(&onto.job, layer_merge(&onto));
    journal_close(&onto.interrupted);
    return status;
}
