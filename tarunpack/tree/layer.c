#include "tree/layer.h"

#include "diag.h"
#include "dirs.h"
#include "names.h"
#include "place/remove.h"
#include "stream.h"
#include "whiteout.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum status layer_mark(int fd, const char *path, struct meta_policy *policy,
                       const struct meta *meta, const struct xattrs *xattrs)
{
    struct meta_inode mark = {.fd = -1, .path = path, .mode = 0700};
    if (unlinkat(fd, LAYER_MARK, AT_REMOVEDIR) != 0 && errno != ENOENT)
        return diag_failed(path, "mark directory");
    if (mkdirat(fd, LAYER_MARK, 0700) == 0)
        mark.fd = dirs_open(fd, LAYER_MARK);
    if (mark.fd < 0)
        return diag_failed(path, "mark directory");
    enum status status = meta_apply(policy, &mark, meta, xattrs);
    close(mark.fd);
    return status;
}

static enum status empty_file_make(int here, const char *name, const char *path)
{
    int fd = openat(here, name, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return diag_failed(path, "create whiteout");
    close(fd);
    return STATUS_OK;
}

enum status layer_whiteout(int here, const char *name, const char *path)
{
    if (mkdirat(here, LAYER_GONE, 0700) != 0 && errno != EEXIST)
        return diag_failed(path, "create whiteout");
    int gone = dirs_open(here, LAYER_GONE);
    if (gone < 0)
        return diag_failed(path, "create whiteout");
    enum status status = empty_file_make(gone, name, path);
    close(gone);
    return status;
}

enum status layer_opaque(int here, const char *path)
{
    return empty_file_make(here, WHITEOUT_OPAQUE_NAME, path);
}

bool layer_is_whited_out(int here, const char *name)
{
    struct stat status;
    int gone = dirs_open(here, LAYER_GONE);
    bool is = gone >= 0 && fstatat(gone, name, &status, AT_SYMLINK_NOFOLLOW) == 0;
    stream_close(gone);
    return is;
}

enum status layer_directory_remove(int here, const char *name, const char *path)
{
    struct names names = {0};
    bool marks_only = true;
    int result = names_read_in(&names, here, name);
    for (size_t i = 0; i < names.count && marks_only; i++)
        marks_only = strncmp(names_text(&names, i), WHITEOUT_PREFIX, strlen(WHITEOUT_PREFIX)) == 0;
    names_free(&names);
    if (result != 0)
        return diag_failed(path, "read directory");
    if (marks_only)
        return remove_tree(here, name, path);
    diag_error("%s: would replace a directory that is not empty", diag_name(path).text);
    return STATUS_ARCHIVE;
}

enum status layer_links_add(struct layer_links *links, const char *path, const char *target)
{
    if (buf_append(&links->text, path, strlen(path) + 1) != 0 ||
        buf_append(&links->text, target, strlen(target) + 1) != 0)
        return diag_no_memory();
    return links->text.length >= STREAM_CHUNK ? layer_links_flush(links) : STATUS_OK;
}

enum status layer_links_flush(struct layer_links *links)
{
    if (stream_write(links->fd, links->text.bytes, links->text.length) != 0)
        return diag_failed(links->directory, "write the list of hard links in it");
    links->text.length = 0;
    return STATUS_OK;
}
