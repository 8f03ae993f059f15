#include "apply.h"

#include "decimal.h"
#include "diag.h"
#include "script.h"

#include <string.h>
#include <unistd.h>

/* A file as the delta names it. */
struct named {
    struct digest_value digest;
    uint64_t size;
};

struct application {
    struct input *old, *delta;
    struct output *out;
    struct named from, to;
    uint64_t written;
    struct move move; /* in force */
    struct buf from_path, to_path;
    struct base_time base;
    struct words words;     /* of the current line of OLD, moved */
    struct buf moved, time; /* which it borrows from */
};

static enum status malformed(const struct application *application, const char *text)
{
    return input_malformed(application->delta, text);
}

/* Takes a number, at most INT64_MAX. */
static bool take_number(struct slice *text, uint64_t *number)
{
    const char *end = text->at + text->length;
    const bool valid = decimal_take(&text->at, end, INT64_MAX, number);
    text->length = (size_t)(end - text->at);
    return valid;
}

static bool take_text(struct slice *text, const char *wanted)
{
    const size_t length = strlen(wanted);
    if (text->length < length || memcmp(text->at, wanted, length) != 0)
        return false;
    *text = (struct slice){text->at + length, text->length - length};
    return true;
}

/* Takes the text up to a space or the end; false if it is empty. */
static bool take_path(struct slice *text, struct slice *path)
{
    const char *space = memchr(text->at, ' ', text->length);
    size_t length = space ? (size_t)(space - text->at) : text->length;
    *path = (struct slice){text->at, length};
    *text = (struct slice){text->at + length, text->length - length};
    return length > 0;
}

/* Reads the next line of the delta, which must not end here. */
static enum status delta_next(struct application *application, struct slice *line)
{
    enum status status = input_next(application->delta, line);
    if (status != STATUS_OK || line->at)
        return status;
    application->delta->lines.number++;
    return malformed(application, "the delta is cut");
}

/* Reads a line "KEY DIGEST SIZE". */
static enum status named_read(struct application *application, const char *key, struct named *named)
{
    struct slice line;
    enum status status = delta_next(application, &line);
    if (status != STATUS_OK)
        return status;
    const size_t digits = 64;
    bool valid = take_text(&line, key) && line.length > digits + 1 && line.at[digits] == ' ';
    if (valid) {
        char text[DIGEST_TEXT_SIZE];
        memcpy(text, line.at, digits);
        text[digits] = '\0';
        line = (struct slice){line.at + digits + 1, line.length - digits - 1};
        valid = strlen(text) == digits && !digest_parse(text, &named->digest) &&
                take_number(&line, &named->size) && line.length == 0;
    }
    return valid ? STATUS_OK : malformed(application, "malformed header");
}

static enum status header_read(struct application *application, uint64_t max)
{
    struct slice line;
    enum status status = input_next(application->delta, &line);
    if (status == STATUS_OK && !slice_equal(line, slice_of(SCRIPT_SIGNATURE))) {
        diag_error("%s: not a delta", application->delta->name);
        status = STATUS_ARCHIVE;
    }
    if (status == STATUS_OK)
        status = named_read(application, "old ", &application->from);
    if (status == STATUS_OK)
        status = named_read(application, "new ", &application->to);
    if (status == STATUS_OK && application->to.size > max)
        status = malformed(application, "the result would exceed --max-size");
    return status;
}

static enum status old_check(struct application *application)
{
    struct input *old = application->old;
    enum status status = input_hash(old);
    if (status != STATUS_OK || (digest_equal(&old->digest, &application->from.digest) &&
                                old->size == application->from.size))
        return status;
    diag_error("%s: not the file that the delta was made for: its digest does not match",
               diag_name(old->name).text);
    return STATUS_DIGEST;
}

/* Completes the line that was appended to the output. */
static enum status line_end(struct application *application, size_t before)
{
    struct buf *out = &application->out->buf;
    if (buf_append(out, "\n", 1) != 0)
        return diag_no_memory();
    application->written += out->length - before;
    if (application->written > application->to.size)
        return malformed(application, "the result is larger than announced");
    return output_check(application->out);
}

static enum status line_write(struct application *application, struct slice line)
{
    struct buf *out = &application->out->buf;
    const size_t before = out->length;
    if (buf_append(out, line.at, line.length) != 0)
        return diag_no_memory();
    return line_end(application, before);
}

static enum status words_write(struct application *application)
{
    struct buf *out = &application->out->buf;
    const size_t before = out->length;
    if (words_join(out, &application->words) != 0)
        return diag_no_memory();
    return line_end(application, before);
}

static enum status old_next(struct application *application, struct slice *line)
{
    enum status status = input_next(application->old, line);
    if (status == STATUS_OK && !line->at)
        return malformed(application, "behind the end of the old file");
    return status;
}

/* Reads the words of the next line of OLD and moves them. */
static enum status old_words(struct application *application)
{
    struct slice line;
    enum status status = old_next(application, &line);
    if (status != STATUS_OK)
        return status;
    if (!words_split(&application->words, line))
        return malformed(application, "changes a line of the old file that has no keys");
    return words_move(&application->words, &application->move, &application->moved) == 0
               ? STATUS_OK
               : diag_no_memory();
}

static enum status copy_one(struct application *application)
{
    struct slice line;
    enum status status = STATUS_OK;
    if (application->move.from.at) {
        status = old_words(application);
        return status == STATUS_OK ? words_write(application) : status;
    }
    status = old_next(application, &line);
    return status == STATUS_OK ? line_write(application, line) : status;
}

/* =COUNT */
static enum status copy(struct application *application, struct slice rest)
{
    uint64_t count = 0;
    enum status status = STATUS_OK;
    if (!take_number(&rest, &count) || count == 0 || rest.length > 0)
        return malformed(application, "malformed command");
    for (; status == STATUS_OK && count > 0; count--)
        status = copy_one(application);
    return status;
}

static enum status change_one(struct application *application, struct slice change)
{
    enum status status = old_words(application);
    if (status != STATUS_OK)
        return status;
    switch (
        words_change_apply(&application->words, change, &application->base, &application->time)) {
    case WORDS_MALFORMED:
        return malformed(application, "malformed change");
    case WORDS_NO_MEMORY:
        return diag_no_memory();
    default:
        base_time_set(&application->base, &application->words);
        return words_write(application);
    }
}

/* ~COUNT CHANGE */
static enum status change(struct application *application, struct slice rest)
{
    uint64_t count = 0;
    enum status status = STATUS_OK;
    if (!take_number(&rest, &count) || count == 0 || !take_text(&rest, " "))
        return malformed(application, "malformed command");
    for (; status == STATUS_OK && count > 0; count--)
        status = change_one(application, rest);
    return status;
}

/* +LINE */
static enum status add(struct application *application, struct slice line)
{
    struct words words;
    if (words_split(&words, line))
        base_time_set(&application->base, &words);
    return line_write(application, line);
}

/* Continues at `offset`, where a line of OLD begins, or its end is. */
static enum status go(struct application *application, uint64_t offset)
{
    char before = '\n';
    if (offset > application->from.size)
        return malformed(application, "behind the end of the old file");
    if (offset > 0 && pread(application->old->fd, &before, 1, (off_t)(offset - 1)) != 1)
        return diag_failed(application->old->name, "read");
    if (before != '\n')
        return malformed(application, "not at the beginning of a line of the old file");
    input_seek(application->old, offset);
    return STATUS_OK;
}

/* >BYTES */
static enum status skip(struct application *application, struct slice rest)
{
    uint64_t bytes = 0;
    if (!take_number(&rest, &bytes) || rest.length > 0)
        return malformed(application, "malformed command");
    return go(application, application->old->lines.offset + bytes);
}

/* Puts a move in force. */
static enum status move_set(struct application *application, struct slice from, struct slice to)
{
    struct buf *paths[] = {&application->from_path, &application->to_path};
    if (buf_set_text(paths[0], from.at, from.length) != 0 ||
        buf_set_text(paths[1], to.at, to.length) != 0)
        return diag_no_memory();
    application->move = (struct move){.from = {paths[0]->bytes, paths[0]->length},
                                      .to = {paths[1]->bytes, paths[1]->length}};
    return STATUS_OK;
}

/* @OFFSET [FROM TO] */
static enum status jump(struct application *application, struct slice rest)
{
    uint64_t offset = 0;
    struct slice from = {0}, to = {0};
    bool valid = take_number(&rest, &offset);
    if (valid && rest.length > 0)
        valid = take_text(&rest, " ") && take_path(&rest, &from) && take_text(&rest, " ") &&
                take_path(&rest, &to) && rest.length == 0;
    if (!valid)
        return malformed(application, "malformed command");
    application->move = (struct move){0};
    enum status status = from.at ? move_set(application, from, to) : STATUS_OK;
    return status == STATUS_OK ? go(application, offset) : status;
}

static enum status command_run(struct application *application, struct slice line)
{
    const struct slice rest = {line.at + 1, line.length - 1};
    switch (line.length > 0 ? *line.at : '\0') {
    case '=':
        return copy(application, rest);
    case '~':
        return change(application, rest);
    case '+':
        return add(application, rest);
    case '>':
        return skip(application, rest);
    case '@':
        return jump(application, rest);
    default:
        return malformed(application, "unknown command");
    }
}

static enum status commands_run(struct application *application)
{
    for (;;) {
        struct slice line;
        enum status status = delta_next(application, &line);
        if (status != STATUS_OK || slice_equal(line, slice_of("end")))
            return status;
        status = command_run(application, line);
        if (status != STATUS_OK)
            return status;
    }
}

/* Nothing follows the end line, and the result is what was announced. */
static enum status end_check(struct application *application)
{
    struct slice line;
    struct digest_value digest;
    enum status status = input_next(application->delta, &line);
    if (status != STATUS_OK)
        return status;
    if (line.at)
        return malformed(application, "something follows the end line");
    if (application->written != application->to.size)
        return malformed(application, "the result is smaller than announced");
    if (output_digest(application->out, &digest) != STATUS_OK)
        return STATUS_SYSTEM;
    if (digest_equal(&digest, &application->to.digest))
        return STATUS_OK;
    diag_error("the digest of the result does not match");
    return STATUS_DIGEST;
}

enum status apply_delta(struct input *old, struct input *delta, uint64_t max, struct output *out)
{
    struct application application = {.old = old, .delta = delta, .out = out};
    enum status status = header_read(&application, max);
    if (status == STATUS_OK)
        status = old_check(&application);
    if (status == STATUS_OK)
        status = commands_run(&application);
    if (status == STATUS_OK)
        status = end_check(&application);
    buf_free(&application.from_path);
    buf_free(&application.to_path);
    buf_free(&application.moved);
    buf_free(&application.time);
    return status;
}
