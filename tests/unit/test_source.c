/*
 * The input stream: blocks, digest, limit.
 */
#include "archive/source.h"
#include "diag.h"
#include "stream.h"
#include "tap.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define BLOCK ((size_t)512)

static void fill(char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        bytes[i] = (char)(i * 7 + i / 251);
}

/* Returns the digest of all bytes, hashed in one call. */
static struct digest_value digest_of(enum digest_algorithm algorithm, const char *bytes,
                                     size_t length)
{
    struct digest_value value = {0};
    struct digest *digest = digest_new(algorithm);
    if (digest_update(digest, bytes, length) != 0 || digest_final(digest, &value) != 0)
        value.bytes[0] ^= 1;
    digest_free(digest);
    return value;
}

static bool digest_is(struct source *source, const struct digest_value *expected)
{
    struct digest_value value = {0};
    return source_digest(source, &value) == STATUS_OK && digest_equal(&value, expected);
}

/* Takes pieces of at most `want` bytes and compares them. Returns the number of bytes up to the
 * end, -1 if a piece is wrong. */
static ssize_t take_all(struct source *source, const char *bytes, size_t length, size_t want)
{
    size_t at = 0;
    for (;;) {
        const char *piece = NULL;
        size_t got = 0;
        if (source_take(source, want, &piece, &got) != STATUS_OK || got > want ||
            got > length - at || memcmp(piece, bytes + at, got) != 0)
            return -1;
        at += got;
        if (got % BLOCK != 0 && at != length)
            return -1;
        if (source->taken != at)
            return -1;
        if (got == 0)
            return (ssize_t)at;
    }
}

static void test_memory(void)
{
    char bytes[5 * BLOCK + 100];
    fill(bytes, sizeof bytes);
    static const size_t lengths[] = {0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 5 * BLOCK, 5 * BLOCK + 100};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        struct source source = {0};
        struct digest_value expected = digest_of(DIGEST_SHA256, bytes, lengths[i]);
        CHECK(source_start_memory(&source, bytes, lengths[i]) == STATUS_OK &&
                  take_all(&source, bytes, lengths[i], BLOCK) == (ssize_t)lengths[i],
              "%zu bytes in memory come block by block", lengths[i]);
        CHECK(source.read == lengths[i] && digest_is(&source, &expected),
              "%zu bytes in memory have their digest", lengths[i]);
        source_free(&source);
        source_free(&source);
    }
}

/* Starts a process that writes the bytes to a pipe in pieces of this size. Returns the pipe's
 * other end. */
static int feed(const char *bytes, size_t length, size_t piece, pid_t *child)
{
    int ends[2] = {-1, -1};
    if (pipe2(ends, O_CLOEXEC) != 0)
        return -1;
    *child = fork();
    if (*child == 0) {
        close(ends[0]);
        for (size_t at = 0; at < length; at += piece) {
            size_t used = length - at < piece ? length - at : piece;
            if (stream_write(ends[1], bytes + at, used) != 0)
                _exit(1);
        }
        _exit(0);
    }
    close(ends[1]);
    return ends[0];
}

static void test_stream(void)
{
    const size_t length = 3 * STREAM_CHUNK + BLOCK + 77;
    char *bytes = malloc(length);
    fill(bytes, length);
    static const size_t pieces[] = {1000003, 65536, 1000, 511};
    static const size_t wants[] = {BLOCK, 64 * BLOCK, STREAM_CHUNK, SIZE_MAX & ~(BLOCK - 1)};
    for (size_t i = 0; i < 4; i++) {
        pid_t child = 0;
        struct source source = {0};
        struct digest_value expected = digest_of(DIGEST_SHA512, bytes, length);
        int fd = feed(bytes, length, pieces[i], &child);
        CHECK(source_start(&source, fd, &(enum digest_algorithm){DIGEST_SHA512}, length, true) ==
                      STATUS_OK &&
                  take_all(&source, bytes, length, wants[i]) == (ssize_t)length,
              "a pipe that gives %zu bytes at a time, taken by %zu, is whole", pieces[i], wants[i]);
        CHECK(source.read == length && digest_is(&source, &expected),
              "all bytes were counted, and the digest is theirs");
        CHECK(fcntl(fd, F_GETFD) >= 0, "the descriptor stays open");
        source_free(&source);
        close(fd);
        (void)waitpid(child, NULL, 0);
    }
    free(bytes);
}

static void test_drain(void)
{
    const size_t length = 2 * STREAM_CHUNK + 5;
    char *bytes = calloc(1, length);
    pid_t child = 0;
    struct source source = {0};
    const char *piece = NULL;
    size_t got = 0;
    struct digest_value expected = digest_of(DIGEST_SHA256, bytes, length);
    int fd = feed(bytes, length, length, &child);
    CHECK(source_start(&source, fd, &(enum digest_algorithm){DIGEST_SHA256}, UINT64_MAX, true) ==
                  STATUS_OK &&
              source_take(&source, BLOCK, &piece, &got) == STATUS_OK && got == BLOCK,
          "a block is taken");
    CHECK(source_drain(&source) == STATUS_OK && source.read == length &&
              digest_is(&source, &expected),
          "what is drained is in the digest");
    CHECK(source_drain(&source) == STATUS_OK && source.read == length,
          "nothing is drained after the end");
    source_free(&source);
    close(fd);
    (void)waitpid(child, NULL, 0);
    free(bytes);
}

static void test_limit(void)
{
    const size_t length = STREAM_CHUNK + 10 * BLOCK;
    char *bytes = calloc(1, length);
    for (int more = 0; more < 2; more++) {
        pid_t child = 0;
        struct source source = {0};
        int fd = feed(bytes, length, length, &child);
        /* Computes no digest, since none is requested. */
        enum status status = source_start(&source, fd, NULL, length - (size_t)more, true);
        if (status == STATUS_OK)
            status = source_drain(&source);
        if (more == 0)
            CHECK(status == STATUS_OK, "a stream as long as the limit is accepted");
        else
            CHECK(status == STATUS_ARCHIVE, "a stream longer by a byte exceeds the limit");
        source_free(&source);
        close(fd);
        (void)waitpid(child, NULL, 0);
    }
    free(bytes);
}

static void test_failure(void)
{
    struct source source = {0};
    const char *piece = NULL;
    size_t got = 0;
    int fd = open("/", O_RDONLY | O_CLOEXEC);
    CHECK(source_start(&source, fd, &(enum digest_algorithm){DIGEST_SHA256}, UINT64_MAX, true) ==
                  STATUS_OK &&
              source_take(&source, BLOCK, &piece, &got) == STATUS_SYSTEM,
          "a descriptor that can't be read is a failure of the system");
    CHECK(source_drain(&source) == STATUS_SYSTEM,
          "draining a descriptor that can't be read is a failure of the system");
    source_free(&source);
    close(fd);
}

int main(void)
{
    diag_init("test_source");
    test_memory();
    test_stream();
    test_drain();
    CHECK(freopen("/dev/null", "w", stderr) != NULL, "messages are not shown");
    test_limit();
    test_failure();
    return tap_done();
}
