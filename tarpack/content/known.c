#include "content/known.h"

#include "diag.h"

#include <fcntl.h>
#include <unistd.h>

/* A search takes as long as it takes to add this many contents to a filter. */
#define SEARCH_COST 16

enum status known_open(struct known *known, const char *path)
{
    *known = (struct known){0};
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return diag_failed(path, "open the directory");
    enum status status = packs_open(&known->packs, fd, path);
    close(fd);
    for (size_t i = 0; i < known->packs.count; i++)
        known->contents += known->packs.list[i].index.count;
    return status;
}

/* Makes filters once the searches have cost as much as that. So they cost at most twice what was
 * necessary, whether many follow or none. */
static enum status filter_maybe(struct known *known)
{
    if (known->filtered || known->searches * SEARCH_COST < known->contents)
        return STATUS_OK;
    known->filtered = true;
    return packs_filter(&known->packs);
}

enum status known_find(struct known *known, const struct digest_value *digest, uint32_t *pack)
{
    struct index_entry entry;
    size_t number = 0;
    bool found = false;
    *pack = 0;
    enum status status = filter_maybe(known);
    if (status == STATUS_OK)
        status = packs_find(&known->packs, digest, &number, &entry, &found);
    if (found)
        *pack = (uint32_t)number + 1;
    known->searches += found ? number + 1 : known->packs.count;
    return status;
}

void known_close(struct known *known)
{
    packs_close(&known->packs);
    *known = (struct known){0};
}
