#include "maps.h"

enum status maps_add(void *context, struct slice line, uint64_t offset)
{
    places_add(context, places_hash(1, line.at, line.length), offset);
    return STATUS_OK;
}

/* Looks for the line elsewhere in OLD. */
static enum status line_find(struct input *peek, const struct places *places, struct slice line,
                             uint64_t *offset, bool *found)
{
    uint64_t offsets[PLACES_EACH];
    size_t count = places_find(places, places_hash(1, line.at, line.length), offsets);
    *found = false;
    for (size_t i = 0; i < count && !*found; i++) {
        struct slice there;
        input_seek(peek, offsets[i]);
        enum status status = input_next(peek, &there);
        if (status != STATUS_OK)
            return status;
        *found = slice_equal(line, there);
        *offset = offsets[i];
    }
    return STATUS_OK;
}

/* Copies or adds a line. `*at` is the next line of OLD, empty at its end. */
static enum status line_compare(struct input *old, struct slice *at, struct slice line,
                                struct input *peek, const struct places *places,
                                struct script *script)
{
    bool found = slice_equal(*at, line);
    uint64_t offset = at->at ? old->lines.offset - at->length - 1 : old->size;
    enum status status = STATUS_OK;
    if (!found) {
        uint64_t elsewhere = 0;
        status = line_find(peek, places, line, &elsewhere, &found);
        if (found) {
            offset = elsewhere;
            input_seek(old, offset + line.length + 1);
        }
    }
    const struct script_line used = {.offset = offset, .length = line.length + 1};
    if (status == STATUS_OK)
        status = found ? script_copy(script, &used) : script_add(script, line, NULL);
    /* A line that was added takes the place of one of OLD. */
    return status == STATUS_OK ? input_next(old, at) : status;
}

enum status maps_compare(struct input *old, struct input *new, struct input *peek,
                         const struct places *places, struct script *script)
{
    struct slice at, line;
    enum status status = input_next(old, &at);
    while (status == STATUS_OK) {
        status = input_next(new, &line);
        if (status != STATUS_OK || !line.at)
            break;
        status = line_compare(old, &at, line, peek, places, script);
    }
    return status;
}
