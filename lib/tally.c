#include "tally.h"

#include "diag.h"
#include "whiteout.h"

#include <inttypes.h>

void tally_add(struct tally *tally, const struct tar_entry *entry)
{
    tally->entries++;
    tally->content += entry->size;
    enum whiteout whiteout = whiteout_parse(entry->path, NULL);
    if (whiteout == WHITEOUT_ENTRY)
        tally->whiteouts++;
    else if (whiteout == WHITEOUT_OPAQUE)
        tally->opaques++;
    else
        tally->types[entry->type]++;
}

int tally_append(struct buf *out, const struct tally *tally)
{
    const uint64_t *types = tally->types;
    const struct {
        const char *name;
        uint64_t number;
    } fields[] = {
        {"entries", tally->entries},
        {"files", types[TAR_FILE]},
        {"directories", types[TAR_DIRECTORY]},
        {"symlinks", types[TAR_SYMLINK]},
        {"hardlinks", types[TAR_HARDLINK]},
        {"devices", types[TAR_CHAR] + types[TAR_BLOCK]},
        {"fifos", types[TAR_FIFO]},
        {"whiteouts", tally->whiteouts},
        {"opaques", tally->opaques},
        {"skipped_sockets", tally->sockets},
        {"content_bytes", tally->content},
        {"bytes", tally->bytes},
    };
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        if (buf_append_format(out, "%s\"%s\":%" PRIu64, i == 0 ? "{" : ",", fields[i].name,
                              fields[i].number) != 0)
            return -1;
    }
    return 0;
}

enum status tally_write(const struct tally *tally, struct outfile *file)
{
    struct buf text = {0};
    enum status status = tally_append(&text, tally) == 0 && buf_append_text(&text, "}\n") == 0
                             ? outfile_finish(file, text.bytes, text.length)
                             : diag_no_memory();
    buf_free(&text);
    return status;
}
