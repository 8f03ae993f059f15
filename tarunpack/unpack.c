#include "unpack.h"

#include "apply.h"
#include "diag.h"
#include "privilege.h"
#include "verdict.h"

#include <linux/capability.h>
#include <unistd.h>

/* As in tar(1), capabilities decide what may be left out: a user who is not root gets files of his
 * own. */
static enum status tree_configure(struct tree_options *tree, const struct options *options,
                                  const struct unpack_output *output)
{
    struct privileges may;
    if (privileges_read(&may) != 0)
        return diag_errno("cannot read the capabilities of this process");
    bool owners =
        options->same_owner || (!options->no_same_owner && privileges_have(&may, CAP_CHOWN));
    *tree = (struct tree_options){
        .directory = options->directory,
        .form = options->mode == TARGET_MERGE         ? TREE_LAYER
                : options->whiteouts == APPLY_OVERLAY ? TREE_OVERLAY
                                                      : TREE_PLAIN,
        .overlay = options->overlay,
        .policy = {.owners = owners,
                   .strict_owners = options->same_owner || (owners && may.initial),
                   .xattrs = !options->no_xattrs,
                   .trusted = may.trusted},
        .root = output->standing,
        .jobs = options->jobs,
        .no_holes = options->no_holes,
        .sync = !options->no_sync,
        .skip_devices = options->no_devices,
        .lenient_devices = !(may.initial && privileges_have(&may, CAP_MKNOD)),
        .links = output->links};
    return STATUS_OK;
}

/* Warns once about each kind of thing that was left out although no option asked for it. */
static void left_out_warn(const struct tree *tree, const struct options *options)
{
    const struct meta_policy *policy = tree_policy(tree);
    if (policy->left_owners && !options->no_same_owner)
        diag_warn("owners were left out, and setuid and setgid bits with them: this user may not "
                  "set them (--same-owner makes this an error)");
    if (policy->left_xattrs)
        diag_warn("trusted.* and security.* attributes were left out: this user may not set them");
    if (policy->left_acls)
        diag_warn("ACLs with ids that do not exist in this user namespace were left out");
    if (policy->left_devices && !options->no_devices)
        diag_warn("devices were left out: this user may not create them");
}

/* Applies every selected entry. Stores how the archive ended in `*event`. Returns STATUS_OK unless
 * applying failed. */
static enum status entries_apply(struct apply *apply, const struct selection *selection,
                                 enum archive_event *event)
{
    const struct tar_entry *entry = NULL;
    enum status status = STATUS_OK;
    while (status == STATUS_OK) {
        *event = reader_next(apply->reader, &entry);
        if (*event != ARCHIVE_OK)
            return STATUS_OK;
        if (!select_take(selection, entry))
            continue;
        tally_add(apply->tally, entry);
        status = apply_entry(apply, entry, event);
        if (*event != ARCHIVE_OK)
            return STATUS_OK;
    }
    return status;
}

static enum status archive_unpack(struct apply *apply, const struct options *options,
                                  const struct unpack_output *output)
{
    enum archive_event event = ARCHIVE_OK;
    const struct digest_value *expected = options->has_expected ? &options->expected : NULL;
    enum status status = entries_apply(apply, &options->selection, &event);
    if (status == STATUS_OK)
        status = verdict(apply->input, event, expected);
    else if (status == STATUS_ARCHIVE)
        status = verdict_refused(apply->input, expected);
    if (status == STATUS_OK && options->mode == TARGET_MERGE)
        status = source_digest(apply->input->source, &output->result->digest);
    if (status == STATUS_OK)
        status = select_check(&options->selection);
    if (status == STATUS_OK)
        status = tree_finish(apply->tree);
    if (status == STATUS_OK && !options->no_sync)
        status = tree_sync(apply->tree);
    apply->tally->bytes = source_length(apply->input->source);
    if (status == STATUS_OK)
        left_out_warn(apply->tree, options);
    return status;
}

static enum status stream_unpack(struct tree *tree, const struct options *options,
                                 const struct unpack_output *output)
{
    struct source source = {0};
    struct bounds bounds;
    struct problem problem = {0};
    const struct archive_input input = {&source, &bounds, &problem};
    struct reader reader = {0};
    bool digested = options->has_expected || options->mode == TARGET_MERGE;
    enum status status =
        source_start(&source, STDIN_FILENO, digested ? &options->expected.algorithm : NULL,
                     options->stream_limit, options->jobs > 1);
    if (status == STATUS_OK) {
        bounds_start(&bounds, &options->limits);
        reader_start(&reader, &input);
        struct apply apply = {.reader = &reader,
                              .input = &input,
                              .tree = tree,
                              .whiteouts = options->whiteouts,
                              .overlay = options->overlay,
                              .uids = &options->uids,
                              .gids = &options->gids,
                              .tally = &output->result->tally};
        status = archive_unpack(&apply, options, output);
        apply_free(&apply);
    }
    reader_free(&reader);
    source_free(&source);
    return status;
}

enum status unpack_run(const struct options *options, const struct unpack_output *output)
{
    struct tree_options configured;
    enum status status = tree_configure(&configured, options, output);
    if (status != STATUS_OK) {
        close(output->tree);
        return status;
    }
    struct tree *tree = tree_new(&configured, output->tree);
    if (!tree)
        return STATUS_SYSTEM;
    status = stream_unpack(tree, options, output);
    tree_free(tree);
    return status;
}
