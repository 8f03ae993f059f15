#include "report.h"

#include "diag.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Room for two digests, two sizes and the text around them. */
#define REPORT_SIZE (4 * (size_t)DIGEST_TEXT_SIZE)

static void format_json(const struct sink_result *result, char text[static REPORT_SIZE])
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
    (void)snprintf(text, REPORT_SIZE,
                   "{\"algorithm\":\"%s\",\"digest\":\"%s\",\"size\":%" PRIu64 "%s}\n",
                   digest_algorithm_name(result->digest.algorithm), digest, result->size, content);
}

static void format_lines(const struct sink_result *result, bool oci, char text[static REPORT_SIZE])
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
    if (result->zstd)
        (void)snprintf(text, REPORT_SIZE, "%s  %" PRIu64 "  blob\n%s  %" PRIu64 "  diffid\n",
                       digest, result->size, diff_id, result->content_size);
    else
        (void)snprintf(text, REPORT_SIZE, oci ? "%s\n" : "%s  -\n", digest);
}

enum status report_print(struct outfile *file, const struct sink_result *result,
                         enum options_format format)
{
    char text[REPORT_SIZE];
    if (format == FORMAT_JSON)
        format_json(result, text);
    else
        format_lines(result, format == FORMAT_OCI, text);
    size_t length = strlen(text);
    if (file->open)
        return outfile_finish(file, text, length);
    return diag_write(text, length) == 0 ? STATUS_OK : diag_errno("cannot write to standard error");
}
