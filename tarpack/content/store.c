#include "content/store.h"

enum status store_open(struct store *store, const struct store_options *options)
{
    enum status status = STATUS_OK;
    if (options->known)
        status = known_open(&store->known, options->known);
    if (status == STATUS_OK && options->known_chunks)
        status = oldmap_open(&store->old, options->known_chunks);
    if (status == STATUS_OK)
        status = mapfile_open(&store->map, options->chunks, store->old.open ? store->old.fd : -1);
    if (status == STATUS_OK)
        status = records_open(&store->records, options->contents, &store->known);
    if (status == STATUS_OK)
        status = large_start(&store->large, &store->records, &store->map, &store->old);
    return status;
}

enum status store_finish(struct store *store)
{
    enum status status = records_finish(&store->records);
    return status == STATUS_OK ? mapfile_finish(&store->map) : status;
}

void store_close(struct store *store)
{
    large_free(&store->large);
    records_close(&store->records);
    mapfile_close(&store->map);
    oldmap_close(&store->old);
    known_close(&store->known);
}
