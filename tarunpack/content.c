#include "reader.h"

#include "stream.h"

#include <inttypes.h>

/* Takes the next run of content off the source. */
static enum reader_event window_fill(struct reader *reader)
{
    uint64_t blocks = reader->stored + tar_padding(reader->stored);
    size_t want = blocks < STREAM_CHUNK ? (size_t)blocks : STREAM_CHUNK, got = 0;
    reader->failure = source_take(reader->source, want, &reader->window, &got);
    if (reader->failure != STATUS_OK)
        return READER_FAILED;
    if (got == 0 || got % TAR_BLOCK_SIZE != 0)
        return reader_refuse(reader, READER_MALFORMED,
                             "the archive is cut off after %" PRIu64 " bytes",
                             reader->source->read);
    reader->window_length = got < reader->stored ? got : (size_t)reader->stored;
    reader->stored -= reader->window_length;
    return READER_OK;
}

static void window_give(struct reader *reader, struct reader_chunk *chunk, uint64_t most)
{
    chunk->bytes = reader->window;
    chunk->length = reader->window_length < most ? reader->window_length : (size_t)most;
    reader->window += chunk->length;
    reader->window_length -= chunk->length;
    reader->position += chunk->length;
}

/* The next part of the extent that is being read; extents without data are passed over. */
static void extent_give(struct reader *reader, struct reader_chunk *chunk)
{
    const struct tar_extent *extent = &reader->map->extents[reader->extent];
    while (reader->position == extent->length) {
        extent = &reader->map->extents[++reader->extent];
        reader->position = 0;
    }
    chunk->offset = extent->offset + reader->position;
    window_give(reader, chunk, extent->length - reader->position);
}

enum reader_event reader_data(struct reader *reader, struct reader_chunk *chunk)
{
    *chunk = (struct reader_chunk){.offset = reader->position};
    if (reader->window_length == 0 && reader->stored > 0) {
        enum reader_event event = window_fill(reader);
        if (event != READER_OK)
            return event;
    }
    /* The map was checked against what is stored: while there is data, there is an extent. */
    if (reader->window_length > 0 && reader->map)
        extent_give(reader, chunk);
    else if (reader->window_length > 0)
        window_give(reader, chunk, UINT64_MAX);
    return READER_OK;
}
