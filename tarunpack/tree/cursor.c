#include "tree/cursor.h"

#include "array.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int node_push(struct cursor *cursor, uint32_t node)
{
    size_t level = cursor->dirs.count - 1;
    if (array_reserve(&cursor->nodes, &cursor->capacity, level + 1, sizeof *cursor->nodes) != 0)
        return -1;
    cursor->nodes[level] = node;
    return 0;
}

int cursor_start(struct cursor *cursor, int fd)
{
    if (dirs_start(&cursor->dirs, fd) != 0)
        return -1;
    errno = ENOMEM;
    return dirtree_start(&cursor->made) == 0 ? node_push(cursor, DIRTREE_ROOT) : -1;
}

int cursor_fd(const struct cursor *cursor)
{
    return dirs_fd(&cursor->dirs);
}

uint32_t cursor_index(const struct cursor *cursor)
{
    return cursor->nodes[cursor->dirs.count - 1];
}

struct dirnode *cursor_node(const struct cursor *cursor)
{
    return dirtree_node(&cursor->made, cursor_index(cursor));
}

uint32_t cursor_add(struct cursor *cursor, const char *name)
{
    return dirtree_add(&cursor->made, cursor_index(cursor), name, strlen(name));
}

uint32_t cursor_find(const struct cursor *cursor, const char *name)
{
    return dirtree_find(&cursor->made, cursor_index(cursor), name, strlen(name));
}

int cursor_enter(struct cursor *cursor, const char *name, uint32_t node)
{
    return dirs_enter(&cursor->dirs, name) == 0 ? node_push(cursor, node) : -1;
}

ssize_t cursor_leave(struct cursor *cursor, const char *path, size_t length)
{
    const char *here = dirs_path(&cursor->dirs);
    size_t common = 0;
    while (common < length && here[common] == path[common] && here[common])
        common++;
    while (cursor->dirs.count > 1) {
        size_t level = cursor->dirs.path.length;
        if (level <= common && (level == length || path[level] == '/'))
            return (ssize_t)level;
        if (dirs_leave(&cursor->dirs) != 0)
            return -1;
    }
    return 0;
}

void cursor_free(struct cursor *cursor)
{
    dirs_free(&cursor->dirs);
    dirtree_free(&cursor->made);
    free(cursor->nodes);
    *cursor = (struct cursor){0};
}
