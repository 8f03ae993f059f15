#include "verdict.h"

#include "diag.h"

#include <inttypes.h>

/* Compares the stream's digest with the expected one. `problem`, if not NULL, is what else is wrong
 * with the archive, for the message. */
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

/* Checks the digest of a refused archive, if one is expected, after reading the rest of the
 * stream. */
static enum status rest_check(const struct archive_input *input,
                              const struct digest_value *expected, const char *problem)
{
    enum status status = expected ? source_drain(input->source) : STATUS_OK;
    if (status == STATUS_OK && expected)
        status = digest_check(input->source, expected, problem);
    return status;
}

static enum status malformed(const struct archive_input *input, const struct digest_value *expected)
{
    enum status status = rest_check(input, expected, input->problem->text);
    if (status != STATUS_OK)
        return status;
    diag_error("%s", input->problem->text);
    return STATUS_ARCHIVE;
}

enum status verdict_refused(const struct archive_input *input, const struct digest_value *expected)
{
    enum status status = rest_check(input, expected, NULL);
    return status == STATUS_OK ? STATUS_ARCHIVE : status;
}

enum status verdict(const struct archive_input *input, enum archive_event event,
                    const struct digest_value *expected)
{
    switch (event) {
    case ARCHIVE_OK:
        return STATUS_OK;
    case ARCHIVE_END:
        return expected ? digest_check(input->source, expected, NULL) : STATUS_OK;
    case ARCHIVE_MALFORMED:
        return malformed(input, expected);
    case ARCHIVE_LIMIT:
        diag_error("%s", input->problem->text);
        return STATUS_ARCHIVE;
    case ARCHIVE_FAILED:
        break;
    }
    return input->problem->failure;
}

void verdict_warn(const struct reader *reader)
{
    if (reader_ignored(reader) > 0)
        diag_warn("%" PRIu64 " bytes after the end of the archive were ignored",
                  reader_ignored(reader));
}
