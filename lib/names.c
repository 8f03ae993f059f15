#include "names.h"

#include "array.h"
#include "kernel.h"
#include "stream.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

/* The buffer of one system call, enough for most directories. */
#define READ_SIZE ((size_t)64 * 1024)

static int name_append(struct names *names, const struct dirent *entry)
{
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
        return 0;
    if (array_reserve(&names->list, &names->capacity, names->count + 1, sizeof *names->list) != 0)
        return -1;
    names->list[names->count++] = (struct name){.text = names->text.length, .type = entry->d_type};
    return buf_append(&names->text, entry->d_name, strlen(entry->d_name) + 1);
}

static int name_compare(const void *left, const void *right, void *text)
{
    const struct name *a = left, *b = right;
    return strcmp((const char *)text + a->text, (const char *)text + b->text);
}

/* Not by readdir(3), which would allocate a DIR and take over the descriptor. */
static int names_collect(struct names *names, int fd)
{
    _Alignas(struct dirent) char chunk[READ_SIZE];
    for (;;) {
        ssize_t got = kernel_read_entries(fd, chunk, sizeof chunk);
        if (got <= 0)
            return (int)got;
        for (ssize_t at = 0; at < got;) {
            const struct dirent *entry = (const void *)(chunk + at);
            if (name_append(names, entry) != 0) {
                errno = ENOMEM;
                return -1;
            }
            at += entry->d_reclen;
        }
    }
}

int names_read_in(struct names *names, int parent, const char *name)
{
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return -1;
    int result = names_read(names, fd);
    stream_close(fd);
    return result;
}

int names_read(struct names *names, int fd)
{
    if (names_collect(names, fd) != 0)
        return -1;
    if (names->count > 1)
        qsort_r(names->list, names->count, sizeof *names->list, name_compare, names->text.bytes);
    return 0;
}

int names_copy(struct names *names, const struct names *from)
{
    if (array_reserve(&names->list, &names->capacity, from->count, sizeof *names->list) != 0 ||
        buf_set_text(&names->text, from->text.bytes, from->text.length) != 0) {
        names_free(names);
        return -1;
    }
    if (from->count > 0)
        memcpy(names->list, from->list, from->count * sizeof *names->list);
    names->count = from->count;
    return 0;
}

struct order {
    const char *text;
    const char *(*key)(const char *name);
};

static int key_compare(const void *left, const void *right, void *context)
{
    const struct order *order = context;
    const char *a = order->text + ((const struct name *)left)->text;
    const char *b = order->text + ((const struct name *)right)->text;
    int result = strcmp(order->key(a), order->key(b));
    return result != 0 ? result : strcmp(a, b);
}

void names_sort(struct names *names, const char *(*key)(const char *name))
{
    struct order order = {names->text.bytes, key};
    if (names->count > 1)
        qsort_r(names->list, names->count, sizeof *names->list, key_compare, &order);
}

const char *names_text(const struct names *names, size_t index)
{
    return names->text.bytes + names->list[index].text;
}

bool names_find(const struct names *names, const char *text)
{
    size_t low = 0, high = names->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(text, names_text(names, middle));
        if (order == 0)
            return true;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return false;
}

void names_free(struct names *names)
{
    free(names->list);
    buf_free(&names->text);
    *names = (struct names){0};
}
