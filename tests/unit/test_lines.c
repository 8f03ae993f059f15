/*
 * The lines of a text, from pipes and files.
 */
#include "lines.h"
#include "tap.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static int text_make(const char *text, size_t length)
{
    int fd = memfd_create("text", MFD_CLOEXEC);
    if (fd < 0 || write(fd, text, length) != (ssize_t)length || lseek(fd, 0, SEEK_SET) != 0)
        abort();
    return fd;
}

static bool next_is(struct lines *lines, const char *wanted, size_t length)
{
    const char *text = NULL;
    size_t have = 0;
    return lines_next(lines, &text, &have) == LINES_LINE && have == length &&
           memcmp(text, wanted, length) == 0;
}

static enum lines_event event_of(struct lines *lines)
{
    const char *text = NULL;
    size_t length = 0;
    return lines_next(lines, &text, &length);
}

static void test_text(bool seekable)
{
    const char *how = seekable ? "a file" : "a stream";
    int fd = text_make("one\n\nth\0ee\n", 11);
    struct lines lines;
    lines_start(&lines, fd, seekable);
    CHECK(next_is(&lines, "one", 3) && lines.number == 1 && lines.offset == 4,
          "%s: a line, its number, the offset behind it", how);
    CHECK(next_is(&lines, "", 0), "%s: an empty line", how);
    CHECK(next_is(&lines, "th\0ee", 5) && lines.number == 3, "%s: a line with a NUL", how);
    CHECK(event_of(&lines) == LINES_END, "%s: the end", how);
    CHECK(event_of(&lines) == LINES_END, "%s: the end again", how);
    lines_free(&lines);
    close(fd);
}

static void test_seek(void)
{
    const size_t length = 200000;
    char *text = malloc(length);
    for (size_t i = 0; i < length; i++)
        text[i] = i % 10 == 9 ? '\n' : (char)('0' + i / 10 % 10);
    int fd = text_make(text, length);
    struct lines lines;
    lines_start(&lines, fd, true);
    CHECK(next_is(&lines, "000000000", 9), "reading begins with the first line");
    lines_seek(&lines, 199990);
    CHECK(next_is(&lines, "999999999", 9) && lines.number == 1,
          "after a seek beyond the buffer, the line there is read");
    CHECK(event_of(&lines) == LINES_END, "the end follows the last line");
    lines_seek(&lines, 30);
    CHECK(next_is(&lines, "333333333", 9) && next_is(&lines, "444444444", 9),
          "after a seek back beyond the buffer, the lines there are read");
    lines_seek(&lines, 30);
    CHECK(next_is(&lines, "333333333", 9) && lines.offset == 40,
          "after a seek within the buffer, the line there is read");
    lines_free(&lines);
    close(fd);
    free(text);
}

static void test_limits(void)
{
    char *text = malloc(LINES_MAX + 1);
    struct lines lines;
    memset(text, 'a', LINES_MAX + 1);
    text[LINES_MAX - 1] = '\n';
    int fd = text_make(text, LINES_MAX);
    lines_start(&lines, fd, false);
    CHECK(next_is(&lines, text, LINES_MAX - 1),
          "a line of LINES_MAX bytes, with its newline, is read");
    lines_free(&lines);
    close(fd);
    text[LINES_MAX - 1] = 'a';
    text[LINES_MAX] = '\n';
    fd = text_make(text, LINES_MAX + 1);
    lines_start(&lines, fd, false);
    CHECK(event_of(&lines) == LINES_TOO_LONG, "a line that is longer by a byte is an error");
    lines_free(&lines);
    close(fd);
    fd = text_make("one\ntwo", 7);
    lines_start(&lines, fd, true);
    CHECK(event_of(&lines) == LINES_LINE, "a line before one without a newline is read");
    CHECK(event_of(&lines) == LINES_CUT, "a last line without a newline is an error");
    lines_free(&lines);
    close(fd);
    fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    lines_start(&lines, fd, false);
    CHECK(event_of(&lines) == LINES_FAILED && errno == EISDIR, "an error of read(2) is returned");
    lines_free(&lines);
    close(fd);
    free(text);
}

int main(void)
{
    test_text(false);
    test_text(true);
    test_seek();
    test_limits();
    return tap_done();
}
