/*
 * From bytes to entries: the order of headers, and streams truncated at every length. hostile.bats
 * tests malformed archives.
 */
#include "archive.h"
#include "diag.h"
#include "reading.h"
#include "tap.h"
#include "tar_record.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static void test_entries(void)
{
    struct buf archive = {0};
    struct reading reading;
    archive_add_file(&archive, "a", "one");
    archive_add_header(&archive, '5', "d/", 0);
    archive_add_file(&archive, "d/b", "");
    archive_add_end(&archive);
    reading_start(&reading, &archive, NULL);
    CHECK(reading_next_is(&reading, "a") && reading.entry->type == TAR_FILE &&
              reading.entry->size == 3 && reading.entry->mode == 0644 &&
              reading.entry->mtime.seconds == 1000000000,
          "an entry has the values of its header");
    CHECK(reading_content_is(&reading, "one") && reading_content_is(&reading, "") == false,
          "its content is returned once");
    CHECK(reading_next_is(&reading, "d") && reading.entry->type == TAR_DIRECTORY &&
              !reading.entry->link,
          "a directory has no slash and no link");
    CHECK(reading_next_is(&reading, "d/b") && reading_content_is(&reading, ""),
          "an empty file has no content");
    CHECK(reading_next(&reading) == ARCHIVE_END, "two blocks of zeros end the archive");
    reading_stop(&reading);
    reading_stop(&reading);
    buf_free(&archive);
}

static void test_content_passed_over(void)
{
    struct buf archive = {0}, long_text = {0};
    struct reading reading;
    struct payload_chunk chunk;
    (void)buf_append_fill(&long_text, 'x', 10000);
    (void)buf_append(&long_text, "", 1);
    archive_add_file(&archive, "a", long_text.bytes);
    archive_add_file(&archive, "b", long_text.bytes);
    archive_add_file(&archive, "c", "end");
    archive_add_end(&archive);
    reading_start(&reading, &archive, NULL);
    CHECK(reading_next_is(&reading, "a") && reading_next_is(&reading, "b"),
          "content can be skipped");
    CHECK(reader_data(&reading.reader, &chunk) == ARCHIVE_OK && chunk.length > 0 &&
              reading_next_is(&reading, "c") && reading_content_is(&reading, "end"),
          "content can be skipped after a part of it was read");
    CHECK(reading_next(&reading) == ARCHIVE_END, "the end is found after skipped content");
    reading_stop(&reading);
    buf_free(&archive);
    buf_free(&long_text);
}

static void rich_make(struct buf *archive)
{
    static const char map[] = "1\n0\n512\n";
    struct buf records = {0}, text = {0};
    archive_add_pax(archive, 'g', "comment", "all");
    archive_add_pax(archive, 'x', "path", "renamed");
    archive_add_file(archive, "a", "content");
    archive_add_header(archive, 'L', "././@LongLink", 300);
    (void)buf_append_fill(&text, 'n', 100);
    (void)buf_append(&text, "/", 1);
    (void)buf_append_fill(&text, 'n', 199);
    archive_add_content(archive, text.bytes, text.length);
    archive_add_header(archive, '5', "x", 0);
    (void)tar_record_append(&records, "GNU.sparse.major", "1", 1);
    (void)tar_record_append(&records, "GNU.sparse.minor", "0", 1);
    (void)tar_record_append(&records, "GNU.sparse.realsize", "9000", 4);
    archive_add_records(archive, 'x', &records);
    archive_add_header(archive, '0', "sparse", 1024);
    archive_add_content(archive, map, sizeof map - 1);
    text.length = 0;
    (void)buf_append_fill(&text, 'd', 512);
    archive_add_content(archive, text.bytes, text.length);
    archive_add_end(archive);
    (void)buf_append_fill(archive, 0, 700);
    buf_free(&records);
    buf_free(&text);
}

static void test_every_length(void)
{
    struct buf archive = {0};
    int wrong = 0, entries = 0;
    rich_make(&archive);
    const size_t whole = archive.length - 700;
    for (size_t length = 0; length < archive.length; length++) {
        struct reading reading;
        struct buf cut = {.bytes = archive.bytes, .length = length};
        reading_start(&reading, &cut, NULL);
        enum archive_event event = ARCHIVE_OK;
        struct buf content = {0};
        while (event == ARCHIVE_OK && (event = reading_next(&reading)) == ARCHIVE_OK) {
            entries++;
            if (reading.entry->type == TAR_FILE && length % 2)
                event = reading_content(&reading, &content);
        }
        char expected[64];
        (void)snprintf(expected, sizeof expected,
                       length == 0 ? "the input is empty"
                                   : "the archive is truncated after %zu bytes",
                       length);
        if (length >= whole)
            wrong += event != ARCHIVE_END;
        else
            wrong += event != ARCHIVE_MALFORMED || strcmp(reading.problem.text, expected) != 0;
        buf_free(&content);
        reading_stop(&reading);
    }
    CHECK(wrong == 0 && entries > 0, "a stream that ends early is truncated, at every byte");
    buf_free(&archive);
}

static void test_end(void)
{
    struct buf archive = {0};
    struct reading reading;
    archive_add_file(&archive, "a", "x");
    (void)buf_append_fill(&archive, 0, TAR_BLOCK_SIZE);
    archive_add_file(&archive, "b", "x");
    archive_add_end(&archive);
    reading_start(&reading, &archive, NULL);
    CHECK(reading_all(&reading) == ARCHIVE_MALFORMED &&
              reading_problem_is(&reading, "before byte 1536"),
          "one block of zeros does not end the archive");
    reading_stop(&reading);
    archive.length = 2 * TAR_BLOCK_SIZE;
    archive_add_end(&archive);
    (void)buf_append_fill(&archive, 0, 300000);
    archive.bytes[archive.length - 1] = 1;
    reading_start(&reading, &archive, NULL);
    CHECK(reading_all(&reading) == ARCHIVE_MALFORMED &&
              reading_problem_is(&reading, "after the end"),
          "the last byte after the end is checked");
    reading_stop(&reading);
    archive.bytes[archive.length - 1] = 0;
    reading_start(&reading, &archive, NULL);
    CHECK(reading_all(&reading) == ARCHIVE_END, "any number of zeros may follow the end");
    reading_stop(&reading);
    buf_free(&archive);
}

static void test_local_and_global(void)
{
    struct buf archive = {0};
    struct reading reading;
    archive_add_pax(&archive, 'g', "mtime", "9");
    archive_add_pax(&archive, 'x', "uid", "8");
    archive_add_file(&archive, "first", "");
    archive_add_pax(&archive, 'x', "mtime", "7");
    archive_add_file(&archive, "b", "");
    archive_add_pax(&archive, 'x', "SCHILY.xattr.user.a", "v");
    archive_add_file(&archive, "c", "");
    archive_add_header(&archive, 'L', "long", 2);
    archive_add_content(&archive, "l", 2);
    archive_add_file(&archive, "d", "");
    archive_add_file(&archive, "e", "");
    archive_add_end(&archive);
    reading_start(&reading, &archive, NULL);
    CHECK(reading_next_is(&reading, "first") && reading.entry->uid == 8 &&
              reading.entry->mtime.seconds == 9,
          "a pax header overrides the header block");
    CHECK(reading_next_is(&reading, "b") && reading.entry->uid == 0 &&
              reading.entry->mtime.seconds == 7,
          "a local header overrides the time of a global one");
    CHECK(reading_next_is(&reading, "c") && reading.entry->uid == 0 &&
              reading.entry->xattrs.count == 1,
          "a pax header does not apply to the next entry");
    CHECK(reading_next_is(&reading, "l") && reading.entry->xattrs.count == 0,
          "attributes apply to one entry");
    CHECK(reading_next_is(&reading, "e") && reading_next(&reading) == ARCHIVE_END,
          "a long name applies to one entry");
    reading_stop(&reading);
    buf_free(&archive);
}

static void test_global_refused(void)
{
    static const char *const keywords[] = {"path", "linkpath", "size", "uid", "gid"};
    for (size_t i = 0; i < sizeof keywords / sizeof keywords[0]; i++) {
        struct buf archive = {0};
        struct reading reading;
        archive_add_pax(&archive, 'g', keywords[i], "7");
        archive_add_file(&archive, "a", "content");
        archive_add_end(&archive);
        reading_start(&reading, &archive, NULL);
        CHECK(reading_next(&reading) == ARCHIVE_MALFORMED &&
                  reading_problem_is(&reading, "a global header"),
              "a %s for all entries is refused", keywords[i]);
        reading_stop(&reading);
        buf_free(&archive);
    }
}

static void test_pending(void)
{
    static const char types[] = {'x', 'X', 'L', 'K'};
    for (size_t i = 0; i < sizeof types; i++) {
        struct buf archive = {0};
        struct reading reading;
        archive_add_pax(&archive, types[i], "path", "p");
        archive_add_end(&archive);
        reading_start(&reading, &archive, NULL);
        CHECK(reading_next(&reading) == ARCHIVE_MALFORMED &&
                  reading_problem_is(&reading, "no entry after it"),
              "a header '%c' needs an entry", types[i]);
        reading_stop(&reading);
        buf_free(&archive);
    }
    struct buf archive = {0};
    struct reading reading;
    archive_add_pax(&archive, 'g', "comment", "c");
    archive_add_end(&archive);
    reading_start(&reading, &archive, NULL);
    CHECK(reading_next(&reading) == ARCHIVE_END, "a global header needs no entry");
    reading_stop(&reading);
    buf_free(&archive);
}

static void test_absolute(void)
{
    struct buf archive = {0};
    struct reading reading;
    archive_add_file(&archive, "a", "");
    archive_add_file(&archive, "/b", "");
    archive_add_end(&archive);
    reading_start(&reading, &archive, NULL);
    CHECK(reading_next_is(&reading, "a") && !reader_saw_absolute(&reading.reader),
          "no slash was stripped yet");
    CHECK(reading_next_is(&reading, "b") && reader_saw_absolute(&reading.reader),
          "a slash was stripped");
    reading_stop(&reading);
    buf_free(&archive);
}

static void test_compressed(void)
{
    static const struct {
        const char *magic, *tool;
    } table[] = {{"\x28\xb5\x2f\xfd", "zstd"},
                 {"\x1f\x8b", "gzip"},
                 {"\xfd"
                  "7zXZ",
                  "xz"},
                 {"BZh", "bzip2"}};
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct buf archive = {0};
        struct reading reading;
        (void)buf_append_text(&archive, table[i].magic);
        reading_start(&reading, &archive, NULL);
        CHECK(reading_next(&reading) == ARCHIVE_MALFORMED &&
                  reading_problem_is(&reading, table[i].tool),
              "%s data is recognised by its first bytes", table[i].tool);
        reading_stop(&reading);
        archive.length--;
        reading_start(&reading, &archive, NULL);
        CHECK(reading_next(&reading) == ARCHIVE_MALFORMED &&
                  !reading_problem_is(&reading, table[i].tool),
              "fewer bytes are not recognised");
        reading_stop(&reading);
        /* After the first block, the same bytes are a malformed header. */
        archive.length = 0;
        archive_add_file(&archive, "a", "");
        (void)buf_append_text(&archive, table[i].magic);
        (void)buf_append_fill(&archive, 'x', 2 * TAR_BLOCK_SIZE - archive.length);
        reading_start(&reading, &archive, NULL);
        CHECK(reading_all(&reading) == ARCHIVE_MALFORMED &&
                  !reading_problem_is(&reading, table[i].tool),
              "compressed data later in an archive is not recognised");
        reading_stop(&reading);
        buf_free(&archive);
    }
}

static void test_source_fails(void)
{
    struct reading reading = {0};
    int fd = open("/", O_RDONLY | O_CLOEXEC);
    CHECK(freopen("/dev/null", "w", stderr) != NULL, "messages are not shown");
    CHECK(source_start(&reading.source, fd, &(enum digest_algorithm){DIGEST_SHA256}, UINT64_MAX,
                       true) == STATUS_OK,
          "a directory is opened as the source");
    reading_begin(&reading, &reading_wide);
    CHECK(reading_next(&reading) == ARCHIVE_FAILED && reading.problem.failure == STATUS_SYSTEM,
          "a source that can't be read is neither an archive nor malformed");
    reading_stop(&reading);
    close(fd);
}

int main(void)
{
    diag_init("test_reader");
    test_entries();
    test_content_passed_over();
    test_every_length();
    test_end();
    test_local_and_global();
    test_global_refused();
    test_pending();
    test_absolute();
    test_compressed();
    test_source_fails();
    return tap_done();
}
