#include "verdict.h"

#include "diag.h"

/* Compares the stream's digest with the expected one; `problem`, if not NULL, is what is wrong with
 * the archive besides. */
static enum status digest_check(struct source *source, const struct digest_value *expected,
                                const char *problem)
{
    struct digest_value actual;
    char wanted[DIGEST_TEXT_SIZE], got[DIGEST_TEXT_SIZE];
    enum status status = source_digest(source, &actual);
    if (status != STATUS_OK || digest_equal(&actual, expected))
        return status;
    digest_text(expected, wanted);
    digest_text(&actual, got);
    diag_error("the digest does not match: expected %s, got %s%s%s", wanted, got,
               problem ? "; " : "", problem ? problem : "");
    return STATUS_DIGEST;
}

/* Hashes the rest of a stream whose archive is refused; `problem` as for digest_check(). */
static enum status rest_check(struct reader *reader, const struct digest_value *expected,
                              const char *problem)
{
    enum status status = expected ? source_drain(reader->source) : STATUS_OK;
    if (status == STATUS_OK && expected)
        status = digest_check(reader->source, expected, problem);
    return status;
}

static enum status malformed(struct reader *reader, const struct digest_value *expected)
{
    enum status status = rest_check(reader, expected, reader->problem);
    if (status != STATUS_OK)
        return status;
    diag_error("%s", reader->problem);
    return STATUS_ARCHIVE;
}

enum status verdict_refused(struct reader *reader, const struct digest_value *expected)
{
    enum status status = rest_check(reader, expected, NULL);
    return status == STATUS_OK ? STATUS_ARCHIVE : status;
}

enum status verdict(struct reader *reader, enum reader_event event,
                    const struct digest_value *expected)
{
    switch (event) {
    case READER_OK:
        return STATUS_OK;
    case READER_END:
        return expected ? digest_check(reader->source, expected, NULL) : STATUS_OK;
    case READER_MALFORMED:
        return malformed(reader, expected);
    case READER_LIMIT:
        diag_error("%s", reader->problem);
        return STATUS_ARCHIVE;
    case READER_FAILED:
        break;
    }
    return reader->failure;
}
