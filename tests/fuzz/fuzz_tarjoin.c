/*
 * tarjoin from its inputs to the tar. An input is a path to select (or nothing), a manifest, a
 * chunk map and patches, with a zero byte after each but the last. Contents come from a pack that
 * the target makes; in the manifest `sha256digest=N` and in the map a line `N LENGTH` stand for the
 * digest of content N, a digit, since no fuzzer would find one. A patch is 6 bytes: the file (odd:
 * the index), the place, big-endian, and the byte to put there.
 *
 * A tar that is complete consists of headers that can be read, and nothing else. One job and two
 * write the same.
 */
#include "fuzz.h"

#include "diag.h"
#include "join.h"
#include "mtree.h"
#include "seek_table.h"
#include "stream.h"
#include "tar_header.h"
#include "zstd_frame.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* What a manifest may write. */
#define SIZE_MAX_MADE (4 << 20)

static const char pack_name[] = "7777777777777777777777777777777777777777777777777777777777777777";

static const size_t sizes[10] = {1, 2, 511, 512, 513, 16384, 16384, 70000, 600000, 1 << 20};

static struct digest_value digests[10];
static struct buf pack, table;
static int directory = -1;

/* Adds a frame with the contents from `first` up to but not `above`. */
static void frame_add(const char *bytes, size_t length, struct buf *entries)
{
    struct zstd_encoder *encoder = zstd_frame_encoder_new(1);
    struct buf frame = {0};
    EXPECT(encoder && zstd_frame_encode(encoder, bytes, length, &frame) == PACK_OK);
    EXPECT(buf_append(&pack, frame.bytes, frame.length) == 0);
    EXPECT(seek_table_add(entries, (uint32_t)frame.length, (uint32_t)length) == 0);
    zstd_frame_encoder_free(encoder);
    buf_free(&frame);
}

/* Makes the pack and its index: the first six contents are in one frame, the others in another. */
static void pack_make(void)
{
    struct buf data = {0}, entries = {0};
    struct index_entry list[10] = {0};
    struct digest *digest = digest_new(DIGEST_SHA256);
    size_t cut = 0;
    for (size_t i = 0; i < 10; i++) {
        const size_t start = data.length;
        EXPECT(buf_append_fill(&data, 'a' + (int)i, sizes[i]) == 0);
        EXPECT(digest && digest_update(digest, data.bytes + start, sizes[i]) == 0);
        EXPECT(digest_final(digest, &digests[i]) == 0);
        list[i].offset = start;
        list[i].length = (uint32_t)sizes[i];
        memcpy(list[i].digest, digests[i].bytes, INDEX_DIGEST);
        cut = i == 5 ? data.length : cut;
    }
    frame_add(data.bytes, cut, &entries);
    frame_add(data.bytes + cut, data.length - cut, &entries);
    EXPECT(seek_table_encode(&pack, &entries) == 0);
    EXPECT(index_append_header(&table, pack_name, data.length) == 0);
    index_sort(list, 10);
    for (size_t i = 0; i < 10; i++)
        EXPECT(index_append(&table, &list[i]) == 0);
    digest_free(digest);
    buf_free(&data);
    buf_free(&entries);
}

static void target_start(void)
{
    const char *tmpdir = getenv("TMPDIR");
    struct buf path = {0};
    pack_make();
    EXPECT(buf_append_text(&path, tmpdir ? tmpdir : "/tmp") == 0);
    EXPECT(buf_append_text(&path, "/fuzz-tarjoin-XXXXXX") == 0 && mkdtemp(path.bytes));
    directory = open(path.bytes, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    EXPECT(directory >= 0);
    buf_free(&path);
}

/* The next part of the input, up to a zero byte. */
static struct buf part_take(const char **at, const char *end)
{
    struct buf part = {0};
    const char *zero = *at < end ? memchr(*at, '\0', (size_t)(end - *at)) : NULL;
    EXPECT(buf_append(&part, *at, (size_t)((zero ? zero : end) - *at)) == 0);
    *at = zero ? zero + 1 : end;
    return part;
}

/* Replaces digits behind `mark`, or at the start of a line without one, by digests. */
static void digests_put(struct buf *text, const char *mark)
{
    struct buf made = {0};
    const size_t length = strlen(mark);
    for (size_t i = 0; i < text->length; i++) {
        const char *at = text->bytes + i;
        const bool here = length > 0 ? i >= length && memcmp(at - length, mark, length) == 0
                                     : i > 0 && at[-1] == '\n';
        if (here && *at >= '0' && *at <= '9' && (at[1] == ' ' || at[1] == '\n')) {
            char hex[DIGEST_TEXT_SIZE];
            digest_hex(&digests[*at - '0'], hex);
            EXPECT(buf_append_text(&made, hex) == 0);
        } else {
            EXPECT(buf_append(&made, at, 1) == 0);
        }
    }
    buf_free(text);
    *text = made;
}

static int file_make(const void *bytes, size_t length)
{
    int fd = memfd_create("input", MFD_CLOEXEC);
    EXPECT(fd >= 0 && stream_write(fd, bytes, length) == 0 && lseek(fd, 0, SEEK_SET) == 0);
    return fd;
}

static void packed_write(const char *suffix, const struct buf *bytes)
{
    char name[PACK_NAME_SIZE];
    memcpy(name, pack_name, PACK_DIGITS);
    memcpy(name + PACK_DIGITS, suffix, strlen(suffix) + 1);
    int fd = openat(directory, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    EXPECT(fd >= 0 && stream_write(fd, bytes->bytes, bytes->length) == 0);
    close(fd);
}

/* Writes the files of the pack with the patches. */
static void patches_apply(const char *at, const char *end)
{
    struct buf files[2] = {{0}, {0}};
    EXPECT(buf_append(&files[0], pack.bytes, pack.length) == 0);
    EXPECT(buf_append(&files[1], table.bytes, table.length) == 0);
    for (; end - at >= 6; at += 6) {
        const unsigned char *patch = (const unsigned char *)at;
        struct buf *file = &files[patch[0] & 1];
        const size_t place =
            (size_t)patch[1] << 24 | (size_t)patch[2] << 16 | (size_t)patch[3] << 8 | patch[4];
        file->bytes[place % file->length] = (char)patch[5];
    }
    packed_write(PACK_DATA_SUFFIX, &files[0]);
    packed_write(PACK_INDEX_SUFFIX, &files[1]);
    buf_free(&files[0]);
    buf_free(&files[1]);
}

/* Whether the files of the manifest are small together; after an error the rest does not matter. */
static bool is_small(const struct buf *manifest)
{
    struct mtree_line line = {0};
    uint64_t total = 0;
    const char *at = manifest->bytes;
    const char *end = at ? at + manifest->length : NULL;
    while (total <= SIZE_MAX_MADE && at < end) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        if (!newline)
            break;
        if (mtree_read(&line, at, (size_t)(newline - at)) == MTREE_OK)
            total += line.entry.size < SIZE_MAX_MADE ? line.entry.size : SIZE_MAX_MADE + 1;
        at = newline + 1;
    }
    mtree_line_free(&line);
    return total <= SIZE_MAX_MADE;
}

/* The parts of an input, and what they are read from. */
struct attempt {
    char *path;
    int manifest, map;
    unsigned jobs;
};

static enum status passes(const struct attempt *attempt, struct join *join, struct digest *digest)
{
    const bool twice = join->selection->count > 0;
    enum status status = STATUS_OK;
    if (twice)
        status = manifest_open(join->manifest, attempt->manifest, true, digest);
    if (status == STATUS_OK && twice)
        status = join_scan(join);
    manifest_close(join->manifest);
    if (status == STATUS_OK)
        status = chunks_open(join->chunks, attempt->map, "map", true);
    *join->manifest = (struct manifest){0};
    if (status == STATUS_OK)
        status = manifest_open(join->manifest, attempt->manifest, true, digest);
    return status == STATUS_OK ? join_entries(join) : status;
}

/* Runs tarjoin once, and stores what it has written. */
static enum status attempt_run(const struct attempt *attempt, struct buf *written)
{
    struct packs packs = {0};
    struct fetch fetch = {0};
    struct manifest manifest = {0};
    struct chunks chunks = {0};
    struct selection selection = {0};
    struct hidden_list hidden = {0};
    char *paths[] = {attempt->path};
    struct tally tally = {0};
    struct output output = {0};
    struct crew *crew = NULL;
    struct digest *digest = digest_new(DIGEST_SHA256);
    int fd = file_make("", 0);
    EXPECT(crew_new(&crew, attempt->jobs) == STATUS_OK && output_open(&output, fd) == STATUS_OK);
    struct join join = {&manifest, &chunks, &selection, &hidden, &fetch, crew, NULL, &tally};
    enum status status = select_paths(&selection, paths, attempt->path[0] ? 1 : 0, true);
    if (status == STATUS_OK)
        status = packs_open(&packs, directory, "packs");
    if (status == STATUS_OK)
        status = fetch_open(&fetch, &packs, directory);
    if (status == STATUS_OK) {
        crew_start(crew, &fetch, &output);
        status = passes(attempt, &join, digest);
    }
    crew_free(crew);
    output_close(&output);
    fetch_close(&fetch);
    chunks_close(&chunks);
    manifest_close(&manifest);
    select_free(&selection);
    hidden_free(&hidden);
    packs_close(&packs);
    digest_free(digest);
    EXPECT(lseek(fd, 0, SEEK_SET) == 0 && stream_read_all(fd, written) == 0);
    close(fd);
    return status;
}

static void tar_check(const struct buf *tar)
{
    size_t at = 0;
    while (at < tar->length) {
        struct tar_header header;
        EXPECT(tar->length - at >= TAR_BLOCK_SIZE);
        EXPECT(tar_header_decode(tar->bytes + at, &header) == TAR_OK);
        EXPECT(header.size <= tar->length);
        at += TAR_BLOCK_SIZE + (size_t)header.size + tar_padding(header.size);
    }
    EXPECT(at == tar->length);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *at = (const char *)data, *end = at + size;
    if (size == 0)
        return 0;
    if (directory < 0)
        target_start();
    struct buf path = part_take(&at, end), manifest = part_take(&at, end);
    struct buf map = part_take(&at, end), tars[2] = {{0}, {0}};
    digests_put(&manifest, "sha256digest=");
    digests_put(&map, "sha256digest=");
    digests_put(&map, "");
    if (is_small(&manifest)) {
        struct attempt attempt = {.path = path.bytes, .jobs = 1};
        patches_apply(at, end);
        attempt.manifest = file_make(manifest.bytes, manifest.length);
        attempt.map = file_make(map.bytes, map.length);
        enum status status = attempt_run(&attempt, &tars[0]);
        EXPECT(status == STATUS_OK || status == STATUS_ARCHIVE || status == STATUS_DIGEST ||
               status == STATUS_USAGE);
        attempt.jobs = 2;
        EXPECT((attempt_run(&attempt, &tars[1]) == STATUS_OK) == (status == STATUS_OK));
        if (status == STATUS_OK) {
            tar_check(&tars[0]);
            EXPECT(tars[0].length == tars[1].length &&
                   memcmp(tars[0].bytes, tars[1].bytes, tars[0].length) == 0);
        }
        close(attempt.manifest);
        close(attempt.map);
    }
    buf_free(&path);
    buf_free(&manifest);
    buf_free(&map);
    buf_free(&tars[0]);
    buf_free(&tars[1]);
    return 0;
}
