#include "xattr_read.h"

#include "acl.h"
#include "dirs.h"

#include <errno.h>
#include <linux/limits.h>
#include <string.h>
#include <sys/xattr.h>

/* Access to an inode: its descriptor, or for inodes that are never opened, the magic link to its
 * directory plus the name. listxattrat(2) is new in Linux 6.13. */
struct way {
    int fd;
    struct dirs_magic magic;
};

static struct way way_to(int fd, int parent, const char *name)
{
    struct way way = {.fd = fd};
    if (fd < 0)
        way.magic = dirs_magic(parent, name);
    return way;
}

static ssize_t way_list(const struct way *way, char *names, size_t size)
{
    return way->fd >= 0 ? flistxattr(way->fd, names, size)
                        : llistxattr(way->magic.path, names, size);
}

static ssize_t way_get(const struct way *way, const char *name, void *value, size_t size)
{
    return way->fd >= 0 ? fgetxattr(way->fd, name, value, size)
                        : lgetxattr(way->magic.path, name, value, size);
}

/* The kernel allocates as much as it is asked for, which is slow for the maximum. Most lists are
 * short, so this size is tried first. */
#define SHORT_SIZE 512

/* Adds one attribute. One that was removed since it was listed is ignored. */
static int attribute_add(const struct way *way, const char *name, struct xattrs *list)
{
    char value[XATTR_SIZE_MAX];
    ssize_t length = way_get(way, name, value, SHORT_SIZE);
    if (length < 0 && errno == ERANGE)
        length = way_get(way, name, value, sizeof value);
    if (length < 0)
        return errno == ENODATA || errno == ENOTSUP ? 0 : -1;
    if (xattrs_add(list, name, strlen(name), value, (size_t)length) == 0)
        return 0;
    errno = ENOMEM;
    return -1;
}

int xattr_read(int fd, int parent, const char *name, struct xattrs *list)
{
    char names[XATTR_LIST_MAX];
    struct way way = way_to(fd, parent, name);
    xattrs_clear(list);
    ssize_t length = way_list(&way, names, SHORT_SIZE);
    if (length < 0 && errno == ERANGE)
        length = way_list(&way, names, sizeof names);
    if (length < 0)
        return errno == ENOTSUP ? 0 : -1;
    for (const char *at = names; at < names + length; at += strlen(at) + 1) {
        if (!acl_is_other_form(at) && attribute_add(&way, at, list) != 0)
            return -1;
    }
    xattrs_finish(list);
    return 0;
}

int xattr_read_one(int parent, const char *name, const char *attribute, struct xattrs *list)
{
    struct way way = way_to(-1, parent, name);
    return attribute_add(&way, attribute, list);
}
