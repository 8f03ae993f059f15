#include "unpack.h"

#include "apply.h"
#include "diag.h"
#include "privilege.h"
#include "verdict.h"

#include <linux/capability.h>
#include <unistd.h>

/* What may be left out is decided by what this process can do, as tar does it: somebody who is not
 * root gets his own files. */
static enum status stage_configure(struct stage *stage, const struct options *options,
                                   const struct unpack_place *place)
{
    struct privileges may;
    if (privileges_read(&may) != 0) {
        diag_errno("cannot tell what this process may do");
        return STATUS_SYSTEM;
    }
    stage->policy.owners =
        options->same_owner || (!options->no_same_owner && privileges_have(&may, CAP_CHOWN));
    stage->policy.strict_owners = options->same_owner || (stage->policy.owners && may.initial);
    stage->policy.xattrs = !options->no_xattrs;
    stage->policy.trusted = may.trusted;
    stage->lenient_devices = !(may.initial && privileges_have(&may, CAP_MKNOD));
    stage->skip_devices = options->no_devices;
    stage->jobs = options->jobs;
    stage->rules = (struct file_rules){
        .policy = &stage->policy, .no_holes = options->no_holes, .sync = !options->no_sync};
    stage->form = options->mode == TARGET_MERGE         ? STAGE_LAYER
                  : options->whiteouts == APPLY_OVERLAY ? STAGE_OVERLAY
                                                        : STAGE_PLAIN;
    stage->overlay = options->overlay;
    stage->root_default = place->standing;
    stage->links = place->links;
    return STATUS_OK;
}

/* Says once what was left out without having been asked for. */
static void left_out_warn(const struct stage *stage, const struct options *options)
{
    if (stage->policy.left_owners && !options->no_same_owner)
        diag_warn("owners were left out, and setuid and setgid bits with them: this user may not "
                  "set them (--same-owner makes that an error)");
    if (stage->policy.left_xattrs)
        diag_warn("trusted.* and security.* attributes were left out: this user may not set them");
    if (stage->policy.left_acls)
        diag_warn("ACLs were left out that name ids which don't exist in this user namespace");
    if (stage->left_devices && !options->no_devices)
        diag_warn("devices were left out: this user may not create them");
}

/* Applies every entry. `*event` is what the reader ended with; STATUS_OK unless applying failed. */
static enum status entries_apply(struct apply *apply, enum reader_event *event)
{
    const struct tar_entry *entry = NULL;
    enum status status = STATUS_OK;
    while (status == STATUS_OK) {
        *event = reader_next(apply->reader, &entry);
        if (*event != READER_OK)
            return STATUS_OK;
        tally_add(apply->tally, entry);
        status = apply_entry(apply, entry, event);
        if (*event != READER_OK)
            return STATUS_OK;
    }
    return status;
}

static enum status archive_unpack(struct apply *apply, const struct options *options,
                                  const struct unpack_place *place)
{
    enum reader_event event = READER_OK;
    const struct digest_value *expected = options->has_expected ? &options->expected : NULL;
    enum status status = entries_apply(apply, &event);
    if (status == STATUS_OK)
        status = verdict(apply->reader, event, expected);
    else if (status == STATUS_ARCHIVE)
        status = verdict_refused(apply->reader, expected);
    if (status == STATUS_OK && place->merge)
        status = source_digest(apply->reader->source, &place->result->digest);
    if (status == STATUS_OK)
        status = stage_finish(apply->stage);
    if (status == STATUS_OK && !options->no_sync)
        status = stage_sync(apply->stage);
    apply->tally->bytes = apply->reader->source->read;
    if (status == STATUS_OK)
        left_out_warn(apply->stage, options);
    return status;
}

enum status unpack_run(const struct options *options, const struct unpack_place *place)
{
    struct source source = {0};
    struct reader reader = {0};
    struct stage stage = {0};
    enum status status = stage_configure(&stage, options, place);
    if (status == STATUS_OK)
        status = stage_start(&stage, place->tree);
    else
        close(place->tree);
    bool digested = options->has_expected || place->merge;
    if (status == STATUS_OK)
        status = source_start(&source, STDIN_FILENO, digested ? &options->expected.algorithm : NULL,
                              options->stream_limit, options->jobs > 1);
    if (status == STATUS_OK) {
        reader_start(&reader, &source, &options->limits);
        struct apply apply = {.reader = &reader,
                              .stage = &stage,
                              .whiteouts = options->whiteouts,
                              .uids = &options->uids,
                              .gids = &options->gids,
                              .tally = &place->result->tally};
        status = archive_unpack(&apply, options, place);
        apply_free(&apply);
    }
    reader_free(&reader);
    source_free(&source);
    stage_free(&stage);
    return status;
}
