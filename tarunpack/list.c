#include "list.h"

#include "diag.h"
#include "escape.h"
#include "list_json.h"
#include "manifest.h"
#include "mtree.h"
#include "sandbox.h"
#include "stream.h"
#include "tally.h"
#include "verdict.h"
#include "whiteout.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct list {
    const struct options *options;
    struct source source;
    struct bounds bounds;
    struct problem problem;
    struct archive_input input; /* of the three above */
    struct reader reader;
    struct digest *digest; /* only for manifests */
    struct buf out;
    struct tally tally;
    struct outfile summary; /* the file of --summary */
};

static enum status digest_failed(void)
{
    return diag_error("cannot compute SHA-256 digests");
}

static enum status flush(struct list *list)
{
    if (stream_write(STDOUT_FILENO, list->out.bytes, list->out.length) != 0)
        return diag_stdout();
    list->out.length = 0;
    return STATUS_OK;
}

/* Appends the start of a name, up to `end`, as tar(1) prints it: printable characters as they are,
 * all others as \ooo. */
static int append_name_until(struct buf *out, const char *name, const char *end)
{
    while (name < end) {
        struct escape_unit unit = escape_next(name);
        if (buf_append(out, unit.text, unit.length) != 0)
            return -1;
        name += unit.source;
    }
    return 0;
}

static int append_name(struct buf *out, const char *name)
{
    return append_name_until(out, name, name + strlen(name));
}

static int append_path(struct buf *out, const struct tar_entry *entry)
{
    if (append_name(out, entry->path) != 0)
        return -1;
    return entry->type == TAR_DIRECTORY ? buf_append(out, "/", 1) : 0;
}

/* Appends the deletion that a whiteout stands for. */
static int append_deletion(struct buf *out, const struct tar_entry *entry, enum whiteout whiteout,
                           const char *hidden)
{
    const char *slash = strrchr(entry->path, '/');
    const char *name = slash ? slash + 1 : entry->path;
    if (append_name_until(out, entry->path, name) != 0)
        return -1;
    if (whiteout == WHITEOUT_OPAQUE)
        return buf_append_text(out, slash ? " (opaque)" : "./ (opaque)");
    return append_name(out, hidden) != 0 ? -1 : buf_append_text(out, " (deleted)");
}

/* "drwxr-xr-x" */
static void mode_text(const struct tar_entry *entry, char type, char text[static 11])
{
    static const char bits[] = "rwxrwxrwx";
    text[0] = type;
    for (unsigned i = 0; i < 9; i++)
        text[1 + i] = entry->mode >> (8 - i) & 1 ? bits[i] : '-';
    if (entry->mode & S_ISUID)
        text[3] = entry->mode & S_IXUSR ? 's' : 'S';
    if (entry->mode & S_ISGID)
        text[6] = entry->mode & S_IXGRP ? 's' : 'S';
    if (entry->mode & S_ISVTX)
        text[9] = entry->mode & S_IXOTH ? 't' : 'T';
    text[10] = '\0';
}

/* Appends the columns before the name, as `tar -tv` does. */
static int append_columns(struct buf *out, const struct tar_entry *entry, char type)
{
    char mode[11], owner[32], size[32], date[32] = "", line[128];
    time_t seconds = (time_t)entry->mtime.seconds;
    struct tm local;
    mode_text(entry, type, mode);
    snprintf(owner, sizeof owner, "%" PRIu32 "/%" PRIu32, entry->uid, entry->gid);
    if (entry->type == TAR_CHAR || entry->type == TAR_BLOCK)
        snprintf(size, sizeof size, "%" PRIu32 ",%" PRIu32, entry->major, entry->minor);
    else
        snprintf(size, sizeof size, "%" PRIu64, entry->size);
    if (!localtime_r(&seconds, &local) ||
        strftime(date, sizeof date, "%Y-%m-%d %H:%M", &local) == 0)
        snprintf(date, sizeof date, "%" PRId64, entry->mtime.seconds);
    int pad = 18 - (int)strlen(owner);
    snprintf(line, sizeof line, "%s %s %*s %s ", mode, owner, pad > 0 ? pad : 0, size, date);
    return buf_append_text(out, line);
}

/* With `deletions`, whiteouts are listed as deletions of type `w`, the letter that ls(1) on the
 * BSDs gives them. */
static int append_long(struct buf *out, const struct tar_entry *entry, bool deletions)
{
    static const char types[] = {'-', 'h', 'l', 'c',
                                 'b', 'd', 'p'}; /* in the order of enum tar_type */
    const char *hidden = NULL;
    enum whiteout whiteout = deletions ? whiteout_parse(entry->path, &hidden) : WHITEOUT_NONE;
    if (whiteout == WHITEOUT_ENTRY || whiteout == WHITEOUT_OPAQUE)
        return append_columns(out, entry, 'w') != 0 ? -1
                                                    : append_deletion(out, entry, whiteout, hidden);
    if (append_columns(out, entry, types[entry->type]) != 0 || append_path(out, entry) != 0)
        return -1;
    if (!entry->link)
        return 0;
    if (buf_append_text(out, entry->type == TAR_HARDLINK ? " link to " : " -> ") != 0)
        return -1;
    return append_name(out, entry->link);
}

/* Hashes the content, including the zeros of holes. */
static enum status content_hash(struct list *list, const struct tar_entry *entry,
                                enum archive_event *event)
{
    static const char zeros[4096];
    struct payload_chunk chunk;
    uint64_t at = 0;
    do {
        *event = reader_data(&list->reader, &chunk);
        if (*event != ARCHIVE_OK)
            return STATUS_OK;
        uint64_t start = chunk.length > 0 ? chunk.offset : entry->size;
        while (at < start) {
            size_t length = start - at < sizeof zeros ? (size_t)(start - at) : sizeof zeros;
            if (digest_update(list->digest, zeros, length) != 0)
                return digest_failed();
            at += length;
        }
        if (digest_update(list->digest, chunk.bytes, chunk.length) != 0)
            return digest_failed();
        at += chunk.length;
    } while (chunk.length > 0);
    return STATUS_OK;
}

/* Appends an entry. `sha256` is the digest of a file's content, for a manifest. */
static enum status append_entry(struct list *list, const struct tar_entry *entry,
                                const char *sha256)
{
    int result = 0;
    switch (list->options->list) {
    case LIST_NONE:
        break;
    case LIST_NAMES:
        result = append_path(&list->out, entry);
        break;
    case LIST_LONG:
        result = append_long(&list->out, entry, list->options->deletions);
        break;
    case LIST_JSON:
        result = list_json_append(&list->out, entry);
        break;
    case LIST_MANIFEST:
    case LIST_MANIFEST_TIMES:
        result =
            mtree_append(&list->out, entry, sha256, list->options->list == LIST_MANIFEST_TIMES);
        return result == 0 ? STATUS_OK : diag_no_memory();
    }
    if (result == 0)
        result = buf_append(&list->out, "\n", 1);
    return result == 0 ? STATUS_OK : diag_no_memory();
}

static enum status entry_print(struct list *list, const struct tar_entry *entry, const char *sha256)
{
    tally_add(&list->tally, entry);
    enum status status = append_entry(list, entry, sha256);
    return status == STATUS_OK && list->out.length >= STREAM_CHUNK / 4 ? flush(list) : status;
}

/* Stores the digest of the entry's content, if it is to be printed. */
static enum status content_digest(struct list *list, const struct tar_entry *entry,
                                  enum archive_event *event, char hex[static DIGEST_TEXT_SIZE])
{
    struct digest_value value;
    hex[0] = '\0';
    if (!list->digest || entry->type != TAR_FILE)
        return STATUS_OK;
    enum status status = content_hash(list, entry, event);
    if (status != STATUS_OK || *event != ARCHIVE_OK)
        return status;
    if (digest_final(list->digest, &value) != 0)
        return digest_failed();
    digest_hex(&value, hex);
    return STATUS_OK;
}

static enum status archive_print(struct list *list, enum archive_event *event)
{
    const struct tar_entry *entry = NULL;
    char hex[DIGEST_TEXT_SIZE];
    enum status status = STATUS_OK;
    while (status == STATUS_OK) {
        *event = reader_next(&list->reader, &entry);
        if (*event != ARCHIVE_OK)
            break;
        if (!select_take(&list->options->selection, entry))
            continue;
        status = content_digest(list, entry, event, hex);
        if (*event != ARCHIVE_OK)
            break;
        if (status == STATUS_OK)
            status = entry_print(list, entry, hex);
    }
    return status == STATUS_OK ? flush(list) : status;
}

/* Prints the entries of the archive on standard input, and judges it. */
static enum status archive_list(struct list *list)
{
    const struct options *options = list->options;
    enum archive_event event = ARCHIVE_OK;
    enum status status = source_start(&list->source, STDIN_FILENO,
                                      options->has_expected ? &options->expected.algorithm : NULL,
                                      options->stream_limit, options->jobs > 1);
    if (status != STATUS_OK)
        return status;
    bounds_start(&list->bounds, &options->limits);
    reader_start(&list->reader, &list->input);
    status = archive_print(list, &event);
    list->tally.bytes = source_length(&list->source);
    if (status != STATUS_OK)
        return status;
    status = verdict(&list->input, event, options->has_expected ? &options->expected : NULL);
    if (status == STATUS_OK)
        verdict_warn(&list->reader);
    return status;
}

/* Prints the entries of the manifest on standard input. */
static enum status manifest_list(struct list *list)
{
    struct manifest manifest;
    enum status status = manifest_open(&manifest, STDIN_FILENO, false, NULL);
    if (status == STATUS_OK)
        status = manifest_next(&manifest);
    while (status == STATUS_OK && manifest.text) {
        const struct mtree_line *line = &manifest.line;
        if (select_take(&list->options->selection, &line->entry))
            status = entry_print(list, &line->entry, line->sha256);
        if (status == STATUS_OK)
            status = manifest_next(&manifest);
    }
    list->tally.bytes = manifest.lines.offset;
    manifest_close(&manifest);
    return status == STATUS_OK ? flush(list) : status;
}

static enum status list_prepare(struct list *list)
{
    const struct options *options = list->options;
    if (options->list == LIST_MANIFEST || options->list == LIST_MANIFEST_TIMES) {
        list->digest = digest_new(DIGEST_SHA256);
        if (!list->digest)
            return digest_failed();
        if (buf_append_text(&list->out, MTREE_SIGNATURE) != 0)
            return diag_no_memory();
    }
    tzset(); /* reads a file, which the sandbox would deny */
    return sandbox_enter(-1, SANDBOX_READ);
}

enum status list_run(const struct options *options)
{
    struct list list = {.options = options};
    list.input =
        (struct archive_input){&list.source, &list.bounds, &list.problem, options->has_expected};
    enum status status = STATUS_OK;
    if (options->summary)
        status = outfile_open(&list.summary, options->summary, "--summary", true);
    if (status == STATUS_OK)
        status = list_prepare(&list);
    if (status == STATUS_OK)
        status = options->from_manifest ? manifest_list(&list) : archive_list(&list);
    if (status == STATUS_OK)
        status = select_check(&options->selection,
                              options->from_manifest ? "the manifest" : "the archive");
    if (stream_close_stdout() != 0 && status == STATUS_OK)
        status = diag_stdout();
    if (status == STATUS_OK && options->summary)
        status = tally_write(&list.tally, &list.summary);
    outfile_close(&list.summary);
    reader_free(&list.reader);
    source_free(&list.source);
    digest_free(list.digest);
    buf_free(&list.out);
    return status;
}
