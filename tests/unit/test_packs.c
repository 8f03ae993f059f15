/*
 * The indexes of a directory: which are taken, which are refused, and in which order they are
 * searched. Works in a directory of its own below TMPDIR.
 */
#include "diag.h"
#include "packs.h"
#include "tap.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int directory;

/* The name of pack `number`, with a suffix; valid until the next call but one. */
static const char *name_of(unsigned number, const char *suffix)
{
    static char names[2][2 * PACK_NAME_SIZE];
    static unsigned calls;
    char *name = names[calls++ % 2];
    (void)snprintf(name, sizeof names[0], "%064x%s", number, suffix);
    return name;
}

static void file_write(const char *name, const void *bytes, size_t length)
{
    int fd = openat(directory, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, bytes, length) != (ssize_t)length) {
        perror(name);
        exit(1); // NOLINT(concurrency-mt-unsafe): no other thread
    }
    close(fd);
}

/* The index `name` of pack `number`, with a content of each digest {`from`}, {`from` + 1}. */
static void index_write(const char *name, unsigned number, unsigned char from, time_t mtime)
{
    struct buf out = {0};
    char pack[PACK_NAME_SIZE];
    memcpy(pack, name_of(number, ""), PACK_DIGITS + 1);
    (void)index_append_header(&out, pack, 20);
    for (unsigned char i = 0; i < 2; i++) {
        const struct index_entry entry = {
            .digest = {(unsigned char)(from + i)}, .offset = i, .length = number + 1};
        (void)index_append(&out, &entry);
    }
    file_write(name, out.bytes, out.length);
    const struct timespec times[2] = {{.tv_sec = mtime}, {.tv_sec = mtime}};
    (void)utimensat(directory, name, times, 0);
    buf_free(&out);
}

static bool find(const struct packs *packs, unsigned char digest, size_t *pack,
                 struct index_entry *entry)
{
    const struct digest_value value = {.algorithm = DIGEST_SHA256, .bytes = {digest}};
    bool found = false;
    return packs_find(packs, &value, pack, entry, &found) == STATUS_OK && found;
}

static void test_find(void)
{
    struct packs packs;
    struct index_entry entry;
    size_t pack = 0;
    CHECK(packs_open(&packs, directory, "D") == STATUS_OK && packs.count == 0 &&
              !find(&packs, 1, &pack, &entry),
          "an empty directory has no packs");
    packs_close(&packs);
    index_write(name_of(1, ".index"), 1, 10, 1000);
    index_write(name_of(2, ".index"), 2, 11, 3000);
    index_write(name_of(3, ".index"), 3, 12, 2000);
    file_write(name_of(4, ".index.new"), "x", 1);
    file_write(name_of(4, ".zst"), "x", 1);
    CHECK(packs_open(&packs, directory, "D") == STATUS_OK && packs.count == 3,
          "files whose names are not those of indexes are ignored");
    CHECK(find(&packs, 10, &pack, &entry) && entry.length == 2 &&
              strcmp(packs.list[pack].name, name_of(1, "")) == 0,
          "a content of the oldest pack is found");
    pack = 0;
    CHECK(find(&packs, 12, &pack, &entry) && pack == 0 && entry.length == 3,
          "of two packs with the content, the newest is taken");
    pack++;
    CHECK(find(&packs, 12, &pack, &entry) && pack == 1 && entry.length == 4,
          "a search goes on in older packs");
    pack = 0;
    CHECK(!find(&packs, 9, &pack, &entry), "an unknown content is not found");
    packs_close(&packs);
}

static void test_filter(void)
{
    struct packs packs;
    struct index_entry entry;
    bool all = true;
    for (unsigned i = 0; i < 12; i++)
        index_write(name_of(6 + i, ".index"), 6 + i, (unsigned char)(60 + 3 * i), 5000);
    CHECK(packs_open(&packs, directory, "D") == STATUS_OK && packs_filter(&packs) == STATUS_OK &&
              packs_filter(&packs) == STATUS_OK,
          "packs_filter() can be called again");
    for (unsigned i = 0; i < 36; i++) {
        size_t pack = 0;
        const bool found = find(&packs, (unsigned char)(60 + i), &pack, &entry);
        all = all && found == (i % 3 != 2);
    }
    CHECK(all, "with filters the same contents are found, and no others");
    packs_close(&packs);
    CHECK(packs_open(&packs, directory, "D") == STATUS_OK, "opened again");
    for (unsigned i = 0; i < 36; i++) {
        const struct digest_value value = {.algorithm = DIGEST_SHA256,
                                           .bytes = {(unsigned char)(60 + i)}};
        size_t pack = 5;
        bool found = false;
        all = all && packs_search(&packs, &value, &pack, &entry, &found) == STATUS_OK &&
              found == (i % 3 != 2) && (i > 0 || !packs.filtered);
    }
    CHECK(all && packs.filtered, "searches make filters, and find the same");
    packs_close(&packs);
    for (unsigned i = 0; i < 12; i++)
        (void)unlinkat(directory, name_of(6 + i, ".index"), 0);
}

static void refused(const char *what)
{
    struct diag_kept kept = {0};
    struct packs packs;
    diag_keep(&kept);
    const enum status status = packs_open(&packs, directory, "D");
    diag_keep(NULL);
    CHECK(status == STATUS_ARCHIVE && strstr(kept.text, name_of(5, ".index")), "%s is refused",
          what);
    packs_close(&packs);
    (void)unlinkat(directory, name_of(5, ".index"), 0);
    (void)unlinkat(directory, name_of(5, ".index"), AT_REMOVEDIR);
}

static void test_refused(void)
{
    index_write(name_of(5, ".index"), 1, 10, 0);
    refused("the index of another pack");
    file_write(name_of(5, ".index"), "", 0);
    refused("an empty file");
    file_write(name_of(5, ".index"), "#index", 6);
    refused("a short file");
    index_write("other", 5, 10, 0);
    (void)!symlinkat("other", directory, name_of(5, ".index"));
    refused("a symbolic link");
    (void)mkfifoat(directory, name_of(5, ".index"), 0600);
    refused("a fifo");
    (void)mkdirat(directory, name_of(5, ".index"), 0700);
    refused("a directory");
}

static void test_lines(void)
{
    struct diag_kept kept = {0};
    struct packs packs;
    struct index_entry entry;
    size_t pack = 0;
    bool found = true;
    const struct digest_value value = {.algorithm = DIGEST_SHA256, .bytes = {10}};
    index_write(name_of(1, ".index"), 1, 10, 9000);
    int fd = openat(directory, name_of(1, ".index"), O_WRONLY | O_CLOEXEC);
    (void)!pwrite(fd, "x", 1, INDEX_LINE + 70);
    close(fd);
    (void)packs_open(&packs, directory, "D");
    diag_keep(&kept);
    CHECK(packs_find(&packs, &value, &pack, &entry, &found) == STATUS_ARCHIVE && !found &&
              strstr(kept.text, name_of(1, ".index")),
          "a malformed line is an error that names the index");
    diag_keep(NULL);
    packs_close(&packs);
    fd = openat(directory, name_of(1, ".index"), O_WRONLY | O_CLOEXEC);
    (void)!pwrite(fd, "x", 1, INDEX_LINE + 3);
    close(fd);
    kept = (struct diag_kept){0};
    (void)packs_open(&packs, directory, "D");
    diag_keep(&kept);
    CHECK(packs_filter(&packs) == STATUS_ARCHIVE && strstr(kept.text, name_of(1, ".index")),
          "a malformed digest is an error of filters, too");
    diag_keep(NULL);
    packs_close(&packs);
}

int main(void)
{
    diag_init("test_packs");
    char path[4096];
    const char *base = getenv("TMPDIR"); // NOLINT(concurrency-mt-unsafe): no other thread
    (void)snprintf(path, sizeof path, "%s/test_packs-XXXXXX", base ? base : "/tmp");
    directory = mkdtemp(path) ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (directory < 0) {
        perror(path);
        return 1;
    }
    test_find();
    test_filter();
    test_refused();
    test_lines();
    close(directory);
    return tap_done();
}
