#include "later.h"

#include "diag.h"

/* Fills in what is known of a content now. */
static void content_told(void *context, const struct hasher_token *token,
                         const struct digest_value *value, const struct place *place)
{
    const struct later *later = context;
    emit_fill(later->emit, token->line, value);
    if (later->cache)
        cache_fill(later->cache, token->record, value, place);
}

static enum status settle(struct later *later)
{
    enum status status = later->status;
    if (status == STATUS_OK)
        status = digester_settle(later->emit->digester);
    if (status == STATUS_OK)
        status = emit_release(later->emit);
    if (status == STATUS_OK && later->cache)
        cache_release(later->cache);
    return later->status = status;
}

/* A message comes after those about the contents before it, and not at all after a failure. */
static bool message_allow(void *context)
{
    struct later *later = context;
    return settle(later) == STATUS_OK;
}

void later_start(struct later *later, struct emit *emit, struct cache *cache)
{
    *later = (struct later){.emit = emit, .cache = cache};
    digester_listen(emit->digester, content_told, later);
    (void)diag_set_gate((struct diag_gate){message_allow, later});
}

enum status later_begin(struct later *later, uint64_t size)
{
    return later->emit && size > PACK_CONTENT_MAX ? settle(later) : STATUS_OK;
}

enum status later_add(struct later *later, const struct source *source, const char *path)
{
    struct emit *emit = later->emit;
    struct hasher_token token = {0};
    if (emit && emit->late) {
        token.line = emit->digits;
        if (later->cache)
            token.record = cache_add_late(later->cache);
        return source ? digester_late_file(emit->digester, &token, source, path)
                      : digester_late(emit->digester, &token);
    }
    if (emit && later->cache)
        cache_add(later->cache, &emit->value, &emit->place);
    return STATUS_OK;
}

enum status later_advance(struct later *later)
{
    if (later->status != STATUS_OK || !later->emit || !later->emit->held)
        return later->status;
    return emit_is_full(later->emit) || (later->cache && cache_is_full(later->cache))
               ? settle(later)
               : STATUS_OK;
}

enum status later_end(struct later *later, enum status status)
{
    if (!later->emit)
        return status;
    (void)diag_set_gate((struct diag_gate){0});
    if (status == STATUS_OK)
        status = settle(later);
    return later->status != STATUS_OK ? later->status : status;
}
