#include "lines.h"

#include "stream.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define CHUNK ((size_t)64 * 1024)

void lines_start(struct lines *lines, int fd, bool seekable)
{
    *lines = (struct lines){.fd = fd, .seekable = seekable};
}

/* Moves the rest of the text to the start of the buffer and reads more. */
static enum lines_event lines_fill(struct lines *lines)
{
    struct buf *in = &lines->in;
    if (lines->next > 0) {
        in->length -= lines->next;
        memmove(in->bytes, in->bytes + lines->next, in->length);
        lines->next = 0;
    }
    if (buf_reserve(in, CHUNK) != 0)
        return LINES_NO_MEMORY;
    const off_t place = (off_t)(lines->offset + in->length);
    ssize_t count = 0;
    do {
        count = lines->seekable ? pread(lines->fd, in->bytes + in->length, CHUNK, place)
                                : stream_read_some(lines->fd, in->bytes + in->length, CHUNK);
    } while (count < 0 && errno == EINTR);
    if (count < 0)
        return LINES_FAILED;
    lines->ended = count == 0;
    in->length += (size_t)count;
    return LINES_LINE;
}

/* The newline of the next line. `*seen` bytes of the line are known to have none. */
static const char *newline_find(const struct lines *lines, size_t *seen)
{
    const size_t have = lines->in.length - lines->next;
    if (have == *seen)
        return NULL;
    const char *end = memchr(lines->in.bytes + lines->next + *seen, '\n', have - *seen);
    *seen = have;
    return end;
}

enum lines_event lines_next(struct lines *lines, const char **text, size_t *length)
{
    size_t seen = 0;
    const char *end = NULL;
    while (!(end = newline_find(lines, &seen))) {
        if (lines->ended)
            return seen == 0 ? LINES_END : LINES_CUT;
        if (seen >= LINES_MAX)
            return LINES_TOO_LONG;
        enum lines_event event = lines_fill(lines);
        if (event != LINES_LINE)
            return event;
    }
    *text = lines->in.bytes + lines->next;
    *length = (size_t)(end - *text);
    if (*length >= LINES_MAX)
        return LINES_TOO_LONG;
    lines->next += *length + 1;
    lines->offset += *length + 1;
    lines->number++;
    return LINES_LINE;
}

void lines_seek(struct lines *lines, uint64_t offset)
{
    const uint64_t first = lines->offset - lines->next; /* of what the buffer has */
    if (offset >= first && offset - first <= lines->in.length) {
        lines->next = (size_t)(offset - first);
    } else {
        lines->in.length = lines->next = 0;
        lines->ended = false;
    }
    lines->offset = offset;
    lines->number = 0;
}

const char *lines_event_text(enum lines_event event)
{
    switch (event) {
    case LINES_CUT:
        return "the text ends within a line";
    case LINES_TOO_LONG:
        return "the line is longer than 16 MiB";
    case LINES_NO_MEMORY:
        return "out of memory";
    default:
        return "no error";
    }
}

void lines_free(struct lines *lines)
{
    buf_free(&lines->in);
    lines->next = 0;
}
