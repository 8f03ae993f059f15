#include "frames.h"

#include "diag.h"
#include "pack_file.h"
#include "zstd_frame.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* More than FRAMES_KEPT holds of the usual ones; small packs have small frames. */
#define SLOTS 64

/* How many frames stay in memory that are no longer the current ones of their packs. */
#define OLD_FRAMES 2

/* A decompressed frame, or one that a thread is reading. */
struct slot {
    unsigned char *bytes; /* NULL: free, or being read */
    size_t length;        /* 0: free */
    size_t room;          /* of the memory at `bytes` */
    size_t pack, frame;
    unsigned pins; /* threads that read it or copy from it */
    uint64_t used; /* by the number of the call */
};

struct frames {
    const struct packs *packs;
    int directory;
    pthread_mutex_t lock; /* guards what follows; not the bytes of a pinned slot */
    pthread_cond_t changed;
    struct pack_file *files; /* one for each pack, opened when it is needed */
    struct slot slots[SLOTS];
    size_t kept;          /* the room of all slots */
    unsigned char *spare; /* memory of a slot that was emptied, or NULL */
    size_t spare_room;
    uint64_t calls;
    struct frames_total total;
};

enum status frame_reader_open(struct frame_reader *reader)
{
    *reader = (struct frame_reader){.decoder = zstd_frame_decoder_new()};
    return reader->decoder ? STATUS_OK : diag_no_memory();
}

void frame_reader_close(struct frame_reader *reader)
{
    zstd_frame_decoder_free(reader->decoder);
    buf_free(&reader->compressed);
}

enum status frames_new(struct frames **made, const struct packs *packs, int directory)
{
    struct frames *frames = *made = calloc(1, sizeof *frames);
    if (!frames)
        return diag_no_memory();
    frames->packs = packs;
    frames->directory = directory;
    pthread_mutex_init(&frames->lock, NULL);
    pthread_cond_init(&frames->changed, NULL);
    frames->files = calloc(packs->count + 1, sizeof *frames->files);
    if (frames->files)
        return STATUS_OK;
    frames_free(frames);
    *made = NULL;
    return diag_no_memory();
}

static void slot_empty(struct frames *frames, struct slot *slot)
{
    frames->kept -= slot->room;
    free(frames->spare);
    frames->spare = slot->bytes;
    frames->spare_room = slot->room;
    *slot = (struct slot){0};
}

/* Memory for the frame of the slot: the spare one, unless it is too small, or twice what is needed.
 * The kernel would have to clear new memory. Returns NULL if memory is out. */
static unsigned char *memory_take(struct frames *frames, struct slot *slot)
{
    unsigned char *bytes = frames->spare;
    slot->room = frames->spare_room;
    if (bytes && slot->length <= slot->room && slot->length > slot->room / 2)
        frames->spare = NULL;
    else
        bytes = malloc(slot->room = slot->length);
    frames->kept += slot->room;
    return bytes;
}

/* Whether a later frame of the pack was used since. Contents are read in the order of the walk, in
 * which they also are in a pack, so the frame will hardly be used again. */
static bool is_old(const struct frames *frames, const struct slot *slot)
{
    return frames->files[slot->pack].current != slot->frame;
}

/* The frame to give up. A file whose chunks are spread over many packs needs the current frame of
 * each again and again, so old frames go first. */
static struct slot *victim_find(struct frames *frames)
{
    struct slot *oldest[2] = {NULL, NULL};
    unsigned old = 0;
    for (size_t i = 0; i < SLOTS; i++) {
        struct slot *slot = &frames->slots[i];
        if (slot->length == 0 || slot->pins > 0)
            continue;
        const bool is_past = is_old(frames, slot);
        old += is_past;
        struct slot **least = &oldest[is_past];
        if (!*least || slot->used < (*least)->used)
            *least = slot;
    }
    if (old > OLD_FRAMES || !oldest[0])
        return oldest[1];
    return oldest[1] && oldest[1]->used < oldest[0]->used ? oldest[1] : oldest[0];
}

static struct slot *slot_find(struct frames *frames, size_t pack, size_t frame)
{
    for (size_t i = 0; i < SLOTS; i++) {
        struct slot *slot = &frames->slots[i];
        if (slot->length > 0 && slot->pack == pack && slot->frame == frame)
            return slot;
    }
    return NULL;
}

static struct slot *free_find(struct frames *frames)
{
    for (size_t i = 0; i < SLOTS; i++) {
        if (frames->slots[i].length == 0)
            return &frames->slots[i];
    }
    return NULL;
}

/* A free slot, with room for `length` bytes; NULL while other threads pin too much. */
static struct slot *slot_take(struct frames *frames, size_t length)
{
    for (;;) {
        struct slot *slot = frames->kept + length <= FRAMES_KEPT ? free_find(frames) : NULL;
        if (slot)
            return slot;
        slot = victim_find(frames);
        if (!slot)
            return NULL;
        slot_empty(frames, slot);
    }
}

/* Reads the frame into the slot, without the lock. */
static enum status slot_load(struct frames *frames, struct frame_reader *reader, struct slot *slot,
                             const char **problem)
{
    const struct pack_file *file = &frames->files[slot->pack];
    const char *name = frames->packs->list[slot->pack].name;
    unsigned char *bytes = memory_take(frames, slot);
    pthread_mutex_unlock(&frames->lock);
    enum status status = bytes ? pack_file_read(file, frames->directory, name, slot->frame,
                                                &reader->compressed, problem)
                               : diag_no_memory();
    enum pack_error error = PACK_OK;
    if (status == STATUS_OK)
        error = zstd_frame_decode(reader->decoder, reader->compressed.bytes,
                                  reader->compressed.length, bytes, slot->length);
    if (error == PACK_NO_MEMORY)
        status = diag_no_memory();
    else if (error != PACK_OK)
        status = pack_file_problem(problem, pack_error_text(error));
    pthread_mutex_lock(&frames->lock);
    slot->bytes = bytes;
    if (status == STATUS_OK) {
        frames->total.packs += frames->files[slot->pack].used ? 0 : 1;
        frames->files[slot->pack].used = true;
        frames->total.frames++;
        frames->total.bytes += reader->compressed.length;
    }
    return status;
}

/* Pins the slot of the frame, which is read unless it is in memory. Called with the lock held. */
static enum status slot_pin(struct frames *frames, struct frame_reader *reader, size_t pack,
                            size_t frame, struct slot **pinned, const char **problem)
{
    const struct seek_point *point = &frames->files[pack].table.points[frame];
    const size_t length = (size_t)(point[1].content - point[0].content);
    struct slot *slot = NULL;
    for (;;) {
        slot = slot_find(frames, pack, frame);
        if (slot && slot->bytes)
            break;
        if (!slot && (slot = slot_take(frames, length)) != NULL) {
            *slot = (struct slot){.length = length, .pack = pack, .frame = frame, .pins = 1};
            enum status status = slot_load(frames, reader, slot, problem);
            slot->pins = 0;
            pthread_cond_broadcast(&frames->changed);
            if (status != STATUS_OK) {
                slot_empty(frames, slot);
                return status;
            }
            break;
        }
        pthread_cond_wait(&frames->changed, &frames->lock);
    }
    slot->pins++;
    slot->used = ++frames->calls;
    frames->files[pack].current = frame;
    *pinned = slot;
    return STATUS_OK;
}

/* As frames_read(), with the lock held. */
static enum status bytes_copy(struct frames *frames, struct frame_reader *reader, size_t number,
                              uint64_t offset, size_t length, void *bytes, const char **problem)
{
    struct pack_file *file = &frames->files[number];
    const struct pack *pack = &frames->packs->list[number];
    enum status status =
        pack_file_open(file, frames->directory, pack->name, pack->index.size, problem);
    if (status != STATUS_OK)
        return status;
    const size_t frame = seek_table_find(&file->table, offset);
    const struct seek_point *point = &file->table.points[frame];
    if (frame >= file->table.count || length > point[1].content - offset)
        return pack_file_problem(problem, pack_error_text(PACK_BAD_INDEX));
    struct slot *slot = NULL;
    status = slot_pin(frames, reader, number, frame, &slot, problem);
    if (status != STATUS_OK)
        return status;
    pthread_mutex_unlock(&frames->lock);
    memcpy(bytes, slot->bytes + (offset - point->content), length);
    pthread_mutex_lock(&frames->lock);
    if (--slot->pins == 0)
        pthread_cond_broadcast(&frames->changed);
    return STATUS_OK;
}

enum status frames_read(struct frames *frames, struct frame_reader *reader, size_t number,
                        uint64_t offset, size_t length, void *bytes, const char **problem)
{
    pthread_mutex_lock(&frames->lock);
    enum status status = bytes_copy(frames, reader, number, offset, length, bytes, problem);
    pthread_mutex_unlock(&frames->lock);
    return status;
}

struct frames_total frames_total(const struct frames *frames)
{
    return frames->total;
}

void frames_free(struct frames *frames)
{
    if (!frames)
        return;
    for (size_t i = 0; i < SLOTS; i++)
        free(frames->slots[i].bytes);
    free(frames->spare);
    for (size_t i = 0; frames->files && i < frames->packs->count; i++)
        seek_table_free(&frames->files[i].table);
    free(frames->files);
    pthread_cond_destroy(&frames->changed);
    pthread_mutex_destroy(&frames->lock);
    free(frames);
}
