#include "compare.h"

#include "diag.h"
#include "manifests.h"
#include "maps.h"
#include "pair.h"

#include <inttypes.h>
#include <sys/stat.h>

/* The shortest lines of a chunk map are a digest and a length. */
#define MAP_LINE 68

/* Reads OLD for the first time. */
static enum status old_measure(struct input *old, struct places *places)
{
    struct stat file;
    if (fstat(old->fd, &file) != 0)
        return diag_failed(old->name, "read");
    enum status status = input_start(old);
    if (status != STATUS_OK)
        return status;
    input_seek(old, 0);
    if (!old->is_map)
        return input_measure(old, NULL, NULL);
    if (places_start(places, (uint64_t)file.st_size / MAP_LINE) != 0)
        return diag_no_memory();
    return input_measure(old, maps_add, places);
}

static enum status new_measure(const struct input *old, struct input *new)
{
    enum status status = input_measure(new, NULL, NULL);
    if (status != STATUS_OK || old->is_map == new->is_map)
        return status;
    diag_error("%s and %s: one is a manifest, the other a chunk map", diag_name(old->name).text,
               diag_name(new->name).text);
    return STATUS_ARCHIVE;
}

static int append_named(struct buf *out, const char *key, const struct input *input)
{
    char hex[DIGEST_TEXT_SIZE];
    digest_hex(&input->digest, hex);
    return buf_append_format(out, "%s %s %" PRIu64 "\n", key, hex, input->size);
}

static enum status header_write(const struct input *old, const struct input *new,
                                struct output *out)
{
    return buf_append_text(&out->buf, SCRIPT_SIGNATURE "\n") == 0 &&
                   append_named(&out->buf, "old", old) == 0 &&
                   append_named(&out->buf, "new", new) == 0
               ? STATUS_OK
               : diag_no_memory();
}

static enum status script_write(struct input *old, struct input *new, const struct places *places,
                                struct output *out)
{
    struct script script;
    struct input peek = {.name = old->is_map ? old->name : new->name};
    lines_start(&peek.lines, old->is_map ? old->fd : new->fd, true);
    script_start(&script, out);
    enum status status = old->is_map ? maps_compare(old, new, &peek, places, &script)
                                     : manifests_compare(old, new, &peek, &script);
    if (status == STATUS_OK)
        status = script_end(&script);
    script_free(&script);
    lines_free(&peek.lines);
    return status;
}

enum status compare_files(struct input *old, struct input *new, struct output *out)
{
    struct places places = {0}; /* of a chunk map */
    enum status status = STATUS_OK;
    if (!pair_measure(old, new)) {
        status = old_measure(old, &places);
        if (status == STATUS_OK)
            status = new_measure(old, new);
    }
    if (status == STATUS_OK)
        status = header_write(old, new, out);
    if (status == STATUS_OK)
        status = script_write(old, new, &places, out);
    places_free(&places);
    return status;
}
