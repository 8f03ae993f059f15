#include "content/known.h"

#include "diag.h"

#include <fcntl.h>
#include <unistd.h>

enum status known_open(struct known *known, const char *path)
{
    *known = (struct known){0};
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return diag_failed(path, "open the directory");
    enum status status = packs_open(&known->packs, fd, path);
    close(fd);
    return status;
}

enum status known_find(struct known *known, const struct digest_value *digest, uint32_t *pack)
{
    struct index_entry entry;
    size_t number = 0;
    bool found = false;
    enum status status = packs_search(&known->packs, digest, &number, &entry, &found);
    *pack = found ? (uint32_t)number + 1 : 0;
    return status;
}

void known_close(struct known *known)
{
    packs_close(&known->packs);
    *known = (struct known){0};
}
