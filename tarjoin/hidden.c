#include "hidden.h"

#include "array.h"

#include <stdlib.h>
#include <string.h>

int hidden_note(struct hidden_list *list, const char *path)
{
    if (array_reserve(&list->entries, &list->capacity, list->count + 1, sizeof *list->entries) != 0)
        return -1;
    char *copy = strdup(path);
    if (!copy)
        return -1;
    list->entries[list->count++].path = copy;
    return 0;
}

static int hidden_compare(const void *a, const void *b)
{
    const struct hidden *one = a, *other = b;
    return strcmp(one->path, other->path);
}

void hidden_sort(struct hidden_list *list)
{
    size_t kept = 0;
    if (list->count == 0)
        return;
    qsort(list->entries, list->count, sizeof *list->entries, hidden_compare);
    for (size_t i = 0; i < list->count; i++) {
        struct hidden *hidden = &list->entries[i];
        if (i > 0 && strcmp(list->entries[kept - 1].path, hidden->path) == 0)
            free(hidden->path);
        else
            list->entries[kept++] = *hidden;
    }
    list->count = kept;
}

struct hidden *hidden_find(const struct hidden_list *list, const char *path)
{
    struct hidden key = {0};
    if (list->count == 0)
        return NULL;
    memcpy(&key.path, &path, sizeof key.path); /* not changed */
    return bsearch(&key, list->entries, list->count, sizeof key, hidden_compare);
}

void hidden_free(struct hidden_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->entries[i].path);
        free(list->entries[i].name);
        buf_free(&list->entries[i].text);
    }
    free(list->entries);
}
