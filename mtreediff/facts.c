#include "facts.h"

#include <inttypes.h>
#include <stdio.h>

const char *const fact_keys[FACT_COUNT] = {
    "type", "mode", "uid", "gid", "size", "sha256digest", "link", "device", "hardlink", "time",
};

void facts_fill(struct facts *facts, const struct mtree_line *line)
{
    /* In the order of enum tar_type. */
    static const char *const types[] = {"file", "hardlink", "link", "char", "block", "dir", "fifo"};
    const struct tar_entry *entry = &line->entry;
    *facts = (struct facts){.texts = {types[entry->type], facts->mode, facts->uid, facts->gid}};
    (void)snprintf(facts->mode, sizeof facts->mode, "%04" PRIo32, entry->mode);
    (void)snprintf(facts->uid, sizeof facts->uid, "%" PRIu32, entry->uid);
    (void)snprintf(facts->gid, sizeof facts->gid, "%" PRIu32, entry->gid);
    if (entry->type == TAR_FILE) {
        (void)snprintf(facts->size, sizeof facts->size, "%" PRIu64, entry->size);
        facts->texts[FACT_SIZE] = facts->size;
        facts->texts[FACT_DIGEST] = line->sha256;
    }
    if (entry->type == TAR_CHAR || entry->type == TAR_BLOCK) {
        (void)snprintf(facts->device, sizeof facts->device, "%" PRIu32 ",%" PRIu32, entry->major,
                       entry->minor);
        facts->texts[FACT_DEVICE] = facts->device;
    }
    if (entry->type == TAR_SYMLINK)
        facts->texts[FACT_LINK] = entry->link;
    if (entry->type == TAR_HARDLINK)
        facts->texts[FACT_HARDLINK] = entry->link;
    if (line->has_time) {
        (void)snprintf(facts->time, sizeof facts->time, "%" PRId64 ".%09" PRIu32,
                       entry->mtime.seconds, entry->mtime.nanoseconds);
        facts->texts[FACT_TIME] = facts->time;
    }
}
