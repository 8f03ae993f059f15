#include "content/records.h"

#include "contents.h"
#include "diag.h"
#include "stream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Records are written when they reach this size. */
#define OUT_FULL STREAM_CHUNK

/* Shorter ones wait for others. */
#define COPIED_MAX (STREAM_CHUNK / 4)

static enum status failed(void)
{
    return diag_errno("cannot write the contents stream");
}

enum status records_open(struct records *records, int fd, struct known *known)
{
    *records = (struct records){.fd = fd, .known = known, .seen = seen_new()};
    /* Room for the longest record behind those that are not written yet. */
    if (!records->seen ||
        buf_reserve(&records->out, OUT_FULL + CONTENTS_LINE_MAX + PACK_CONTENT_MAX) != 0)
        return diag_no_memory();
    stream_grow_pipe(fd);
    return STATUS_OK;
}

static enum status flush(struct records *records)
{
    if (stream_write(records->fd, records->out.bytes, records->out.length) != 0)
        return failed();
    records->out.length = 0;
    return STATUS_OK;
}

static enum status flush_full(struct records *records)
{
    return records->out.length < OUT_FULL ? STATUS_OK : flush(records);
}

static enum status line_add(struct records *records, enum contents_kind kind, uint32_t size,
                            const struct digest_value *value)
{
    const struct contents_record record = {.kind = kind, .size = size, .digest = *value};
    return contents_encode(&records->out, &record) == 0 ? STATUS_OK : diag_no_memory();
}

enum status records_begin(struct records *records, uint32_t size)
{
    /* The content is read directly behind the line, before its digest is known. */
    static const struct digest_value later = {.algorithm = DIGEST_SHA256};
    records->begun = records->out.length;
    return line_add(records, CONTENTS_FILE, size, &later);
}

void *records_space(const struct records *records)
{
    return records->out.bytes + records->out.length;
}

void records_added(struct records *records, size_t length)
{
    records->out.length += length;
}

enum status records_find(const struct records *records, const struct digest_value *value,
                         uint32_t *pack, bool *found)
{
    *pack = 0;
    *found = seen_has(records->seen, value);
    if (*found)
        return STATUS_OK;
    enum status status = known_find(records->known, value, pack);
    *found = *pack != 0;
    return status;
}

enum status records_note(struct records *records, const struct digest_value *value,
                         struct place *place, bool *found)
{
    enum status status = records_find(records, value, &place->pack, found);
    if (status == STATUS_OK && !*found)
        seen_add(records->seen, value);
    return status;
}

enum status records_write(struct records *records, const void *bytes, size_t length)
{
    if (length < COPIED_MAX)
        return buf_append(&records->out, bytes, length) == 0 ? flush_full(records)
                                                             : diag_no_memory();
    enum status status = flush(records);
    if (status == STATUS_OK && stream_write(records->fd, bytes, length) != 0)
        return failed();
    return status;
}

enum status records_end(struct records *records, const struct digest_value *value,
                        struct place *place)
{
    bool found = false;
    enum status status = records_note(records, value, place, &found);
    if (status != STATUS_OK)
        return status;
    if (found) {
        records->out.length = records->begun;
        return STATUS_OK;
    }
    contents_set_digest(records->out.bytes + records->begun, value);
    return flush_full(records);
}

enum status records_chunk(struct records *records, const void *bytes, uint32_t length,
                          const struct digest_value *value, uint32_t *pack)
{
    bool found = false;
    enum status status = records_find(records, value, pack, &found);
    if (status != STATUS_OK || found)
        return status;
    seen_add(records->seen, value);
    status = line_add(records, CONTENTS_CHUNK, length, value);
    if (status == STATUS_OK && buf_append(&records->out, bytes, length) != 0)
        status = diag_no_memory();
    return status == STATUS_OK ? flush_full(records) : status;
}

enum status records_finish(struct records *records)
{
    static const struct digest_value none = {.algorithm = DIGEST_SHA256};
    enum status status = line_add(records, CONTENTS_END, 0, &none);
    if (status == STATUS_OK)
        status = flush(records);
    if (status == STATUS_OK && close(records->fd) != 0 && errno != EINTR)
        return failed();
    return status;
}

void records_close(struct records *records)
{
    free(records->seen);
    buf_free(&records->out);
    *records = (struct records){0};
}
