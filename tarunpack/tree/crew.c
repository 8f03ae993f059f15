#include "tree/crew.h"

#include "tar_path.h"
#include "thread.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Enough to keep the threads busy. Each directory costs a descriptor, files cost memory. */
#define DIRS_MAX 64
#define FILES_MAX 1024
#define BYTES_MAX ((size_t)4 << 20)

/* Files that a thread takes at once: more would free queue space late, fewer would lock more
 * often. */
#define TAKEN_MAX 16

struct crew_worker {
    struct crew *crew;
    pthread_t thread;
    struct meta_policy policy; /* a copy, for what it leaves out */
    struct file_rules rules;
};

struct crew_file *crew_file_new(const char *path, size_t size, const struct meta *meta,
                                const struct xattrs *xattrs)
{
    size_t length = strlen(path) + 1;
    struct crew_file *file = calloc(1, sizeof *file + size + length);
    if (!file)
        return NULL;
    file->size = size;
    file->meta = *meta;
    file->path = memcpy(file->bytes + size, path, length);
    file->name = tar_path_name(file->path);
    if (xattrs_copy(&file->xattrs, xattrs) == 0)
        return file;
    crew_file_free(file);
    return NULL;
}

void crew_file_free(struct crew_file *file)
{
    if (file)
        xattrs_free(&file->xattrs);
    free(file);
}

static void files_free(struct crew_file *file)
{
    while (file) {
        struct crew_file *next = file->next;
        crew_file_free(file);
        file = next;
    }
}

/* ------------------------------------------------------------------------------- the threads */

static enum status file_make(const struct crew_worker *worker, const struct crew_file *from,
                             int parent)
{
    struct file file;
    while (file_create(&file, &worker->rules, parent, from->name, from->path, from->size,
                       &from->meta, &from->xattrs) != 0) {
        if (errno != EEXIST || unlinkat(parent, from->name, 0) != 0)
            return diag_failed(from->path, "create");
    }
    enum status status = file_write(&file, 0, from->bytes, from->size);
    if (status == STATUS_OK)
        return file_close(&file, &from->meta, &from->xattrs);
    file_abandon(&file);
    return status;
}

static void ready_add(struct crew *crew, struct crew_dir *dir)
{
    dir->next_ready = NULL;
    *crew->ready_end = dir;
    crew->ready_end = &dir->next_ready;
}

/* Takes a few files of the directory that has been ready longest. */
static struct crew_dir *ready_take(struct crew *crew)
{
    struct crew_dir *dir = crew->ready;
    crew->ready = dir->next_ready;
    if (!crew->ready)
        crew->ready_end = &crew->ready;
    struct crew_file **end = &dir->waiting;
    for (size_t i = 0; i < TAKEN_MAX && *end; i++)
        end = &(*end)->next;
    dir->taken = dir->waiting;
    dir->waiting = *end;
    *end = NULL;
    if (!dir->waiting)
        dir->waiting_end = &dir->waiting;
    return dir;
}

/* Creates the files taken. Called without the lock, as nobody else touches them. */
static enum status taken_make(const struct crew_worker *worker, const struct crew_dir *dir)
{
    enum status status = STATUS_OK;
    for (struct crew_file *file = dir->taken; file && status == STATUS_OK; file = file->next)
        status = file_make(worker, file, dir->fd);
    return status;
}

/* Accounts for the files taken, whether they were created or not. */
static struct crew_file *taken_leave(struct crew *crew, struct crew_dir *dir)
{
    struct crew_file *taken = dir->taken;
    dir->taken = NULL;
    for (struct crew_file *file = taken; file; file = file->next) {
        crew->files--;
        crew->bytes -= file->size;
    }
    if (dir->waiting)
        ready_add(crew, dir);
    return taken;
}

static void *worker_main(void *context)
{
    struct crew_worker *worker = context;
    struct crew *crew = worker->crew;
    struct diag_kept kept = {0};
    diag_keep(&kept); /* only the first thread's error is printed */
    pthread_mutex_lock(&crew->lock);
    while (!crew->ending) {
        if (!crew->ready) {
            crew->idle++;
            pthread_cond_wait(&crew->work, &crew->lock);
            crew->idle--;
            continue;
        }
        struct crew_dir *dir = ready_take(crew);
        bool failed = crew->status != STATUS_OK;
        pthread_mutex_unlock(&crew->lock);
        enum status status = failed ? STATUS_OK : taken_make(worker, dir);
        pthread_mutex_lock(&crew->lock);
        if (status != STATUS_OK && crew->status == STATUS_OK) {
            crew->status = status;
            crew->kept = kept;
        }
        struct crew_file *taken = taken_leave(crew, dir);
        pthread_cond_signal(&crew->progress);
        pthread_mutex_unlock(&crew->lock);
        files_free(taken);
        pthread_mutex_lock(&crew->lock);
    }
    pthread_mutex_unlock(&crew->lock);
    diag_keep(NULL);
    return NULL;
}

/* --------------------------------------------------------------------------- the main thread */

void crew_start(struct crew *crew, const struct file_rules *rules, unsigned count)
{
    *crew = (struct crew){.rules = rules};
    crew->ready_end = &crew->ready;
    crew->workers = calloc(count, sizeof *crew->workers);
    if (!crew->workers)
        return;
    pthread_mutex_init(&crew->lock, NULL);
    pthread_cond_init(&crew->work, NULL);
    pthread_cond_init(&crew->progress, NULL);
    for (; crew->count < count; crew->count++) {
        struct crew_worker *worker = &crew->workers[crew->count];
        *worker = (struct crew_worker){.crew = crew, .policy = *rules->policy, .rules = *rules};
        worker->rules.policy = &worker->policy;
        worker->policy.omitted = (struct omitted){0};
        if (thread_start(&worker->thread, worker_main, worker) != 0)
            break;
    }
}

/* Prints the first error, once, and returns its status. */
static enum status outcome(struct crew *crew)
{
    diag_kept_print(&crew->kept);
    return crew->status;
}

static struct crew_dir *dir_find(struct crew *crew, uint32_t node)
{
    if (crew->last && crew->last->node == node)
        return crew->last;
    for (struct crew_dir *dir = crew->dirs; dir; dir = dir->next) {
        if (dir->node == node)
            return dir;
    }
    return NULL;
}

static bool is_done(const struct crew_dir *dir)
{
    return !dir->waiting && !dir->taken;
}

/* Frees the directories without files to create, except the one used last. */
static void dirs_trim(struct crew *crew)
{
    for (struct crew_dir **at = &crew->dirs; *at;) {
        struct crew_dir *dir = *at;
        if (dir == crew->last || !is_done(dir)) {
            at = &dir->next;
            continue;
        }
        *at = dir->next;
        close(dir->fd);
        free(dir);
        crew->dirs_count--;
    }
}

/* Duplicates the descriptor. If the limit is reached, waits for threads to release theirs. */
static int dir_open(struct crew *crew, int parent)
{
    for (;;) {
        int fd = fcntl(parent, F_DUPFD_CLOEXEC, 0);
        if (fd >= 0 || errno != EMFILE || crew->dirs_count == 0)
            return fd;
        pthread_cond_wait(&crew->progress, &crew->lock);
        dirs_trim(crew);
    }
}

static struct crew_dir *dir_add(struct crew *crew, uint32_t node, int parent)
{
    crew->last = NULL;
    for (dirs_trim(crew); crew->dirs_count >= DIRS_MAX; dirs_trim(crew))
        pthread_cond_wait(&crew->progress, &crew->lock);
    struct crew_dir *dir = calloc(1, sizeof *dir);
    int fd = dir ? dir_open(crew, parent) : -1;
    if (fd < 0) {
        diag_errno("cannot queue files for the writer threads");
        free(dir);
        return NULL;
    }
    *dir = (struct crew_dir){.node = node, .fd = fd, .next = crew->dirs};
    dir->waiting_end = &dir->waiting;
    crew->dirs = dir;
    crew->dirs_count++;
    return dir;
}

static void file_add(struct crew *crew, struct crew_dir *dir, struct crew_file *file)
{
    bool idle = is_done(dir);
    *dir->waiting_end = file;
    dir->waiting_end = &file->next;
    crew->last = dir;
    crew->files++;
    crew->bytes += file->size;
    if (!idle)
        return;
    ready_add(crew, dir);
    if (crew->idle > 0)
        pthread_cond_signal(&crew->work);
}

enum status crew_give(struct crew *crew, struct crew_file *file, uint32_t node, int parent)
{
    pthread_mutex_lock(&crew->lock);
    while (crew->files >= FILES_MAX || crew->bytes >= BYTES_MAX)
        pthread_cond_wait(&crew->progress, &crew->lock);
    enum status status = crew->status;
    struct crew_dir *dir = status == STATUS_OK ? dir_find(crew, node) : NULL;
    if (status == STATUS_OK && !dir)
        dir = dir_add(crew, node, parent);
    if (dir)
        file_add(crew, dir, file);
    pthread_mutex_unlock(&crew->lock);
    if (dir)
        return STATUS_OK;
    crew_file_free(file);
    return status == STATUS_OK ? STATUS_SYSTEM : outcome(crew);
}

static bool has_name(const struct crew_file *file, const char *name)
{
    for (; file; file = file->next) {
        if (strcmp(file->name, name) == 0)
            return true;
    }
    return false;
}

enum status crew_settle_name(struct crew *crew, uint32_t node, const char *name)
{
    if (crew->count == 0)
        return STATUS_OK;
    pthread_mutex_lock(&crew->lock);
    struct crew_dir *dir = dir_find(crew, node);
    bool waits = dir && (has_name(dir->waiting, name) || has_name(dir->taken, name));
    while (waits && !is_done(dir))
        pthread_cond_wait(&crew->progress, &crew->lock);
    enum status status = crew->status;
    pthread_mutex_unlock(&crew->lock);
    return status == STATUS_OK ? STATUS_OK : outcome(crew);
}

enum status crew_settle(struct crew *crew)
{
    if (crew->count == 0)
        return STATUS_OK;
    pthread_mutex_lock(&crew->lock);
    while (crew->files > 0)
        pthread_cond_wait(&crew->progress, &crew->lock);
    pthread_mutex_unlock(&crew->lock);
    return outcome(crew);
}

static void worker_join(struct crew *crew, struct crew_worker *worker)
{
    pthread_join(worker->thread, NULL);
    crew->rules->policy->left_owners |= worker->policy.left_owners;
    omitted_merge(&crew->rules->policy->omitted, &worker->policy.omitted);
}

void crew_stop(struct crew *crew)
{
    if (!crew->workers)
        return;
    pthread_mutex_lock(&crew->lock);
    crew->ending = true;
    pthread_cond_broadcast(&crew->work);
    pthread_mutex_unlock(&crew->lock);
    for (unsigned i = 0; i < crew->count; i++)
        worker_join(crew, &crew->workers[i]);
    for (struct crew_dir *dir = crew->dirs; dir; dir = dir->next) {
        files_free(dir->waiting);
        dir->waiting = NULL;
    }
    crew->last = NULL;
    dirs_trim(crew);
    pthread_cond_destroy(&crew->progress);
    pthread_cond_destroy(&crew->work);
    pthread_mutex_destroy(&crew->lock);
    free(crew->workers);
    *crew = (struct crew){0};
}
