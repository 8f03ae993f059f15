#include "entry.h"

#include <sys/sysmacros.h>

static enum tar_type type_of(mode_t mode)
{
    switch (mode & S_IFMT) {
    case S_IFDIR:
        return TAR_DIRECTORY;
    case S_IFLNK:
        return TAR_SYMLINK;
    case S_IFCHR:
        return TAR_CHAR;
    case S_IFBLK:
        return TAR_BLOCK;
    case S_IFIFO:
        return TAR_FIFO;
    default:
        return TAR_FILE;
    }
}

void entry_fill(struct tar_entry *entry, const struct walk_item *item)
{
    const struct stat *status = &item->status;
    entry->path = item->path;
    entry->link = NULL;
    entry->type = type_of(status->st_mode);
    entry->mode = status->st_mode & 07777;
    entry->uid = status->st_uid;
    entry->gid = status->st_gid;
    entry->major = entry->minor = 0;
    if (entry->type == TAR_CHAR || entry->type == TAR_BLOCK) {
        entry->major = major(status->st_rdev);
        entry->minor = minor(status->st_rdev);
    }
    entry->size = entry->type == TAR_FILE ? (uint64_t)status->st_size : 0;
    entry->mtime.seconds = status->st_mtim.tv_sec;
    entry->mtime.nanoseconds = (uint32_t)status->st_mtim.tv_nsec;
}
