/*
 * mtreediff. An input is OLD, a zero byte, and NEW, which their delta restores; or, if it has two
 * zero bytes, OLD, a zero byte, nothing, a zero byte, and the commands of a delta. The header of
 * the delta is made right, or nothing behind it would be reached.
 */
#include "fuzz.h"

#include "apply.h"
#include "compare.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* What a delta may write. */
#define SIZE_MAX_MADE 65536

static int file_make(const void *bytes, size_t length)
{
    int fd = memfd_create("input", MFD_CLOEXEC);
    EXPECT(fd >= 0 && (length == 0 || write(fd, bytes, length) == (ssize_t)length));
    EXPECT(lseek(fd, 0, SEEK_SET) == 0);
    return fd;
}

static struct input input_make(const void *bytes, size_t length)
{
    struct input input = {.name = "input", .fd = file_make(bytes, length)};
    lines_start(&input.lines, input.fd, true);
    return input;
}

/* Standard output becomes a file without a name. */
static void output_set(void)
{
    int fd = file_make("", 0);
    EXPECT(dup2(fd, STDOUT_FILENO) == STDOUT_FILENO);
    close(fd);
}

/* Writes the rest, and reads all of standard output. */
static struct buf output_get(struct output *out)
{
    struct buf text = {0};
    EXPECT(out->buf.length == 0 ||
           write(STDOUT_FILENO, out->buf.bytes, out->buf.length) == (ssize_t)out->buf.length);
    off_t size = lseek(STDOUT_FILENO, 0, SEEK_END);
    EXPECT(size >= 0 && buf_reserve(&text, (size_t)size + 1) == 0);
    EXPECT(pread(STDOUT_FILENO, text.bytes, (size_t)size, 0) == size);
    text.length = (size_t)size;
    return text;
}

static enum status apply(const char *old, size_t old_length, const struct buf *delta,
                         struct buf *made)
{
    struct input from = input_make(old, old_length);
    struct input commands = input_make(delta->bytes, delta->length);
    struct output out = {0};
    output_set();
    EXPECT(output_hash(&out) == STATUS_OK);
    enum status status = apply_delta(&from, &commands, SIZE_MAX_MADE, &out);
    *made = output_get(&out);
    output_free(&out);
    input_close(&from);
    input_close(&commands);
    return status;
}

static void pair_try(const char *old, size_t old_length, const char *new, size_t new_length)
{
    struct input from = input_make(old, old_length), to = input_make(new, new_length);
    struct output out = {0};
    output_set();
    enum status status = compare_files(&from, &to, &out);
    EXPECT(status == STATUS_OK || status == STATUS_ARCHIVE);
    struct buf delta = output_get(&out), made = {0};
    if (status == STATUS_OK) {
        EXPECT(apply(old, old_length, &delta, &made) == STATUS_OK);
        EXPECT(made.length == new_length && memcmp(made.bytes, new, new_length) == 0);
    }
    buf_free(&delta);
    buf_free(&made);
    output_free(&out);
    input_close(&from);
    input_close(&to);
}

static void delta_try(const char *old, size_t old_length, const char *commands, size_t length)
{
    struct input from = input_make(old, old_length);
    struct buf delta = {0}, made = {0};
    if (input_measure(&from, NULL, NULL) == STATUS_OK) {
        char hex[DIGEST_TEXT_SIZE];
        digest_hex(&from.digest, hex);
        EXPECT(buf_append_format(&delta, "#delta\nold %s %zu\nnew %s %d\n", hex, old_length, hex,
                                 SIZE_MAX_MADE) == 0);
        EXPECT(buf_append(&delta, commands, length) == 0);
        enum status status = apply(old, old_length, &delta, &made);
        EXPECT(status == STATUS_ARCHIVE); /* no delta makes that size with that digest */
        EXPECT(made.length <= SIZE_MAX_MADE);
    }
    buf_free(&delta);
    buf_free(&made);
    input_close(&from);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int standard = -1;
    const char *text = (const char *)data, *end = text + size;
    const char *first = size > 0 ? memchr(text, '\0', size) : NULL;
    if (!first)
        return 0;
    if (standard < 0)
        standard = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
    if (first + 1 < end && first[1] == '\0')
        delta_try(text, (size_t)(first - text), first + 2, (size_t)(end - first) - 2);
    else
        pair_try(text, (size_t)(first - text), first + 1, (size_t)(end - first) - 1);
    EXPECT(dup2(standard, STDOUT_FILENO) == STDOUT_FILENO);
    return 0;
}
