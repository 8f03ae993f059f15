#include "archive/hasher.h"

#include "thread.h"

static bool piece_hash(struct hasher *hasher, struct hasher_piece piece)
{
    return !hasher->digest || digest_update(hasher->digest, piece.bytes, piece.length) == 0;
}

static void *thread_main(void *context)
{
    struct hasher *hasher = context;
    pthread_mutex_lock(&hasher->lock);
    for (;;) {
        while (hasher->done == hasher->given && !hasher->ending)
            pthread_cond_wait(&hasher->changed, &hasher->lock);
        if (hasher->done == hasher->given)
            break;
        struct hasher_piece piece = hasher->pieces[hasher->done % HASHER_PIECES];
        pthread_mutex_unlock(&hasher->lock);
        bool hashed = piece_hash(hasher, piece);
        pthread_mutex_lock(&hasher->lock);
        hasher->failed |= !hashed;
        hasher->done++;
        pthread_cond_broadcast(&hasher->changed);
    }
    pthread_mutex_unlock(&hasher->lock);
    return NULL;
}

void hasher_start(struct hasher *hasher, struct digest *digest, bool threaded)
{
    *hasher = (struct hasher){.digest = digest};
    if (!threaded)
        return;
    pthread_mutex_init(&hasher->lock, NULL);
    pthread_cond_init(&hasher->changed, NULL);
    hasher->threaded = thread_start(&hasher->thread, thread_main, hasher) == 0;
}

void hasher_wait(struct hasher *hasher, unsigned pieces)
{
    if (!hasher->threaded)
        return;
    pthread_mutex_lock(&hasher->lock);
    while (hasher->given - hasher->done > pieces)
        pthread_cond_wait(&hasher->changed, &hasher->lock);
    pthread_mutex_unlock(&hasher->lock);
}

void hasher_give(struct hasher *hasher, const char *bytes, size_t length)
{
    struct hasher_piece piece = {bytes, length};
    if (!hasher->threaded) {
        hasher->failed |= !piece_hash(hasher, piece);
        return;
    }
    hasher_wait(hasher, HASHER_PIECES - 1);
    pthread_mutex_lock(&hasher->lock);
    hasher->pieces[hasher->given % HASHER_PIECES] = piece;
    hasher->given++;
    pthread_cond_broadcast(&hasher->changed);
    pthread_mutex_unlock(&hasher->lock);
}

int hasher_stop(struct hasher *hasher)
{
    if (hasher->threaded) {
        pthread_mutex_lock(&hasher->lock);
        hasher->ending = true;
        pthread_cond_broadcast(&hasher->changed);
        pthread_mutex_unlock(&hasher->lock);
        pthread_join(hasher->thread, NULL);
        pthread_cond_destroy(&hasher->changed);
        pthread_mutex_destroy(&hasher->lock);
        hasher->threaded = false;
    }
    return hasher->failed ? -1 : 0;
}
