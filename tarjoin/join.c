#include "join.h"

#include "tar_encode.h"
#include "tar_header.h"

#include <stdlib.h>
#include <string.h>

/* How many pieces of this length a batch still takes, at least one. */
static uint64_t room_of(const struct batch *batch, size_t length)
{
    return batch->out.length < BATCH_BYTES ? 1 + (BATCH_BYTES - batch->out.length) / length : 1;
}

/* Adds a content or chunk `count` times. */
static enum status content_add(const struct join *join, const char *path, struct piece *piece,
                               uint64_t count)
{
    enum status status = fetch_locate(join->fetch, path, &piece->place);
    if (status == STATUS_OK && !join->crew)
        return needs_note(join->needs, &piece->place);
    while (status == STATUS_OK && count > 0) {
        struct batch *batch = crew_batch(join->crew);
        const uint64_t fit = room_of(batch, piece->place.length);
        piece->count = count < fit ? (size_t)count : (size_t)fit;
        count -= piece->count;
        if ((batch->count == 0 && batch_path(batch, path) != 0) || batch_add(batch, piece) != 0)
            return diag_no_memory();
        status = crew_advance(join->crew);
    }
    return status;
}

/* Compares the digest of the chunks so far with that of the file. */
static enum status end_add(const struct join *join, const char *path,
                           const struct digest_value *digest)
{
    const struct piece piece = {.kind = PIECE_END, .place = {.digest = *digest}};
    struct batch *batch = crew_batch(join->crew);
    if ((batch->count == 0 && batch_path(batch, path) != 0) || batch_add(batch, &piece) != 0)
        return diag_no_memory();
    return STATUS_OK;
}

static enum status chunks_add(const struct join *join, const char *path,
                              const struct digest_value *digest)
{
    struct chunk_run run = {0};
    enum status status = chunks_next(join->chunks, &run);
    while (status == STATUS_OK && run.count > 0) {
        struct piece piece = {.kind = PIECE_CHUNK,
                              .place = {.digest = run.digest, .length = run.length}};
        status = content_add(join, path, &piece, run.count);
        if (status == STATUS_OK)
            status = chunks_next(join->chunks, &run);
    }
    return status == STATUS_OK && join->crew ? end_add(join, path, digest) : status;
}

static bool is_large(const struct tar_entry *entry)
{
    return entry->type == TAR_FILE && entry->size > PACK_CONTENT_MAX;
}

/* The digest of the line, whose digits mtree_read() has checked. */
static struct digest_value digest_of(const struct mtree_line *line)
{
    struct digest_value digest = {0};
    (void)digest_parse(line->sha256, &digest);
    return digest;
}

/* Adds the content of an entry; of a large file, at the current place of the chunk map. */
static enum status file_add(const struct join *join, const struct mtree_line *line)
{
    const struct tar_entry *entry = &line->entry;
    struct piece piece = {.kind = PIECE_FILE, .place = {.digest = digest_of(line)}};
    if (entry->type != TAR_FILE || entry->size == 0)
        return STATUS_OK;
    if (join->crew && batch_path(crew_batch(join->crew), entry->path) != 0)
        return diag_no_memory();
    if (is_large(entry))
        return chunks_add(join, entry->path, &piece.place.digest);
    piece.place.length = (uint32_t)entry->size;
    return content_add(join, entry->path, &piece, 1);
}

static enum status entry_add(const struct join *join, const struct mtree_line *line)
{
    const struct tar_entry *entry = &line->entry;
    tally_add(join->tally, entry);
    if (!join->crew)
        return file_add(join, line);
    if (tar_encode_entry(entry, &crew_batch(join->crew)->out) != 0)
        return diag_no_memory();
    enum status status = file_add(join, line);
    if (status != STATUS_OK)
        return status;
    if (buf_append_fill(&crew_batch(join->crew)->out, 0, tar_padding(entry->size)) != 0)
        return diag_no_memory();
    return crew_advance(join->crew);
}

/* Adds a selected hard link to a hidden entry: the first one takes its place. */
static enum status link_add(const struct join *join, struct hidden *hidden, struct tar_entry *link)
{
    struct mtree_line line = {0};
    if (hidden->name) {
        link->link = hidden->name;
        return entry_add(join, &join->manifest->line);
    }
    if (hidden->text.length == 0)
        return manifest_malformed(join->manifest, "a hard link to nothing");
    hidden->name = strdup(link->path);
    if (!hidden->name ||
        mtree_read(&line, hidden->text.bytes, hidden->text.length) == MTREE_NO_MEMORY) {
        mtree_line_free(&line);
        return diag_no_memory();
    }
    line.entry.path = link->path;
    struct chunks_place here = {0};
    if (is_large(&line.entry)) {
        here = chunks_tell(join->chunks);
        chunks_seek(join->chunks, &hidden->place);
    }
    enum status status = entry_add(join, &line);
    if (is_large(&line.entry))
        chunks_seek(join->chunks, &here);
    mtree_line_free(&line);
    return status;
}

/* Keeps what an entry needs to be written later. */
static enum status hidden_keep(const struct join *join, struct hidden *hidden)
{
    const struct manifest *manifest = join->manifest;
    if (join->chunks)
        hidden->place = chunks_tell(join->chunks);
    return buf_set_text(&hidden->text, manifest->text, manifest->length) == 0 ? STATUS_OK
                                                                              : diag_no_memory();
}

/* Enters the block of the chunk map that belongs to a large file. */
static enum status block_enter(const struct join *join, const struct mtree_line *line)
{
    const struct tar_entry *entry = &line->entry;
    const struct digest_value digest = digest_of(line);
    if (join->chunks)
        return chunks_begin(join->chunks, entry->path, entry->size, &digest);
    diag_error("%s: larger than 1 MiB, which needs --chunks", diag_name(entry->path).text);
    return STATUS_ARCHIVE;
}

/* Adds the current entry of the manifest, if it is selected. */
static enum status entry_take(const struct join *join)
{
    struct mtree_line *line = &join->manifest->line;
    struct tar_entry *entry = &line->entry;
    const bool selected = select_take(join->selection, entry);
    const bool is_link = entry->type == TAR_HARDLINK;
    struct hidden *hidden = hidden_find(join->hidden, is_link ? entry->link : entry->path);
    if (is_large(entry) && (join->chunks || selected || hidden)) {
        enum status status = block_enter(join, line);
        if (status != STATUS_OK)
            return status;
    }
    if (hidden && !is_link && entry->type != TAR_DIRECTORY)
        return hidden_keep(join, hidden);
    if (!selected)
        return STATUS_OK;
    return hidden && is_link ? link_add(join, hidden, entry) : entry_add(join, line);
}

enum status join_scan(const struct join *join)
{
    struct manifest *manifest = join->manifest;
    enum status status = manifest_next(manifest);
    while (status == STATUS_OK && manifest->text) {
        const struct tar_entry *entry = &manifest->line.entry;
        if (select_take(join->selection, entry) && entry->type == TAR_HARDLINK &&
            !select_has(join->selection, entry->link) &&
            hidden_note(join->hidden, entry->link) != 0)
            return diag_no_memory();
        status = manifest_next(manifest);
    }
    hidden_sort(join->hidden);
    return status;
}

enum status join_entries(const struct join *join)
{
    enum status status = manifest_next(join->manifest);
    while (status == STATUS_OK && join->manifest->text) {
        status = entry_take(join);
        if (status == STATUS_OK)
            status = manifest_next(join->manifest);
    }
    if (status == STATUS_OK && join->chunks)
        status = chunks_end(join->chunks);
    return status == STATUS_OK && join->crew ? crew_finish(join->crew) : status;
}
