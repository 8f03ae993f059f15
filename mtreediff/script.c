#include "script.h"

#include "diag.h"
#include "lines.h"

#include <inttypes.h>
#include <string.h>

void script_start(struct script *script, struct output *out)
{
    *script = (struct script){.out = out};
}

/* Writes the current run. */
static int run_write(struct script *script)
{
    struct buf *out = &script->out->buf;
    int result = 0;
    if (script->count > 0)
        result = buf_append_format(out, "%c%" PRIu64, script->command, script->count);
    if (result == 0 && script->count > 0 && script->command == '~')
        result = buf_append(out, script->change.bytes, script->change.length);
    if (result == 0 && script->count > 0)
        result = buf_append(out, "\n", 1);
    script->count = 0;
    script->command = '\0';
    return result;
}

/* Goes to a line of OLD from behind the last one that was used. */
static int place_write(struct script *script, const struct script_line *line)
{
    struct buf *out = &script->out->buf;
    if (line->move_number == script->move_number && line->offset >= script->offset)
        return buf_append_format(out, ">%" PRIu64 "\n", line->offset - script->offset);
    if (buf_append_format(out, "@%" PRIu64, line->offset) != 0)
        return -1;
    script->move_number = line->move_number;
    if (line->move_number != 0 &&
        (buf_append(out, " ", 1) != 0 ||
         buf_append(out, line->move->from.at, line->move->from.length) != 0 ||
         buf_append(out, " ", 1) != 0 ||
         buf_append(out, line->move->to.at, line->move->to.length) != 0))
        return -1;
    return buf_append(out, "\n", 1);
}

static enum status checked(struct script *script, int result)
{
    return result == 0 ? output_check(script->out) : diag_no_memory();
}

/* Uses a line of OLD: the run goes on, or the command begins a new one. */
static int use(struct script *script, const struct script_line *line, char command)
{
    bool there = line->move_number == script->move_number && line->offset == script->offset;
    if ((!there || script->command != command) && run_write(script) != 0)
        return -1;
    if (!there && place_write(script, line) != 0)
        return -1;
    script->command = command;
    script->count++;
    script->offset = line->offset + line->length;
    return 0;
}

enum status script_copy(struct script *script, const struct script_line *line)
{
    return checked(script, use(script, line, '='));
}

enum status script_change(struct script *script, const struct script_line *line,
                          const struct words *old, const struct words *new)
{
    struct buf next = script->spare;
    next.length = 0;
    int result = words_change_append(&next, old, new, &script->base);
    bool same = script->command == '~' && next.length == script->change.length &&
                memcmp(next.bytes, script->change.bytes, next.length) == 0;
    if (result == 0 && !same)
        result = run_write(script);
    script->spare = script->change;
    script->change = next;
    if (result == 0)
        result = use(script, line, '~');
    base_time_set(&script->base, new);
    return checked(script, result);
}

enum status script_add(struct script *script, struct slice line, const struct words *words)
{
    struct buf *out = &script->out->buf;
    if (line.length + 2 > LINES_MAX) {
        diag_error("a line is too long for a delta");
        return STATUS_ARCHIVE;
    }
    int result = run_write(script);
    if (result == 0)
        result = buf_append(out, "+", 1);
    if (result == 0)
        result = buf_append(out, line.at, line.length);
    if (result == 0)
        result = buf_append(out, "\n", 1);
    if (words)
        base_time_set(&script->base, words);
    return checked(script, result);
}

enum status script_end(struct script *script)
{
    int result = run_write(script);
    return checked(script, result == 0 ? buf_append_text(&script->out->buf, "end\n") : -1);
}

void script_free(struct script *script)
{
    buf_free(&script->change);
    buf_free(&script->spare);
}
