#include "unpack.h"

#include "apply.h"
#include "diag.h"
#include "privilege.h"
#include "relink.h"
#include "verdict.h"

#include <linux/capability.h>
#include <sys/stat.h>
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
                   .strict_owners = options->same_owner || (owners && may.initial) ||
                                    (options->strict && !options->no_same_owner),
                   .xattrs = !options->no_xattrs,
                   .trusted = may.trusted,
                   .strict = options->strict},
        .root = output->standing,
        .jobs = options->jobs,
        .no_holes = options->no_holes,
        .sync = !options->no_sync,
        .skip_devices = options->no_devices,
        .lenient_devices = !options->strict && !(may.initial && privileges_have(&may, CAP_MKNOD)),
        .links = output->links,
        .below = output->below};
    return STATUS_OK;
}

/* Warns once about each kind of thing that was left out although no option asked for it. */
static void left_out_warn(struct tree *tree, const struct options *options)
{
    struct meta_policy *policy = tree_policy(tree);
    if (policy->left_owners && !options->no_same_owner)
        diag_warn("owners were left out, and setuid and setgid bits with them: this user may not "
                  "set them (--same-owner makes this an error)");
    omitted_warn(&policy->omitted);
    if (policy->left_devices && !options->no_devices)
        diag_warn("devices were left out: this user may not create them");
}

/* One run. */
struct unpack {
    const struct options *options;
    const struct unpack_output *output;
    struct tree *tree;
    struct relink relink;
    bool again; /* the archive is being read a second time, for `relink` */
};

/* Stores in `*made` what is to be made of the entry now, if anything. */
static enum status entry_take(struct unpack *unpack, const struct apply *apply,
                              const struct tar_entry *entry, struct tar_entry *made, bool *wanted)
{
    const struct selection *selection = &unpack->options->selection;
    *made = *entry;
    if (unpack->again) {
        *wanted = relink_take(&unpack->relink, entry, made);
        return STATUS_OK;
    }
    *wanted = select_take(selection, entry);
    if (!*wanted)
        return STATUS_OK;
    *wanted = !apply_links(apply, entry) ||
              (select_has(selection, entry->link) && !relink_has(&unpack->relink, entry->link));
    relink_replace(&unpack->relink, entry->path);
    return *wanted ? STATUS_OK : relink_add(&unpack->relink, entry);
}

/* Applies the selected entries. Stores how the archive ended in `*event`. Returns STATUS_OK unless
 * applying failed. */
static enum status entries_apply(struct unpack *unpack, struct apply *apply,
                                 enum archive_event *event)
{
    const struct tar_entry *entry = NULL;
    enum status status = STATUS_OK;
    while (status == STATUS_OK) {
        struct tar_entry made;
        bool wanted = false;
        *event = reader_next(apply->reader, &entry);
        if (*event != ARCHIVE_OK)
            return STATUS_OK;
        status = entry_take(unpack, apply, entry, &made, &wanted);
        if (status != STATUS_OK || !wanted)
            continue;
        tally_add(apply->tally, &made);
        status = apply_entry(apply, &made, event);
        if (*event != ARCHIVE_OK)
            return STATUS_OK;
    }
    return status;
}

static enum status archive_apply(struct unpack *unpack, struct apply *apply)
{
    enum archive_event event = ARCHIVE_OK;
    const struct options *options = unpack->options;
    const struct digest_value *expected = options->has_expected ? &options->expected : NULL;
    enum status status = entries_apply(unpack, apply, &event);
    if (status == STATUS_OK)
        status = verdict(apply->input, event, expected);
    else if (status == STATUS_ARCHIVE)
        status = verdict_refused(apply->input, expected);
    if (status == STATUS_OK)
        status = apply_end(apply);
    if (status == STATUS_OK && !unpack->again)
        verdict_warn(apply->reader);
    if (status == STATUS_OK && options->mode == TARGET_MERGE)
        status = source_digest(apply->input->source, &unpack->output->result->digest);
    apply->tally->bytes = source_length(apply->input->source);
    return status;
}

/* Reads standard input to its end. */
static enum status stream_read(struct unpack *unpack)
{
    const struct options *options = unpack->options;
    struct source source = {0};
    struct bounds bounds;
    struct problem problem = {0};
    const struct archive_input input = {&source, &bounds, &problem, options->has_expected};
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
                              .tree = unpack->tree,
                              .whiteouts = options->whiteouts,
                              .overlay = tree_policy(unpack->tree)->trusted ? options->overlay
                                                                            : OVERLAY_USER,
                              .xattrs_include = &options->xattrs_include,
                              .uids = &options->uids,
                              .gids = &options->gids,
                              .tally = &unpack->output->result->tally,
                              .absolute_warned = unpack->again};
        status = archive_apply(unpack, &apply);
        apply_free(&apply);
    }
    reader_free(&reader);
    source_free(&source);
    return status;
}

/* Reads standard input, and if hard links require it and it is a file, a second time. That reading
 * is verified like the first one, since the file may have changed. */
static enum status archive_read(struct unpack *unpack)
{
    struct stat file;
    off_t start = lseek(STDIN_FILENO, 0, SEEK_CUR);
    bool seekable = start >= 0 && fstat(STDIN_FILENO, &file) == 0 && S_ISREG(file.st_mode);
    enum status status = stream_read(unpack);
    if (status == STATUS_OK)
        status = select_check(&unpack->options->selection, "the archive");
    if (status != STATUS_OK || !unpack->relink.oldest)
        return status;
    unpack->again = seekable;
    if (seekable && lseek(STDIN_FILENO, start, SEEK_SET) != start)
        return diag_errno("cannot read standard input again");
    if (seekable)
        status = stream_read(unpack);
    return status == STATUS_OK ? relink_check(&unpack->relink, seekable) : status;
}

static enum status tree_complete(struct unpack *unpack)
{
    enum status status = archive_read(unpack);
    if (status == STATUS_OK)
        status = tree_finish(unpack->tree);
    if (status == STATUS_OK && !unpack->options->no_sync)
        status = tree_sync(unpack->tree);
    if (status == STATUS_OK)
        left_out_warn(unpack->tree, unpack->options);
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
    struct unpack unpack = {.options = options, .output = output};
    unpack.tree = tree_new(&configured, output->tree);
    if (!unpack.tree)
        return STATUS_SYSTEM;
    status = tree_complete(&unpack);
    tree_free(unpack.tree);
    relink_free(&unpack.relink);
    return status;
}
