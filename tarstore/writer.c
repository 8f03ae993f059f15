#include "writer.h"

#include "array.h"
#include "diag.h"
#include "pack.h"
#include "seek_table.h"
#include "stream.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

/* A pack ends when another frame could exceed this; so its index stays below 25 MB. */
#define CONTENTS_MAX ((size_t)1 << 18)

enum { NONCE = 16, ENTRY = 8 };

static enum status fail(const struct writer *writer, const char *what)
{
    return diag_failed(writer->path, what);
}

enum status writer_open(struct writer *writer, int directory, const char *path, uint64_t pack_size,
                        bool sync)
{
    *writer = (struct writer){.directory = directory,
                              .path = path,
                              .pack_size = pack_size,
                              .sync = sync,
                              .data = {.fd = -1},
                              .digest = digest_new(DIGEST_SHA256)};
    if (writer->digest)
        return STATUS_OK;
    return diag_error("libcrypto cannot compute %s", digest_algorithm_name(DIGEST_SHA256));
}

static enum status bytes_write(struct writer *writer, const void *bytes, size_t length)
{
    if (digest_update(writer->digest, bytes, length) != 0)
        return diag_error("libcrypto failed to compute the digest");
    if (stream_write(writer->data.fd, bytes, length) != 0)
        return fail(writer, "write a pack");
    writer->size += length;
    return STATUS_OK;
}

/* Writes a frame that has `content` bytes of content, and notes it for the seek table. */
static enum status frame_write(struct writer *writer, const void *bytes, size_t length,
                               size_t content)
{
    if (seek_table_add(&writer->frames, (uint32_t)length, (uint32_t)content) != 0)
        return diag_no_memory();
    writer->content += content;
    return bytes_write(writer, bytes, length);
}

/* Begins a pack with its nonce: equal contents never give the name of an older pack. */
static enum status pack_begin(struct writer *writer)
{
    unsigned char frame[8 + NONCE] = {PACK_MAGIC_NONCE & 0xff, PACK_MAGIC_NONCE >> 8 & 0xff,
                                      PACK_MAGIC_NONCE >> 16 & 0xff, PACK_MAGIC_NONCE >> 24, NONCE};
    writer->size = writer->content = 0;
    writer->frames.length = writer->count = 0;
    if (getrandom(frame + 8, NONCE, 0) != NONCE)
        return diag_errno("cannot get random bytes");
    if (newfile_open(&writer->data, writer->directory) != 0)
        return fail(writer, "create a pack");
    return frame_write(writer, frame, sizeof frame, 0);
}

static enum status entries_add(struct writer *writer, const struct frame *frame)
{
    if (array_reserve(&writer->entries, &writer->capacity, writer->count + frame->count,
                      sizeof *writer->entries) != 0)
        return diag_no_memory();
    for (size_t i = 0; i < frame->count; i++) {
        struct index_entry *entry = &writer->entries[writer->count++];
        *entry = frame->entries[i];
        entry->offset += writer->content;
    }
    return STATUS_OK;
}

static bool is_full(const struct writer *writer)
{
    return writer->size >= writer->pack_size || writer->count + FRAME_CONTENTS_MAX > CONTENTS_MAX ||
           writer->frames.length / ENTRY >= PACK_FRAMES_MAX;
}

enum status writer_add(struct writer *writer, const struct frame *frame)
{
    enum status status = writer->data.fd < 0 ? pack_begin(writer) : STATUS_OK;
    if (status == STATUS_OK)
        status = entries_add(writer, frame);
    if (status == STATUS_OK)
        status = frame_write(writer, frame->compressed.bytes, frame->compressed.length,
                             frame->content.length);
    if (status != STATUS_OK)
        return status;
    if (writer->sync) /* begins to write to the disk; the fsync() reports errors */
        (void)sync_file_range(writer->data.fd, 0, 0, SYNC_FILE_RANGE_WRITE);
    return is_full(writer) ? writer_finish(writer) : STATUS_OK;
}

/* Sorts the entries. Of equal ones, which the stream may have, the first stays. */
static void entries_settle(struct writer *writer)
{
    size_t kept = 0;
    index_sort(writer->entries, writer->count);
    for (size_t i = 0; i < writer->count; i++) {
        struct index_entry *last = kept > 0 ? &writer->entries[kept - 1] : NULL;
        const struct index_entry *entry = &writer->entries[i];
        if (!last || memcmp(last->digest, entry->digest, INDEX_DIGEST) != 0)
            writer->entries[kept++] = *entry;
        else if (entry->offset < last->offset)
            *last = *entry;
    }
    writer->count = kept;
}

static enum status buf_flush(struct writer *writer, const struct newfile *file, struct buf *out)
{
    if (stream_write(file->fd, out->bytes, out->length) != 0)
        return fail(writer, "write an index");
    out->length = 0;
    return STATUS_OK;
}

static enum status index_write(struct writer *writer, const struct newfile *file, const char *pack)
{
    struct buf out = {0};
    enum status status = STATUS_OK;
    int result = index_append_header(&out, pack, writer->content);
    for (size_t i = 0; i < writer->count && result == 0 && status == STATUS_OK; i++) {
        result = index_append(&out, &writer->entries[i]);
        if (out.length >= STREAM_CHUNK)
            status = buf_flush(writer, file, &out);
    }
    if (result != 0)
        status = diag_no_memory();
    if (status == STATUS_OK)
        status = buf_flush(writer, file, &out);
    buf_free(&out);
    return status;
}

static enum status file_sync(const struct writer *writer, int fd)
{
    return writer->sync && fsync(fd) != 0 ? fail(writer, "sync it") : STATUS_OK;
}

/* Gives a file its name, and makes the name durable. */
static enum status file_place(struct writer *writer, struct newfile *file, const char *pack,
                              const char *suffix)
{
    char name[PACK_NAME_SIZE];
    (void)snprintf(name, sizeof name, "%s%s", pack, suffix);
    if (newfile_place(file, name) != 0)
        return fail(writer, "name a pack");
    return file_sync(writer, writer->directory);
}

/* Completes and syncs both files before one of them gets its name. */
static enum status pack_place(struct writer *writer, const char *pack)
{
    struct newfile index;
    if (newfile_open(&index, writer->directory) != 0)
        return fail(writer, "create an index");
    enum status status = index_write(writer, &index, pack);
    if (status == STATUS_OK)
        status = file_sync(writer, writer->data.fd);
    if (status == STATUS_OK)
        status = file_sync(writer, index.fd);
    if (status == STATUS_OK)
        status = file_place(writer, &writer->data, pack, PACK_DATA_SUFFIX);
    if (status == STATUS_OK)
        status = file_place(writer, &index, pack, PACK_INDEX_SUFFIX);
    newfile_close(&index);
    return status;
}

/* Appends the seek table and stores the digest of the file. */
static enum status data_end(struct writer *writer, char pack[static DIGEST_TEXT_SIZE])
{
    struct buf table = {0};
    struct digest_value digest;
    enum status status = seek_table_encode(&table, &writer->frames) == 0
                             ? bytes_write(writer, table.bytes, table.length)
                             : diag_no_memory();
    buf_free(&table);
    if (status != STATUS_OK)
        return status;
    if (digest_final(writer->digest, &digest) != 0)
        return diag_error("libcrypto failed to compute the digest");
    digest_hex(&digest, pack);
    return STATUS_OK;
}

static enum status pack_report(struct writer *writer, const char *pack)
{
    char line[DIGEST_TEXT_SIZE + 32];
    const int length = snprintf(line, sizeof line, "%s %" PRIu64 "\n", pack, writer->size);
    if (stream_write(STDOUT_FILENO, line, (size_t)length) == 0)
        return STATUS_OK;
    return diag_stdout();
}

enum status writer_finish(struct writer *writer)
{
    char pack[DIGEST_TEXT_SIZE];
    if (writer->data.fd < 0)
        return STATUS_OK;
    entries_settle(writer);
    enum status status = data_end(writer, pack);
    if (status == STATUS_OK)
        status = pack_place(writer, pack);
    newfile_close(&writer->data);
    if (status != STATUS_OK)
        return status;
    writer->total.packs++;
    writer->total.contents += writer->count;
    writer->total.content_bytes += writer->content;
    writer->total.compressed_bytes += writer->size;
    return pack_report(writer, pack);
}

void writer_close(struct writer *writer)
{
    newfile_close(&writer->data);
    digest_free(writer->digest);
    buf_free(&writer->frames);
    free(writer->entries);
    *writer = (struct writer){.data = {.fd = -1}};
}
