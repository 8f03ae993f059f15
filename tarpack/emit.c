#include "emit.h"

#include "diag.h"
#include "mtree.h"
#include "stream.h"
#include "tar_encode.h"
#include "tar_header.h"

#include <string.h>

/* The buffer is written first unless a file up to this size fits after its header: such a file is
 * read at once, and writes stay large. */
#define SMALL_FILE (STREAM_CHUNK / 4)

static enum status flush(struct emit *emit)
{
    if (stream_write(emit->fd, emit->out.bytes, emit->out.length) != 0)
        return diag_stdout();
    emit->written += emit->out.length;
    emit->out.length = 0;
    return STATUS_OK;
}

/* How much fits into the buffer before it is written. */
static size_t room_left(const struct emit *emit)
{
    return emit->out.length < STREAM_CHUNK ? STREAM_CHUNK - emit->out.length : 0;
}

enum status emit_start(struct emit *emit, int fd, enum emit_form form, struct digester *digester)
{
    *emit = (struct emit){.form = form, .fd = fd, .digester = digester};
    if (buf_reserve(&emit->out, STREAM_CHUNK) != 0)
        return diag_no_memory();
    if (form == EMIT_TAR)
        return STATUS_OK;
    return buf_append_text(&emit->out, MTREE_SIGNATURE) == 0 ? STATUS_OK : diag_no_memory();
}

enum status emit_open(struct emit *emit, const struct tar_entry *entry)
{
    emit->entry = entry;
    emit->added = 0;
    emit->known = emit->begun = emit->late = false;
    if (emit->form != EMIT_TAR)
        return STATUS_OK;
    if (tar_encode_entry(entry, &emit->out) != 0)
        return diag_no_memory();
    size_t wanted = entry->size < SMALL_FILE ? (size_t)entry->size : SMALL_FILE;
    return room_left(emit) <= wanted ? flush(emit) : STATUS_OK;
}

/* Begins the content of a manifest's entry, once. */
static enum status content_begin(struct emit *emit)
{
    if (emit->begun)
        return STATUS_OK;
    emit->begun = true;
    return digester_begin(emit->digester, emit->entry->path, emit->entry->size);
}

void *emit_space(struct emit *emit, size_t *room)
{
    if (emit->form != EMIT_TAR)
        return content_begin(emit) == STATUS_OK ? digester_space(emit->digester, room) : NULL;
    if (room_left(emit) == 0 && flush(emit) != STATUS_OK)
        return NULL;
    uint64_t missing = emit->entry->size - emit->added;
    *room = room_left(emit) < missing ? room_left(emit) : (size_t)missing;
    if (buf_reserve(&emit->out, *room) == 0)
        return emit->out.bytes + emit->out.length;
    diag_no_memory();
    return NULL;
}

enum status emit_added(struct emit *emit, size_t length)
{
    if (emit->form != EMIT_TAR)
        return digester_added(emit->digester, length);
    emit->added += length;
    emit->out.length += length;
    return STATUS_OK;
}

enum status emit_zeros(struct emit *emit, uint64_t length)
{
    while (length > 0) {
        size_t room = 0;
        char *space = emit_space(emit, &room);
        if (!space)
            return STATUS_SYSTEM;
        if (room > length)
            room = (size_t)length;
        memset(space, 0, room);
        enum status status = emit_added(emit, room);
        if (status != STATUS_OK)
            return status;
        length -= room;
    }
    return STATUS_OK;
}

void emit_known(struct emit *emit, const struct digest_value *value)
{
    emit->value = *value;
    emit->known = true;
}

/* Where in the buffer the digest of the file is whose line begins at `line`. No path has a space.
 */
static size_t digits_find(const struct emit *emit, size_t line)
{
    static const char key[] = " sha256digest=";
    const char *found = strstr(emit->out.bytes + line, key);
    return (size_t)(found - emit->out.bytes) + sizeof key - 1;
}

static enum status manifest_line(struct emit *emit)
{
    const size_t line = emit->out.length;
    char hex[DIGEST_TEXT_SIZE] = "";
    if (emit->entry->type == TAR_FILE) {
        enum status status = emit->known ? STATUS_OK : content_begin(emit);
        if (status == STATUS_OK && !emit->known)
            status = digester_end(emit->digester, &emit->value, &emit->place, &emit->late);
        if (status != STATUS_OK)
            return status;
        digest_hex(&emit->value, hex);
    }
    bool times = emit->form == EMIT_MANIFEST_TIMES;
    if (mtree_append(&emit->out, emit->entry, hex, times) != 0)
        return diag_no_memory();
    if (emit->late) {
        emit->digits = digits_find(emit, line);
        emit->held = true;
    }
    return emit_is_full(emit) && !emit->held ? flush(emit) : STATUS_OK;
}

void emit_fill(struct emit *emit, size_t digits, const struct digest_value *value)
{
    char hex[DIGEST_TEXT_SIZE];
    digest_hex(value, hex);
    memcpy(emit->out.bytes + digits, hex, strlen(hex));
}

bool emit_is_full(const struct emit *emit)
{
    return room_left(emit) == 0;
}

enum status emit_release(struct emit *emit)
{
    emit->held = false;
    return emit_is_full(emit) ? flush(emit) : STATUS_OK;
}

enum status emit_close(struct emit *emit)
{
    if (emit->form != EMIT_TAR)
        return manifest_line(emit);
    if (buf_append_fill(&emit->out, 0, tar_padding(emit->entry->size)) != 0)
        return diag_no_memory();
    return STATUS_OK;
}

enum status emit_finish(struct emit *emit)
{
    if (emit->form == EMIT_TAR && buf_append_fill(&emit->out, 0, TAR_END_SIZE) != 0)
        return diag_no_memory();
    return flush(emit);
}

void emit_free(struct emit *emit)
{
    buf_free(&emit->out);
    *emit = (struct emit){0};
}
