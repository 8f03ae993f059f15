#include "tree/ahead.h"

#include "array.h"
#include "diag.h"
#include "tar_path.h"
#include "thread.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* How many pieces the thread may be ahead. A full ring is filled again when half of it is left. */
#define PIECES 32
#define PIECES_LEFT (PIECES / 2)

/* With fewer, the thread leaves the status of files to the walk. */
#define PIECES_ENOUGH 6

#define PIECE_FILES 32

/* The thread has open directories of its own. */
#define DESCRIPTORS_MIN 512

struct piece {
    uint64_t directory;          /* its number, from 1 */
    struct buf path;             /* of the directory; "" for the root */
    bool first;                  /* of the directory: it has the next two */
    struct stat status;          /* of the directory, before its names were read */
    struct names names;          /* a copy */
    size_t count, passed;        /* files, and those that the walk has passed */
    size_t numbers[PIECE_FILES]; /* of their names */
    struct stat files[PIECE_FILES];
};

/* The numbers of the directories from the root down to an item, by depth. */
struct numbers {
    uint64_t *list;
    size_t capacity;
};

struct ahead {
    int root; /* descriptor of its own; the thread takes it over */
    struct walk_limits limits;
    struct piece ring[PIECES]; /* by their number, modulo PIECES */
    struct piece *head;        /* for the walk only: the oldest piece, if it is known to exist */
    struct numbers above;      /* likewise; 0: the directory has none */
    bool lost;                 /* likewise: memory was out, and `above` is wrong */
    struct thread thread;      /* its lock guards what follows */
    uint64_t made, passed;     /* pieces */
    bool over;                 /* no further one is made */
};

/* Stores a number, behind which there are none. Returns 0; -1 if memory is out. */
static int number_set(struct numbers *numbers, size_t depth, uint64_t number)
{
    if (array_reserve(&numbers->list, &numbers->capacity, depth + 1, sizeof *numbers->list) != 0)
        return -1;
    numbers->list[depth] = number;
    return 0;
}

/* The thread's own data. */
struct looker {
    struct ahead *ahead;
    struct walk walk;
    dev_t device;         /* of the root */
    struct stat looked;   /* the status of the directory that was looked at last */
    struct numbers above; /* the item */
    uint64_t directories; /* so far */
    struct piece *piece;  /* the one that is filled; NULL: none */
    bool hurries;         /* few pieces are ahead */
};

/* Gives the piece to the walk. */
static void piece_give(struct looker *looker)
{
    struct ahead *ahead = looker->ahead;
    if (!looker->piece)
        return;
    pthread_mutex_lock(&ahead->thread.lock);
    ahead->made++;
    pthread_cond_broadcast(&ahead->thread.changed);
    pthread_mutex_unlock(&ahead->thread.lock);
    looker->piece = NULL;
}

/* Waits for a free piece. Returns NULL at the end. */
static struct piece *piece_await(struct looker *looker)
{
    struct ahead *ahead = looker->ahead;
    pthread_mutex_lock(&ahead->thread.lock);
    if (ahead->made - ahead->passed == PIECES) {
        while (!ahead->thread.ending && ahead->made - ahead->passed > PIECES_LEFT)
            pthread_cond_wait(&ahead->thread.changed, &ahead->thread.lock);
    }
    looker->hurries = ahead->made - ahead->passed < PIECES_ENOUGH;
    struct piece *piece = ahead->thread.ending ? NULL : &ahead->ring[ahead->made % PIECES];
    pthread_mutex_unlock(&ahead->thread.lock);
    return piece;
}

/* Gives the current piece to the walk, and begins one of the directory that has the item. Returns
 * false at the end. */
static bool piece_begin(struct looker *looker, const struct walk_item *item)
{
    const char *path = dirs_path(&looker->walk.dirs);
    piece_give(looker);
    struct piece *piece = piece_await(looker);
    if (!piece || buf_set_text(&piece->path, path, strlen(path)) != 0)
        return false;
    looker->piece = piece;
    names_free(&piece->names);
    piece->directory = looker->above.list[item->depth];
    piece->count = piece->passed = 0;
    piece->first = false;
    return true;
}

/* Begins the first piece of a directory. */
static bool directory_begin(struct looker *looker, const struct walk_item *item)
{
    if (number_set(&looker->above, item->depth, ++looker->directories) != 0 ||
        !piece_begin(looker, item))
        return false;
    struct piece *piece = looker->piece;
    piece->first = names_copy(&piece->names, dirs_names(&looker->walk.dirs)) == 0;
    piece->status = looker->looked;
    return true;
}

/* Opens the directory, so that the walk enters it. */
static enum status directory_look(struct looker *looker, const struct walk_item *item)
{
    bool there = false;
    enum status status = walk_look(&looker->walk, &there);
    if (status != STATUS_OK || !there)
        return status;
    looker->looked = item->status;
    if (item->parent < 0)
        looker->device = item->status.st_dev;
    if (looker->ahead->limits.one_file_system && item->status.st_dev != looker->device)
        walk_prune(&looker->walk);
    return STATUS_OK;
}

/* Adds the status of the file to the current piece, or to a new one. */
static bool file_add(struct looker *looker, const struct walk_item *item)
{
    if (looker->piece->directory != looker->above.list[item->depth] ||
        looker->piece->count == PIECE_FILES) {
        if (!piece_begin(looker, item))
            return false;
    }
    struct piece *piece = looker->piece;
    piece->numbers[piece->count] = item->number;
    piece->files[piece->count++] = item->status;
    return true;
}

/* Visits the item. Returns false at the end, and if memory is out. */
static bool item_visit(struct looker *looker, const struct walk_item *item)
{
    const struct walk_limits *limits = &looker->ahead->limits;
    if (item->parent >= 0 && item->number == 0 && !directory_begin(looker, item))
        return false;
    if (limits->leaves_out(limits->context, item))
        return true;
    if (looker->walk.type == DT_DIR)
        return directory_look(looker, item) == STATUS_OK;
    return looker->hurries || !walk_peek(&looker->walk) || file_add(looker, item);
}

static void *thread_main(void *context)
{
    struct ahead *ahead = context;
    struct looker looker = {.ahead = ahead};
    looker.walk.key = ahead->limits.key;
    looker.walk.marked = ahead->limits.marked;
    struct diag_kept kept = {0};
    const struct walk_item *item = NULL;
    diag_keep(&kept); /* the walk itself reports errors */
    enum status status = walk_start(&looker.walk, ahead->root, true);
    do {
        if (status == STATUS_OK)
            status = walk_next(&looker.walk, &item);
    } while (status == STATUS_OK && item && item_visit(&looker, item));
    piece_give(&looker);
    pthread_mutex_lock(&ahead->thread.lock);
    ahead->over = true;
    pthread_cond_broadcast(&ahead->thread.changed);
    pthread_mutex_unlock(&ahead->thread.lock);
    walk_free(&looker.walk);
    free(looker.above.list);
    return NULL;
}

struct ahead *ahead_new(int root, const struct walk_limits *limits)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur < DESCRIPTORS_MIN)
        return NULL;
    struct ahead *ahead = calloc(1, sizeof *ahead);
    if (!ahead)
        return NULL;
    ahead->limits = *limits;
    ahead->root = dirs_open(root, ".");
    if (ahead->root >= 0 && thread_begin(&ahead->thread, thread_main, ahead) == 0)
        return ahead;
    if (ahead->root >= 0)
        close(ahead->root);
    free(ahead);
    return NULL;
}

/* The oldest piece; waits for it. NULL if no further one is made. */
static struct piece *head_await(struct ahead *ahead)
{
    if (ahead->head)
        return ahead->head;
    pthread_mutex_lock(&ahead->thread.lock);
    while (ahead->made == ahead->passed && !ahead->over)
        pthread_cond_wait(&ahead->thread.changed, &ahead->thread.lock);
    if (ahead->made > ahead->passed)
        ahead->head = &ahead->ring[ahead->passed % PIECES];
    pthread_mutex_unlock(&ahead->thread.lock);
    return ahead->head;
}

static void head_pass(struct ahead *ahead)
{
    ahead->head = NULL;
    pthread_mutex_lock(&ahead->thread.lock);
    ahead->passed++;
    if (ahead->made - ahead->passed == PIECES_LEFT)
        pthread_cond_broadcast(&ahead->thread.changed);
    pthread_mutex_unlock(&ahead->thread.lock);
}

/* Whether all of the piece comes before the item. */
static bool is_passed(const struct ahead *ahead, const struct piece *piece,
                      const struct walk_item *item)
{
    if (item->parent < 0)
        return false;
    for (size_t depth = 0; depth <= item->depth; depth++) {
        if (ahead->above.list[depth] == piece->directory)
            return depth == item->depth &&
                   (piece->count == 0 || piece->numbers[piece->count - 1] < item->number);
    }
    return tar_path_compare(piece->path.bytes, item->path) < 0;
}

/* The first piece that is not passed; NULL if there is none. */
static struct piece *piece_find(struct ahead *ahead, const struct walk_item *item)
{
    struct piece *piece = head_await(ahead);
    while (piece && is_passed(ahead, piece, item)) {
        head_pass(ahead);
        piece = head_await(ahead);
    }
    return piece;
}

/* Whether the directory has not changed in between. */
static bool is_same(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
           a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

bool ahead_names(struct ahead *ahead, const struct walk_item *directory, struct names *names)
{
    const bool root = directory->parent < 0;
    const size_t depth = root ? 0 : directory->depth + 1;
    if (!ahead || ahead->lost)
        return false;
    ahead->lost = number_set(&ahead->above, depth, 0) != 0;
    if (ahead->lost)
        return false;
    struct piece *piece = piece_find(ahead, directory);
    if (!piece || !piece->first || !is_same(&piece->status, &directory->status) ||
        strcmp(piece->path.bytes, root ? "" : directory->path) != 0)
        return false;
    *names = piece->names;
    piece->names = (struct names){0};
    piece->first = false;
    ahead->above.list[depth] = piece->directory;
    return true;
}

bool ahead_status(struct ahead *ahead, const struct walk_item *item, struct stat *status)
{
    if (!ahead || ahead->lost || item->parent < 0)
        return false;
    struct piece *piece = piece_find(ahead, item);
    if (!piece || piece->directory != ahead->above.list[item->depth])
        return false;
    while (piece->passed < piece->count && piece->numbers[piece->passed] < item->number)
        piece->passed++;
    if (piece->passed == piece->count || piece->numbers[piece->passed] != item->number)
        return false;
    *status = piece->files[piece->passed];
    return true;
}

void ahead_stop(struct ahead *ahead)
{
    if (!ahead)
        return;
    thread_end(&ahead->thread);
    for (size_t i = 0; i < PIECES; i++) {
        buf_free(&ahead->ring[i].path);
        names_free(&ahead->ring[i].names);
    }
    free(ahead->above.list);
    free(ahead);
}
