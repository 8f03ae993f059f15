#include "content/hasher.h"

#include "content/batch.h"
#include "contents.h"
#include "diag.h"
#include "thread.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

/* One that is filled, one that is digested, and two that wait. */
#define BATCHES 4

/* The thread reads files if the process may open this many: twice as many as wait in batches. */
#define DESCRIPTORS_MIN 512

/* What hasher_update() starts. */
struct update {
    struct digest *digest;
    const void *bytes; /* NULL: there is nothing to do */
    size_t length;
    bool failed;
};

struct hasher {
    struct records *records; /* NULL: none */
    hasher_told *told;
    void *context;
    hasher_judge *judge;
    void *judge_context;
    struct digest *digest;         /* for the main thread */
    struct digest *other;          /* for the second one */
    bool tried;                    /* to start that */
    bool reads;                    /* there are enough descriptors for files */
    size_t begun, bytes;           /* of the content that has begun, in the current batch */
    uint64_t told_of;              /* batches, for the main thread only */
    struct batch batches[BATCHES]; /* by their number, modulo BATCHES; the current one is `given` */
    struct thread thread;          /* its lock guards what follows, and batch->done */
    uint64_t given, taken;         /* batches */
    struct update update;
};

static enum status digest_failed(void)
{
    return diag_error("cannot compute SHA-256 digests");
}

enum status hasher_new(struct hasher **made, struct records *records)
{
    struct hasher *hasher = *made = calloc(1, sizeof *hasher);
    if (!hasher)
        return diag_no_memory();
    hasher->records = records;
    hasher->digest = digest_new(DIGEST_SHA256);
    hasher->other = digest_new(DIGEST_SHA256);
    struct rlimit limit;
    hasher->reads = getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur >= DESCRIPTORS_MIN;
    if (hasher->digest && hasher->other)
        return STATUS_OK;
    hasher_free(hasher);
    *made = NULL;
    return digest_failed();
}

void hasher_listen(struct hasher *hasher, hasher_told *told, void *context)
{
    hasher->told = told;
    hasher->context = context;
}

void hasher_set_judge(struct hasher *hasher, hasher_judge *judge, void *context)
{
    hasher->judge = judge;
    hasher->judge_context = context;
}

static void update_run(struct update *update)
{
    update->failed = digest_update(update->digest, update->bytes, update->length) != 0;
}

/* Takes the oldest batch that was given, and digests it. Called with the lock held, which it
 * releases meanwhile. */
static void batch_take(struct hasher *hasher, struct digest *digest)
{
    struct batch *batch = &hasher->batches[hasher->taken++ % BATCHES];
    pthread_mutex_unlock(&hasher->thread.lock);
    batch_digest(batch, digest);
    pthread_mutex_lock(&hasher->thread.lock);
    batch->done = true;
}

/* The same for the update. */
static void update_take(struct hasher *hasher)
{
    pthread_mutex_unlock(&hasher->thread.lock);
    update_run(&hasher->update);
    pthread_mutex_lock(&hasher->thread.lock);
    hasher->update.bytes = NULL;
}

/* Does what was given to the thread. */
static void work(struct hasher *hasher)
{
    if (hasher->update.bytes)
        update_take(hasher);
    else
        batch_take(hasher, hasher->other);
    pthread_cond_broadcast(&hasher->thread.changed);
}

static void *thread_main(void *context)
{
    struct hasher *hasher = context;
    struct thread *thread = &hasher->thread;
    pthread_mutex_lock(&thread->lock);
    while (!thread->ending) {
        if (hasher->update.bytes || hasher->taken < hasher->given)
            work(hasher);
        else
            pthread_cond_wait(&thread->changed, &thread->lock);
    }
    pthread_mutex_unlock(&thread->lock);
    return NULL;
}

/* Starts the thread, at the first call. Returns whether it runs. */
static bool thread_runs(struct hasher *hasher)
{
    if (!hasher->tried)
        (void)thread_begin(&hasher->thread, thread_main, hasher);
    hasher->tried = true;
    return hasher->thread.running;
}

/* The batch that is being filled, never full. */
static struct batch *current(struct hasher *hasher)
{
    return &hasher->batches[hasher->given % BATCHES];
}

enum status hasher_begin(struct hasher *hasher, uint32_t size)
{
    struct buf *out = &current(hasher)->out;
    const struct contents_record record = {
        .kind = CONTENTS_FILE, .size = size, .digest = {.algorithm = DIGEST_SHA256}};
    hasher->begun = out->length;
    if (buf_reserve(out, CONTENTS_LINE_MAX + (size_t)size) != 0 ||
        (hasher->records && contents_encode(out, &record) != 0))
        return diag_no_memory();
    hasher->bytes = out->length;
    return STATUS_OK;
}

void *hasher_space(const struct hasher *hasher)
{
    const struct buf *out = &hasher->batches[hasher->given % BATCHES].out;
    return out->bytes + out->length;
}

void hasher_added(struct hasher *hasher, size_t length)
{
    current(hasher)->out.length += length;
}

static bool is_guessed(const struct piece *piece)
{
    return piece->guess.place.pack != PLACE_UNKNOWN &&
           digest_equal(&piece->value, &piece->guess.value);
}

/* Completes the record of a digested content, and tells of it. Stores whether it is not new. */
static enum status piece_settle(const struct hasher *hasher, struct batch *batch,
                                struct piece *piece, bool *found)
{
    const char *path = batch->paths.bytes + piece->path;
    struct place place = {0};
    enum status status = STATUS_OK;
    if (batch->paths.length > 0)
        status = source_report(&piece->source, path);
    *found = true;
    if (status == STATUS_OK && piece->checked)
        status = hasher->judge(hasher->judge_context, &piece->source, path, &piece->guess,
                               &piece->value, &place);
    else if (status == STATUS_OK && hasher->records && is_guessed(piece))
        place = piece->guess.place;
    else if (status == STATUS_OK && hasher->records)
        status = records_note(hasher->records, &piece->value, &place, found);
    if (status != STATUS_OK)
        return status;
    piece_close(piece);
    if (!*found)
        contents_set_digest(batch->out.bytes + piece->begun, &piece->value);
    hasher->told(hasher->context, &piece->token, &piece->value, &place);
    return STATUS_OK;
}

/* Writes the new contents of a digested batch, as many at a time as are side by side, and tells of
 * all. */
static enum status contents_settle(const struct hasher *hasher, struct batch *batch)
{
    size_t start = 0, end = 0; /* of those that are to be written */
    enum status status = batch->failed ? digest_failed() : STATUS_OK;
    for (size_t i = 0; i < batch->count && status == STATUS_OK; i++) {
        struct piece *piece = &batch->pieces[i];
        bool found = true;
        if (piece->checked && end > start) {
            status = records_write(hasher->records, batch->out.bytes + start, end - start);
            start = end;
        }
        if (status == STATUS_OK)
            status = piece_settle(hasher, batch, piece, &found);
        end = found ? piece->begun : piece->end;
        if (found && status == STATUS_OK && end > start)
            status = records_write(hasher->records, batch->out.bytes + start, end - start);
        if (found)
            start = end = piece->end;
    }
    if (status == STATUS_OK && end > start)
        status = records_write(hasher->records, batch->out.bytes + start, end - start);
    return status;
}

/* Settles a digested batch. */
static enum status batch_settle(struct hasher *hasher, struct batch *batch)
{
    /* The gate of messages settles, too. */
    const struct diag_gate gate = diag_set_gate((struct diag_gate){0});
    enum status status = contents_settle(hasher, batch);
    (void)diag_set_gate(gate);
    return status;
}

/* Waits until the oldest batch is digested, and takes others meanwhile; without `wait`, returns
 * whether it is. */
static bool oldest_await(struct hasher *hasher, bool wait)
{
    struct thread *thread = &hasher->thread;
    const struct batch *batch = &hasher->batches[hasher->told_of % BATCHES];
    pthread_mutex_lock(&thread->lock);
    while (wait && !batch->done) {
        if (hasher->taken < hasher->given)
            batch_take(hasher, hasher->digest);
        else
            pthread_cond_wait(&thread->changed, &thread->lock);
    }
    const bool done = batch->done;
    pthread_mutex_unlock(&thread->lock);
    return done;
}

/* Settles the oldest batch that was given. */
static enum status oldest_settle(struct hasher *hasher)
{
    struct batch *batch = &hasher->batches[hasher->told_of++ % BATCHES];
    enum status status = batch_settle(hasher, batch);
    (void)batch_clear(batch);
    return status;
}

/* Settles batches that are digested, all that were given with `all`, and at least as many as are
 * needed for a free one. */
static enum status given_settle(struct hasher *hasher, bool all)
{
    enum status status = STATUS_OK;
    while (status == STATUS_OK && hasher->told_of < hasher->given &&
           oldest_await(hasher, all || hasher->given - hasher->told_of == BATCHES))
        status = oldest_settle(hasher);
    return status;
}

/* Gives the current batch to the thread. */
static enum status batch_give(struct hasher *hasher)
{
    struct thread *thread = &hasher->thread;
    if (!thread_runs(hasher))
        return hasher_settle(hasher);
    pthread_mutex_lock(&thread->lock);
    hasher->given++;
    pthread_cond_broadcast(&thread->changed);
    pthread_mutex_unlock(&thread->lock);
    return given_settle(hasher, false);
}

/* The piece of the content that has begun. */
static struct piece *piece_end(struct hasher *hasher, const struct hasher_token *token)
{
    struct batch *batch = current(hasher);
    struct piece *piece = &batch->pieces[batch->count++];
    *piece = (struct piece){
        .begun = hasher->begun, .bytes = hasher->bytes, .end = batch->out.length, .token = *token};
    return piece;
}

/* Gives the current batch to the thread if it is full. */
static enum status full_give(struct hasher *hasher)
{
    const struct batch *batch = current(hasher);
    const bool full = batch->out.length >= BATCH_BYTES || batch->count == BATCH_PIECES;
    return full ? batch_give(hasher) : STATUS_OK;
}

enum status hasher_end(struct hasher *hasher, const struct hasher_token *token)
{
    (void)piece_end(hasher, token);
    return full_give(hasher);
}

bool hasher_reads(const struct hasher *hasher)
{
    return hasher->reads;
}

enum status hasher_end_file(struct hasher *hasher, const struct hasher_token *token,
                            const struct source *source, const char *path,
                            const struct guess *guess, bool checks)
{
    struct batch *batch = current(hasher);
    if (checks)
        hasher->begun = hasher->bytes = batch->out.length;
    else
        batch->out.length += (size_t)source->size;
    struct piece *piece = piece_end(hasher, token);
    piece->unread = true;
    piece->checked = checks;
    piece->source = *source;
    piece->guess = *guess;
    piece->path = batch->paths.length;
    if (buf_append(&batch->paths, path, strlen(path) + 1) != 0)
        return diag_no_memory();
    return checks ? batch_give(hasher) : full_give(hasher);
}

bool hasher_waits(const struct hasher *hasher)
{
    return hasher->told_of < hasher->given || hasher->batches[hasher->given % BATCHES].count > 0;
}

enum status hasher_settle(struct hasher *hasher)
{
    struct batch *batch = current(hasher);
    batch_digest(batch, hasher->digest);
    enum status status = given_settle(hasher, true);
    if (status != STATUS_OK)
        return status;
    status = batch_settle(hasher, batch);
    const size_t end = batch_clear(batch);
    hasher->begun -= end;
    hasher->bytes -= end;
    return status;
}

void hasher_update(struct hasher *hasher, struct digest *digest, const void *bytes, size_t length)
{
    const struct update update = {digest, bytes, length, false};
    if (!thread_runs(hasher)) {
        hasher->update = update;
        update_run(&hasher->update);
        return;
    }
    pthread_mutex_lock(&hasher->thread.lock);
    hasher->update = update;
    pthread_cond_broadcast(&hasher->thread.changed);
    pthread_mutex_unlock(&hasher->thread.lock);
}

enum status hasher_join(struct hasher *hasher)
{
    struct thread *thread = &hasher->thread;
    if (thread->running) {
        pthread_mutex_lock(&thread->lock);
        while (hasher->update.bytes)
            pthread_cond_wait(&thread->changed, &thread->lock);
        pthread_mutex_unlock(&thread->lock);
    }
    return hasher->update.failed ? digest_failed() : STATUS_OK;
}

void hasher_free(struct hasher *hasher)
{
    if (!hasher)
        return;
    thread_end(&hasher->thread);
    for (size_t i = 0; i < BATCHES; i++)
        batch_free(&hasher->batches[i]);
    digest_free(hasher->digest);
    digest_free(hasher->other);
    free(hasher);
}
