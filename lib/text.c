#include "text.h"

#include "diag.h"

#include <inttypes.h>

enum status text_malformed(const struct lines *lines, const char *name, const char *problem)
{
    diag_error("%s: line %" PRIu64 ": %s", diag_name(name).text, lines->number, problem);
    return STATUS_ARCHIVE;
}

enum status text_next(struct lines *lines, const char *name, const char **line, size_t *length)
{
    enum lines_event event = lines_next(lines, line, length);
    switch (event) {
    case LINES_LINE:
        return STATUS_OK;
    case LINES_END:
        *line = NULL;
        *length = 0;
        return STATUS_OK;
    case LINES_FAILED:
        return diag_failed(name, "read");
    case LINES_NO_MEMORY:
        return diag_no_memory();
    default:
        lines->number++;
        return text_malformed(lines, name, lines_event_text(event));
    }
}
