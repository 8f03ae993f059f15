#include "archive/hasher.h"

static bool piece_hash(struct hasher *hasher, struct hasher_piece piece)
{
    return !hasher->digest || digest_update(hasher->digest, piece.bytes, piece.length) == 0;
}

static void *thread_main(void *context)
{
    struct hasher *hasher = context;
    pthread_mutex_lock(&hasher->thread.lock);
    for (;;) {
        while (hasher->done == hasher->given && !hasher->thread.ending)
            pthread_cond_wait(&hasher->thread.changed, &hasher->thread.lock);
        if (hasher->done == hasher->given)
            break;
        struct hasher_piece piece = hasher->pieces[hasher->done % HASHER_PIECES];
        pthread_mutex_unlock(&hasher->thread.lock);
        bool hashed = piece_hash(hasher, piece);
        pthread_mutex_lock(&hasher->thread.lock);
        hasher->failed |= !hashed;
        hasher->done++;
        pthread_cond_broadcast(&hasher->thread.changed);
    }
    pthread_mutex_unlock(&hasher->thread.lock);
    return NULL;
}

void hasher_start(struct hasher *hasher, struct digest *digest, bool threaded)
{
    *hasher = (struct hasher){.digest = digest};
    if (threaded)
        (void)thread_begin(&hasher->thread, thread_main, hasher);
}

void hasher_wait(struct hasher *hasher, unsigned pieces)
{
    if (!hasher->thread.running)
        return;
    pthread_mutex_lock(&hasher->thread.lock);
    while (hasher->given - hasher->done > pieces)
        pthread_cond_wait(&hasher->thread.changed, &hasher->thread.lock);
    pthread_mutex_unlock(&hasher->thread.lock);
}

void hasher_give(struct hasher *hasher, const char *bytes, size_t length)
{
    struct hasher_piece piece = {bytes, length};
    if (!hasher->thread.running) {
        hasher->failed |= !piece_hash(hasher, piece);
        return;
    }
    hasher_wait(hasher, HASHER_PIECES - 1);
    pthread_mutex_lock(&hasher->thread.lock);
    hasher->pieces[hasher->given % HASHER_PIECES] = piece;
    hasher->given++;
    pthread_cond_broadcast(&hasher->thread.changed);
    pthread_mutex_unlock(&hasher->thread.lock);
}

int hasher_stop(struct hasher *hasher)
{
    thread_end(&hasher->thread);
    return hasher->failed ? -1 : 0;
}
