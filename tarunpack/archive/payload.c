#include "archive/payload.h"

#include "stream.h"

void payload_start(struct payload *payload, uint64_t stored, const struct tar_sparse *map)
{
    *payload = (struct payload){.stored = stored, .map = map};
}

static enum archive_event window_fill(struct payload *payload, const struct archive_input *input)
{
    uint64_t blocks = payload->stored + tar_padding(payload->stored);
    size_t want = blocks < STREAM_CHUNK ? (size_t)blocks : STREAM_CHUNK, got = 0;
    enum status status = source_take(input->source, want, &payload->window, &got);
    if (status != STATUS_OK)
        return problem_system(input->problem, status);
    bool padded = got % TAR_BLOCK_SIZE == 0;
    /* Some writers do not pad the last file. */
    if (got == 0 || (!padded && !(input->proven && got >= payload->stored)))
        return input_cut(input);
    payload->window_length = got < payload->stored ? got : (size_t)payload->stored;
    payload->stored -= payload->window_length;
    return ARCHIVE_OK;
}

static void window_give(struct payload *payload, struct payload_chunk *chunk, uint64_t most)
{
    chunk->bytes = payload->window;
    chunk->length = payload->window_length < most ? payload->window_length : (size_t)most;
    payload->window += chunk->length;
    payload->window_length -= chunk->length;
    payload->position += chunk->length;
}

/* Returns the next part of the present extent; skips extents without data. */
static void extent_give(struct payload *payload, struct payload_chunk *chunk)
{
    const struct tar_extent *extent = &payload->map->extents[payload->extent];
    while (payload->position == extent->length) {
        extent = &payload->map->extents[++payload->extent];
        payload->position = 0;
    }
    chunk->offset = extent->offset + payload->position;
    window_give(payload, chunk, extent->length - payload->position);
}

enum archive_event payload_read(struct payload *payload, const struct archive_input *input,
                                struct payload_chunk *chunk)
{
    *chunk = (struct payload_chunk){.offset = payload->position};
    if (payload->window_length == 0 && payload->stored > 0) {
        enum archive_event event = window_fill(payload, input);
        if (event != ARCHIVE_OK)
            return event;
    }
    /* The map was checked against the stored size: while there is data, there is an extent. */
    if (payload->window_length > 0 && payload->map)
        extent_give(payload, chunk);
    else if (payload->window_length > 0)
        window_give(payload, chunk, UINT64_MAX);
    return ARCHIVE_OK;
}

enum archive_event payload_pass(struct payload *payload, const struct archive_input *input)
{
    payload->map = NULL;
    payload->window_length = 0;
    while (payload->stored > 0) {
        enum archive_event event = window_fill(payload, input);
        if (event != ARCHIVE_OK)
            return event;
        payload->window_length = 0;
    }
    return ARCHIVE_OK;
}
