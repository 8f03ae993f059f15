#include "input.h"

#include "diag.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

static enum status fail_read(void)
{
    return diag_errno("cannot read standard input");
}

static enum status fail_record(const struct input *input, const char *what)
{
    diag_error("the contents stream %s record %" PRIu64, what, input->record);
    return STATUS_ARCHIVE;
}

/* Reads more behind what is left of the buffer. Stores whether the stream has ended. */
static enum status more_read(struct input *input, bool *ended)
{
    memmove(input->bytes, input->bytes + input->next, input->filled - input->next);
    input->filled -= input->next;
    input->next = 0;
    const ssize_t got = stream_read_some(STDIN_FILENO, input->bytes + input->filled,
                                         sizeof input->bytes - input->filled);
    if (got < 0)
        return fail_read();
    input->filled += (size_t)got;
    *ended = got == 0;
    return STATUS_OK;
}

/* Checks that nothing follows. */
static enum status end_check(struct input *input)
{
    bool ended = false;
    enum status status = STATUS_OK;
    if (input->next == input->filled)
        status = more_read(input, &ended);
    if (status != STATUS_OK || ended)
        return status;
    diag_error("the contents stream has data behind its end");
    return STATUS_ARCHIVE;
}

enum status input_record(struct input *input, struct contents_record *record)
{
    input->record++;
    for (;;) {
        const char *line = input->bytes + input->next;
        const size_t left = input->filled - input->next;
        const size_t longest = left < CONTENTS_LINE_MAX ? left : CONTENTS_LINE_MAX;
        const char *newline = memchr(line, '\n', longest);
        if (newline) {
            const size_t length = (size_t)(newline - line) + 1;
            if (contents_parse(line, length, record) != PACK_OK)
                return fail_record(input, "is malformed at");
            input->next += length;
            return record->kind == CONTENTS_END ? end_check(input) : STATUS_OK;
        }
        if (longest == CONTENTS_LINE_MAX)
            return fail_record(input, "is malformed at");
        bool ended = false;
        enum status status = more_read(input, &ended);
        if (status != STATUS_OK)
            return status;
        if (ended)
            return fail_record(input, "is cut at");
    }
}

enum status input_content(struct input *input, char *content, size_t size)
{
    const size_t left = input->filled - input->next;
    const size_t have = left < size ? left : size;
    memcpy(content, input->bytes + input->next, have);
    input->next += have;
    if (have == size)
        return STATUS_OK;
    const ssize_t got = stream_read(STDIN_FILENO, content + have, size - have);
    if (got < 0)
        return fail_read();
    return (size_t)got == size - have ? STATUS_OK : fail_record(input, "is cut within");
}
