#include "tree/kinds.h"

#include "array.h"
#include "diag.h"

#include <stdlib.h>

enum upper_kind kinds_above(const struct kinds *kinds, const struct walk_item *item)
{
    return item->parent < 0 ? UPPER_ENTRY : kinds->kinds[item->depth];
}

enum status kinds_remember(struct kinds *kinds, const struct walk_item *item, enum upper_kind kind)
{
    const size_t depth = item->parent < 0 ? 0 : item->depth + 1;
    if (array_reserve(&kinds->kinds, &kinds->capacity, depth + 1, sizeof *kinds->kinds) != 0)
        return diag_no_memory();
    kinds->kinds[depth] = kind;
    return STATUS_OK;
}

void kinds_free(struct kinds *kinds)
{
    free(kinds->kinds);
    *kinds = (struct kinds){0};
}
