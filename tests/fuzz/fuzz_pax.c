/* The records of extended headers. */
#include "fuzz.h"

#include "tar_pax.h"
#include "tar_record.h"

#include <stdbool.h>
#include <string.h>

static void text_check(const struct tar_pax *pax, unsigned keyword, const struct buf *text)
{
    if (pax->given & keyword)
        EXPECT(text->bytes && strlen(text->bytes) == text->length);
}

static void pax_check(const struct tar_pax *pax)
{
    text_check(pax, TAR_PAX_PATH, &pax->path);
    text_check(pax, TAR_PAX_LINK, &pax->link);
    text_check(pax, TAR_PAX_SPARSE_NAME, &pax->sparse_name);
    EXPECT(!(pax->given & TAR_PAX_MTIME) || pax->mtime.nanoseconds < 1000000000);
    fuzz_map_check(&pax->sparse);
}

static int append_text(struct buf *out, const char *keyword, const struct buf *text)
{
    return tar_record_append(out, keyword, text->bytes, text->length);
}

static int append_values(struct buf *out, const struct tar_pax *pax)
{
    int result = 0;
    if (pax->given & TAR_PAX_PATH)
        result |= append_text(out, "path", &pax->path);
    if (pax->given & TAR_PAX_LINK)
        result |= append_text(out, "linkpath", &pax->link);
    if (pax->given & TAR_PAX_SIZE)
        result |= tar_record_append_number(out, "size", pax->size);
    if (pax->given & TAR_PAX_UID)
        result |= tar_record_append_number(out, "uid", pax->uid);
    if (pax->given & TAR_PAX_MTIME)
        result |= tar_record_append_time(out, "mtime", pax->mtime);
    for (size_t i = 0; i < pax->xattrs.count; i++) {
        struct xattr xattr = xattrs_get(&pax->xattrs, i);
        result |= tar_record_append_xattr(out, &xattr);
    }
    return result;
}

static bool text_is_same(const struct tar_pax *a, const struct tar_pax *b, unsigned keyword,
                         const struct buf *text, const struct buf *other)
{
    return (a->given & keyword) == (b->given & keyword) &&
           (!(a->given & keyword) || strcmp(text->bytes, other->bytes) == 0);
}

/* Records that tarpack's code writes of the result are read as the same. */
static void again_try(const struct tar_pax *pax)
{
    struct tar_pax again = {0};
    struct buf records = {0};
    EXPECT(append_values(&records, pax) == 0);
    EXPECT(tar_pax_decode(&again, records.bytes ? records.bytes : "", records.length) == TAR_OK);
    EXPECT(text_is_same(pax, &again, TAR_PAX_PATH, &pax->path, &again.path));
    EXPECT(text_is_same(pax, &again, TAR_PAX_LINK, &pax->link, &again.link));
    EXPECT(!(pax->given & TAR_PAX_SIZE) || again.size == pax->size);
    EXPECT(!(pax->given & TAR_PAX_UID) || again.uid == pax->uid);
    EXPECT(!(pax->given & TAR_PAX_MTIME) || (again.mtime.seconds == pax->mtime.seconds &&
                                             again.mtime.nanoseconds == pax->mtime.nanoseconds));
    EXPECT(again.xattrs.count == pax->xattrs.count);
    for (size_t i = 0; i < pax->xattrs.count; i++) {
        struct xattr a = xattrs_get(&pax->xattrs, i), b = xattrs_get(&again.xattrs, i);
        EXPECT(strcmp(a.name, b.name) == 0 && a.length == b.length);
        EXPECT(a.length == 0 || memcmp(a.value, b.value, a.length) == 0);
    }
    buf_free(&records);
    tar_pax_free(&again);
}

/* Decodes two headers in a row; the input's first NUL separates them. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    struct tar_pax pax = {0};
    size_t first = size;
    const char *split = memchr(text ? text : "", '\0', size);
    if (split && size > 0)
        first = (size_t)(split - text);
    enum tar_error error = tar_pax_decode(&pax, text, first);
    if (error == TAR_OK && first < size)
        error = tar_pax_decode(&pax, text + first + 1, size - first - 1);
    if (error == TAR_OK) {
        pax_check(&pax);
        again_try(&pax);
    }
    tar_pax_clear(&pax);
    EXPECT(pax.given == 0 && pax.xattrs.count == 0 && pax.sparse.count == 0);
    tar_pax_free(&pax);
    return 0;
}
