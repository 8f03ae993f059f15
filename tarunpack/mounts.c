#include "mounts.h"

#include "diag.h"
#include "dirs.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* proc(5), /proc/PID/mountinfo: the mount point is the fifth field, with white space and
 * backslashes as \ooo. Returns it, unescaped in place; NULL for a line that is none. */
static char *mount_point(char *line)
{
    char *field = line, *out = NULL, *in = NULL;
    for (int i = 0; i < 4 && field; i++) {
        field = strchr(field, ' ');
        field = field ? field + 1 : NULL;
    }
    if (!field)
        return NULL;
    for (out = in = field; *in && *in != ' ' && *in != '\n';) {
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

static enum status lines_check(FILE *mounts, const char *directory, const char *path)
{
    char *line = NULL;
    size_t size = 0;
    enum status status = STATUS_OK;
    while (status == STATUS_OK && getline(&line, &size, mounts) >= 0) {
        const char *point = mount_point(line);
        if (!point || !is_within(point, directory))
            continue;
        diag_error("%s: can't be replaced while something is mounted on %s", diag_name(path).text,
                   diag_name(point).text);
        status = STATUS_SYSTEM;
    }
    free(line);
    return status;
}

enum status mounts_refuse(int fd, const char *path)
{
    char directory[PATH_MAX];
    ssize_t length = readlink(dirs_magic(fd, NULL).path, directory, sizeof directory - 1);
    FILE *mounts = length < 0 ? NULL : fopen("/proc/self/mountinfo", "re");
    if (!mounts) {
        diag_errno("%s: cannot tell what is mounted there", diag_name(path).text);
        return STATUS_SYSTEM;
    }
    directory[length] = '\0';
    enum status status = lines_check(mounts, directory, path);
    (void)fclose(mounts);
    return status;
}
