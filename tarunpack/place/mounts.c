#include "place/mounts.h"

#include "buf.h"
#include "diag.h"
#include "dirs.h"
#include "stream.h"

#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

/* Bytes of the kernel's list that are read at once. */
#define READ_SIZE ((size_t)16 * 1024)

/* proc(5), /proc/PID/mountinfo: the mount point is the fifth field, with white space and
 * backslashes as \ooo. Returns it, unescaped in place; NULL if the line is malformed. */
static char *mount_point(char *line)
{
    char *field = line, *out = NULL, *in = NULL;
    for (int i = 0; i < 4 && field; i++) {
        field = strchr(field, ' ');
        field = field ? field + 1 : NULL;
    }
    if (!field)
        return NULL;
    for (out = in = field; *in && *in != ' ';) {
        if (in[0] == '\\' && in[1] && in[2] && in[3]) {
            *out++ = (char)((in[1] - '0') * 64 + (in[2] - '0') * 8 + (in[3] - '0'));
            in += 4;
        } else {
            *out++ = *in++;
        }
    }
    *out = '\0';
    return field;
}

static bool is_within(const char *path, const char *directory)
{
    size_t length = strlen(directory);
    return strncmp(path, directory, length) == 0 && (path[length] == '/' || path[length] == '\0');
}

/* Checks every line; changes `list`. */
static enum status lines_check(char *list, const char *directory, const char *path)
{
    for (char *line = list, *next = NULL; *line; line = next) {
        next = strchr(line, '\n');
        if (next)
            *next++ = '\0';
        char *point = next ? mount_point(line) : NULL;
        if (!point)
            return diag_error(
                "%s: cannot tell what is mounted there: malformed /proc/self/mountinfo",
                diag_name(path).text);
        if (!is_within(point, directory))
            continue;
        return diag_error("%s: cannot be replaced while something is mounted on %s",
                          diag_name(path).text, diag_name(point).text);
    }
    return STATUS_OK;
}

/* Reads the kernel's list into `list`, as a string. Returns 0; -1 with errno set. */
static int list_read(struct buf *list)
{
    ssize_t got = 0;
    int fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    do {
        got = buf_reserve(list, READ_SIZE) == 0
                  ? stream_read(fd, list->bytes + list->length, READ_SIZE)
                  : -1;
        if (got > 0)
            list->length += (size_t)got;
    } while (got > 0);
    stream_close(fd);
    return got == 0 ? buf_append(list, "", 1) : -1;
}

enum status mounts_refuse(int fd, const char *path)
{
    char directory[PATH_MAX];
    struct buf list = {0};
    enum status status = STATUS_OK;
    ssize_t length = readlink(dirs_magic(fd, NULL).path, directory, sizeof directory - 1);
    if (length < 0 || list_read(&list) != 0) {
        status = diag_failed(path, "tell what is mounted there");
    } else {
        directory[length] = '\0';
        status = lines_check(list.bytes, directory, path);
    }
    buf_free(&list);
    return status;
}
