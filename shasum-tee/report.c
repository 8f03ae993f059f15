#include "report.h"

#include "cli.h"
#include "diag.h"
#include "stream.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Room for two digests, two sizes and what is around them. */
#define REPORT_SIZE (4 * (size_t)DIGEST_TEXT_SIZE)

/* Whether `name` is that of an open descriptor; stores which. Such a one is used itself: what its
 * name opens would be written from the file's beginning, and a socket's can't be opened at all. */
static bool is_descriptor(const char *name, int *fd)
{
    static const char prefix[] = "/dev/fd/";
    uint64_t number = STDERR_FILENO;
    bool found = strcmp(name, "/dev/stderr") == 0 ||
                 (strncmp(name, prefix, sizeof prefix - 1) == 0 &&
                  cli_number(name + sizeof prefix - 1, INT_MAX, &number) == 0);
    *fd = (int)number;
    return found;
}

/* Whether both are one file or pipe that keeps or passes on what is written. */
static bool is_same(const struct stat *file, int fd)
{
    struct stat other;
    return !S_ISCHR(file->st_mode) && fstat(fd, &other) == 0 && file->st_dev == other.st_dev &&
           file->st_ino == other.st_ino;
}

static enum status fail(const struct report *report, const char *what)
{
    diag_errno("cannot %s '%s'", what, diag_name(report->name).text);
    return STATUS_SYSTEM;
}

enum status report_open(struct report *report, const char *name)
{
    *report = (struct report){.name = name};
    if (name == NULL) {
        return STATUS_OK;
    }
    int from = -1;
    bool duplicate = is_descriptor(name, &from);
    report->fd = duplicate ? fcntl(from, F_DUPFD_CLOEXEC, STDERR_FILENO + 1)
                           : open(name, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY, 0666);
    report->open = report->fd >= 0;
    struct stat file;
    if (!report->open || fstat(report->fd, &file) != 0) {
        return fail(report, "open");
    }
    if (is_same(&file, STDIN_FILENO) || is_same(&file, STDOUT_FILENO)) {
        return cli_usage("--output: '%s' is the standard input or output", diag_name(name).text);
    }
    /* Not by O_TRUNC: it might have been the input. */
    if (!duplicate && S_ISREG(file.st_mode) && ftruncate(report->fd, 0) != 0) {
        return fail(report, "empty");
    }
    return STATUS_OK;
}

/* The text of the report; returned by value. */
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
    (oci ? digest_text : digest_hex)(&result->digest, digest);
    (oci ? digest_text : digest_hex)(&result->content_digest, diff_id);
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

enum status report_print(struct report *report, const struct sink_result *result,
                         enum options_format format)
{
    struct report_text report_text =
        format == FORMAT_JSON ? format_json(result) : format_lines(result, format == FORMAT_OCI);
    size_t length = strlen(report_text.text);
    if (!report->open) {
        if (diag_write(report_text.text, length) != 0) {
            diag_errno("cannot write to standard error");
            return STATUS_SYSTEM;
        }
        return STATUS_OK;
    }
    if (stream_write(report->fd, report_text.text, length) != 0) {
        return fail(report, "write to");
    }
    report->open = false;
    return close(report->fd) == 0 || errno == EINTR ? STATUS_OK : fail(report, "write to");
}

void report_close(struct report *report)
{
    if (report->open) {
        (void)close(report->fd); /* nothing was written */
        report->open = false;
    }
}
