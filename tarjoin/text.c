#include "text.h"

#include "diag.h"

#include <inttypes.h>
#include <string.h>

enum status text_malformed(const struct text *text, const char *problem)
{
    diag_error("%s: line %" PRIu64 ": %s", diag_name(text->name).text, text->lines.number, problem);
    return STATUS_ARCHIVE;
}

enum status text_next(struct text *text, const char **line, size_t *length)
{
    *line = NULL;
    enum lines_event event = lines_next(&text->lines, line, length);
    switch (event) {
    case LINES_LINE:
        break;
    case LINES_END:
        *line = NULL;
        return STATUS_OK;
    case LINES_FAILED:
        return diag_failed(text->name, "read");
    case LINES_NO_MEMORY:
        return diag_no_memory();
    default:
        return text_malformed(text, lines_event_text(event));
    }
    if (!text->digest || (digest_update(text->digest, *line, *length) == 0 &&
                          digest_update(text->digest, "\n", 1) == 0))
        return STATUS_OK;
    diag_error("cannot compute SHA-256 digests");
    return STATUS_SYSTEM;
}

enum status text_open(struct text *text, int fd, const char *name, const char *signature,
                      struct digest *digest)
{
    const char *line = NULL;
    size_t length = 0;
    *text = (struct text){.name = name, .digest = digest};
    lines_start(&text->lines, fd, false);
    enum status status = text_next(text, &line, &length);
    if (status != STATUS_OK ||
        (line && length + 1 == strlen(signature) && memcmp(line, signature, length) == 0))
        return status;
    diag_error("%s: it does not begin with %.*s", diag_name(name).text, (int)strlen(signature) - 1,
               signature);
    return STATUS_ARCHIVE;
}

void text_close(struct text *text)
{
    lines_free(&text->lines);
}
