#include "tree/left_out.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

/* What a path costs beside its text: a node of the tree, and two allocations. */
#define NODE_SIZE 64

static int path_compare(const void *left, const void *right)
{
    return strcmp(left, right);
}

int left_out_add(struct left_out *left, const char *path)
{
    if (left_out_has(left, path))
        return 0;
    char *copy = strdup(path);
    if (!copy || !tsearch(copy, &left->paths, path_compare)) {
        free(copy);
        return -1;
    }
    left->bytes += strlen(path) + NODE_SIZE;
    return 0;
}

bool left_out_has(const struct left_out *left, const char *path)
{
    return tfind(path, &left->paths, path_compare) != NULL;
}

void left_out_free(struct left_out *left)
{
    tdestroy(left->paths, free);
    *left = (struct left_out){0};
}
