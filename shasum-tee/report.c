#include "report.h"

#include "diag.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Room for two digests, two sizes and the text around them. */
#define REPORT_SIZE (4 * (size_t)DIGEST_TEXT_SIZE)

struct report_text {
    char text[REPORT_SIZE];
};

static struct report_text format_json(const struct sink_result *result)
{
    char digest[DIGEST_TEXT_SIZE];
    digest_text(&result->digest, digest);
    char content[REPORT_SIZE / 2] = "";
    if (result->zstd) {
        char diff_id[DIGEST_TEXT_SIZE];
        digest_text(&result->content_digest, diff_id);
        (void)snprintf(content, sizeof content, ",\"diff_id\":\"%s\",\"diff_size\":%" PRIu64,
                       diff_id, result->content_size);
    }
    struct report_text report;
    (void)snprintf(report.text, sizeof report.text,
                   "{\"algorithm\":\"%s\",\"digest\":\"%s\",\"size\":%" PRIu64 "%s}\n",
                   digest_algorithm_name(result->digest.algorithm), digest, result->size, content);
    return report;
}

static struct report_text format_lines(const struct sink_result *result, bool oci)
{
    char digest[DIGEST_TEXT_SIZE];
    char diff_id[DIGEST_TEXT_SIZE];
    if (oci) {
        digest_text(&result->digest, digest);
        digest_text(&result->content_digest, diff_id);
    } else {
        digest_hex(&result->digest, digest);
        digest_hex(&result->content_digest, diff_id);
    }
    struct report_text report;
    if (result->zstd) {
        (void)snprintf(report.text, sizeof report.text,
                       "%s  %" PRIu64 "  blob\n%s  %" PRIu64 "  diffid\n", digest, result->size,
                       diff_id, result->content_size);
    } else {
        (void)snprintf(report.text, sizeof report.text, oci ? "%s\n" : "%s  -\n", digest);
    }
    return report;
}

enum status report_print(struct outfile *file, const struct sink_result *result,
                         enum options_format format)
{
    struct report_text report =
        format == FORMAT_JSON ? format_json(result) : format_lines(result, format == FORMAT_OCI);
    size_t length = strlen(report.text);
    if (file->open)
        return outfile_finish(file, report.text, length);
    if (diag_write(report.text, length) != 0)
        return diag_errno("cannot write to standard error");
    return STATUS_OK;
}
