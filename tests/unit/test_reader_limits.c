/*
 * From bytes to entries: limits, sizes without data, sparse files, names in messages.
 */
#include "archive.h"
#include "diag.h"
#include "reading.h"
#include "tap.h"
#include "tar_header.h"
#include "tar_record.h"

static void limit_check(const struct buf *archive, const struct archive_limits *limits,
                        const char *name, bool fits)
{
    struct reading reading;
    reading_start(&reading, archive, limits);
    enum archive_event event = reading_all(&reading);
    if (fits)
        CHECK(event == ARCHIVE_END, "%s: an archive within the limit is read", name);
    else
        CHECK(event == ARCHIVE_LIMIT && reading_problem_is(&reading, name),
              "%s: one more is refused", name);
    reading_stop(&reading);
}

static void test_limits(void)
{
    struct buf archive = {0};
    archive_add_pax(&archive, 'x', "SCHILY.xattr.user.name", "12345");
    archive_add_file(&archive, "a/b/c", "1234567");
    archive_add_file(&archive, "d", "123");
    archive_add_end(&archive);
    for (int less = 0; less < 2; less++) {
        const uint64_t minus = (uint64_t)less;
        struct archive_limits limits = reading_wide;
        limits.entries = 2 - minus;
        limit_check(&archive, &limits, "--max-entries", !less);
        limits = reading_wide;
        limits.tree_size = 10 - minus;
        limit_check(&archive, &limits, "--max-size", !less);
        limits = reading_wide;
        limits.path = 5 - minus;
        limit_check(&archive, &limits, "--max-path", !less);
        limits = reading_wide;
        limits.depth = 2 - minus;
        limit_check(&archive, &limits, "--max-depth", !less);
        limits = reading_wide;
        limits.pax = 32 - minus;
        limit_check(&archive, &limits, "--max-pax", !less);
        limits = reading_wide;
        limits.xattr = 5 - minus;
        limit_check(&archive, &limits, "--max-xattr", !less);
    }
    buf_free(&archive);
}

static void test_long_names(void)
{
    struct buf archive = {0}, key = {0}, path = {0}, records = {0};
    struct archive_limits limits = reading_wide;
    struct reading reading;
    (void)buf_append_text(&key, "SCHILY.xattr.user.");
    (void)buf_append_fill(&key, 0xff, 250); /* \\377 each */
    for (int i = 0; i < 15; i++) {
        (void)buf_append_fill(&path, 'p', 99);
        (void)buf_append(&path, i < 14 ? "/" : "p", 1);
    }
    (void)tar_record_append(&records, key.bytes, "12345", 5);
    (void)tar_record_append(&records, "path", path.bytes, path.length);
    archive_add_records(&archive, 'x', &records);
    archive_add_file(&archive, "a", "");
    limits.xattr = 4;
    reading_start(&reading, &archive, &limits);
    CHECK(reading_all(&reading) == ARCHIVE_LIMIT &&
              reading_problem_is(&reading, "is longer than 4 bytes (--max-xattr)"),
          "a message with two long names is complete");
    reading_stop(&reading);
    buf_free(&archive);
    buf_free(&key);
    buf_free(&path);
    buf_free(&records);
}

/* Appends extended headers of these types, each with the value. */
static void headers_add(struct buf *archive, const char *types, const struct buf *value)
{
    for (; *types; types++) {
        if (*types == 'x') {
            archive_add_pax(archive, 'x', "comment", value->bytes);
        } else {
            archive_add_header(archive, *types, "long", value->length);
            archive_add_content(archive, value->bytes, value->length);
        }
    }
}

static void test_limit_of_headers(void)
{
    struct buf archive = {0}, value = {0};
    struct archive_limits limits = reading_wide;
    struct reading reading;
    (void)buf_append_fill(&value, 'c', 250);
    (void)buf_append(&value, "", 1);
    limits.pax = 700;
    for (int i = 0; i < 3; i++) {
        headers_add(&archive, "xL", &value);
        archive_add_file(&archive, "a", "");
    }
    reading_start(&reading, &archive, &limits);
    CHECK(reading_next(&reading) == ARCHIVE_OK && reading_next(&reading) == ARCHIVE_OK &&
              reading_next(&reading) == ARCHIVE_OK,
          "two headers before each entry are within the limit");
    reading_stop(&reading);
    archive.length = 0;
    headers_add(&archive, "xKL", &value);
    reading_start(&reading, &archive, &limits);
    CHECK(reading_next(&reading) == ARCHIVE_LIMIT && reading_problem_is(&reading, "--max-pax"),
          "three headers before an entry exceed the limit");
    reading_stop(&reading);
    buf_free(&archive);
    buf_free(&value);
}

/* The number of blocks of a map. */
#define MAP_BLOCKS 5

/* pax sparse 1.0: a map of empty extents before the data. Returns the length of the records. */
static size_t text_map_make(struct buf *archive)
{
    struct buf records = {0}, map = {0};
    (void)tar_record_append(&records, "GNU.sparse.major", "1", 1);
    (void)tar_record_append(&records, "GNU.sparse.minor", "0", 1);
    (void)tar_record_append(&records, "GNU.sparse.realsize", "0", 1);
    (void)buf_append_text(&map, "600\n");
    for (int i = 0; i < 1200; i++)
        (void)buf_append_text(&map, "0\n");
    archive_add_records(archive, 'x', &records);
    archive_add_header(archive, '0', "sparse", MAP_BLOCKS * TAR_BLOCK_SIZE);
    archive_add_content(archive, map.bytes, map.length);
    archive_add_end(archive);
    size_t length = records.length;
    buf_free(&records);
    buf_free(&map);
    return length;
}

/* Old GNU format: a map that begins in the header and continues in the blocks after it. */
static void gnu_map_make(struct buf *archive)
{
    char block[TAR_BLOCK_SIZE];
    archive_add_header(archive, 'S', "sparse", 0);
    for (size_t at = TAR_GNU_SPARSE_OFFSET; at < TAR_GNU_SPARSE_EXTENDED_OFFSET; at += 12)
        tar_number_encode(archive->bytes + at, 12, 0);
    archive->bytes[TAR_GNU_SPARSE_EXTENDED_OFFSET] = 1;
    tar_number_encode(archive->bytes + TAR_GNU_SPARSE_REAL_SIZE_OFFSET, 12, 0);
    archive_seal_gnu(archive->bytes);
    for (int i = 1; i <= MAP_BLOCKS; i++) {
        memset(block, 0, sizeof block);
        for (size_t at = 0; at < TAR_GNU_SPARSE_MORE_EXTENDED_OFFSET; at += 12)
            tar_number_encode(block + at, 12, 0);
        block[TAR_GNU_SPARSE_MORE_EXTENDED_OFFSET] = i < MAP_BLOCKS;
        (void)buf_append(archive, block, sizeof block);
    }
    archive_add_end(archive);
}

/* Sparse maps are kept in memory, like extended headers. */
static void test_limit_of_maps(void)
{
    struct buf text = {0}, gnu = {0};
    size_t records = text_map_make(&text);
    gnu_map_make(&gnu);
    for (uint64_t less = 0; less < 2; less++) {
        struct archive_limits limits = reading_wide;
        limits.pax = records + MAP_BLOCKS * TAR_BLOCK_SIZE - less;
        limit_check(&text, &limits, "--max-pax", !less);
        limits.pax = MAP_BLOCKS * TAR_BLOCK_SIZE - less;
        limit_check(&gnu, &limits, "--max-pax", !less);
    }
    buf_free(&text);
    buf_free(&gnu);
}

static void test_claims(void)
{
    struct buf archive = {0};
    struct archive_limits limits = reading_wide;
    struct reading reading;
    limits.pax = limits.tree_size = UINT64_MAX / 2;
    archive_add_header(&archive, 'x', "pax", UINT64_C(077777777777));
    (void)buf_append_fill(&archive, 'x', 10 * TAR_BLOCK_SIZE);
    reading_start(&reading, &archive, &limits);
    CHECK(reading_next(&reading) == ARCHIVE_MALFORMED && reading_problem_is(&reading, "truncated"),
          "an extended header of 8 GiB is truncated");
    reading_stop(&reading);
    archive.bytes[156] = '0';
    tar_header_seal((struct tar_ustar *)(void *)archive.bytes);
    reading_start(&reading, &archive, &limits);
    CHECK(reading_next(&reading) == ARCHIVE_OK && reading.entry->size == UINT64_C(077777777777) &&
              reading_next(&reading) == ARCHIVE_MALFORMED,
          "a skipped file of 8 GiB is truncated");
    reading_stop(&reading);
    buf_free(&archive);
}

static void sparse_make(struct buf *archive)
{
    struct buf records = {0}, data = {0};
    (void)tar_record_append(&records, "GNU.sparse.size", "20000", 5);
    (void)tar_record_append(&records, "GNU.sparse.numblocks", "4", 1);
    (void)tar_record_append(&records, "GNU.sparse.map", "512,512,4096,0,8192,700,20000,0", 31);
    archive_add_records(archive, 'x', &records);
    (void)buf_append_fill(&data, 'a', 512);
    (void)buf_append_fill(&data, 'b', 700);
    archive_add_header(archive, '0', "sparse", data.length);
    archive_add_content(archive, data.bytes, data.length);
    archive_add_file(archive, "next", "n");
    archive_add_end(archive);
    buf_free(&records);
    buf_free(&data);
}

static bool run_is(const struct buf *content, size_t from, size_t to, char byte)
{
    for (size_t i = from; i < to; i++) {
        if (content->bytes[i] != byte)
            return false;
    }
    return true;
}

static void test_sparse(void)
{
    struct buf archive = {0}, content = {0};
    struct reading reading;
    sparse_make(&archive);
    reading_start(&reading, &archive, NULL);
    CHECK(reading_next_is(&reading, "sparse") && reading.entry->size == 20000,
          "a sparse file has its true size");
    CHECK(reading_content(&reading, &content) == ARCHIVE_OK && content.length == 20000 &&
              run_is(&content, 0, 512, 0) && run_is(&content, 512, 1024, 'a') &&
              run_is(&content, 1024, 8192, 0) && run_is(&content, 8192, 8892, 'b') &&
              run_is(&content, 8892, 20000, 0),
          "its parts are where the map has them");
    CHECK(reading_next_is(&reading, "next") && reading_content_is(&reading, "n") &&
              reading_next(&reading) == ARCHIVE_END,
          "the next entry has no map");
    reading_stop(&reading);
    reading_start(&reading, &archive, NULL);
    CHECK(reading_next_is(&reading, "sparse") && reading_next_is(&reading, "next"),
          "the content of a sparse file can be skipped");
    reading_stop(&reading);
    buf_free(&archive);
    buf_free(&content);
}

static void test_names_in_problems(void)
{
    struct buf archive = {0};
    struct reading reading;
    archive_add_file(&archive, "../\033[2J\nx", "");
    reading_start(&reading, &archive, NULL);
    CHECK(reading_next(&reading) == ARCHIVE_MALFORMED &&
              reading_problem_is(&reading, "../\\033[2J\\012x: "),
          "a name in a message is escaped");
    reading_stop(&reading);
    archive.length = 0;
    struct buf path = {0};
    (void)buf_append_text(&path, "../");
    (void)buf_append_fill(&path, '\n', 5000);
    archive_add_header(&archive, 'L', "././@LongLink", path.length);
    archive_add_content(&archive, path.bytes, path.length);
    archive_add_file(&archive, "x", "");
    reading_start(&reading, &archive, NULL);
    CHECK(reading_next(&reading) == ARCHIVE_MALFORMED && reading_problem_is(&reading, "") &&
              strlen(reading.problem.text) < 1200,
          "a name that is too long for a message is cut");
    reading_stop(&reading);
    buf_free(&archive);
    buf_free(&path);
}

int main(void)
{
    diag_init("test_reader_limits");
    test_limits();
    test_long_names();
    test_limit_of_headers();
    test_limit_of_maps();
    test_claims();
    test_sparse();
    test_names_in_problems();
    return tap_done();
}
