/* s3cmd for the tests: a call of s3cmd-keeper at $S3CMD_KEEPER. It sends its arguments,
 * environment, umask, directory and descriptors, and returns the exit status. If the keeper has
 * another user or mount namespace, it runs the installed s3cmd, $S3CMD_INSTALLED. The message is
 * the length of the rest, 4 bytes, with the descriptors, and strings that end with NUL: the umask,
 * the directory, the number of arguments and the arguments, the number of descriptors and the
 * descriptors, the environment. */
#include <arpa/inet.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { DESCRIPTORS = 64 };

static int fail(const char *what)
{
    perror(what);
    return 1;
}

/* Whether the keeper is the same user, in the same mount namespace. */
static int is_near(void)
{
    const char *keeper = getenv("S3CMD_KEEPER_NEAR");
    char namespace[64] = "", here[96];
    if (readlink("/proc/self/ns/mnt", namespace, sizeof namespace - 1) < 0)
        return 0;
    snprintf(here, sizeof here, "%u %s", (unsigned)geteuid(), namespace);
    return keeper && strcmp(keeper, here) == 0;
}

/* Returns the number of open descriptors except `connection`, or -1. */
static int descriptors_list(int connection, int descriptors[DESCRIPTORS])
{
    DIR *dir = opendir("/proc/self/fd");
    const struct dirent *entry;
    int count = 0;
    while (dir && (entry = readdir(dir))) {
        int fd = entry->d_name[0] == '.' ? connection : (int)strtol(entry->d_name, NULL, 10);
        if (fd == connection || fd == dirfd(dir))
            continue;
        if (count == DESCRIPTORS)
            return -1;
        descriptors[count++] = fd;
    }
    return dir && closedir(dir) == 0 ? count : -1;
}

static void put(FILE *message, const char *string)
{
    fputs(string, message);
    putc('\0', message);
}

/* Returns the strings of the message, of *size bytes, or NULL. */
static char *message_make(char **arguments, int argument_count, const int *descriptors, int count,
                          size_t *size)
{
    char *bytes = NULL, *directory = getcwd(NULL, 0);
    FILE *message = open_memstream(&bytes, size);
    if (!message || !directory)
        return NULL;
    fprintf(message, "%o%c%s%c%d%c", (unsigned)umask(0), 0, directory, 0, argument_count, 0);
    for (int i = 0; i < argument_count; i++)
        put(message, arguments[i]);
    fprintf(message, "%d%c", count, 0);
    for (int i = 0; i < count; i++)
        fprintf(message, "%d%c", descriptors[i], 0);
    for (char **variable = environ; *variable; variable++)
        put(message, *variable);
    free(directory);
    return fclose(message) == 0 ? bytes : NULL;
}

/* Sends the length of the rest, with the descriptors. */
static int descriptors_send(int connection, size_t size, const int *descriptors, int count)
{
    uint32_t length = htonl((uint32_t)size);
    struct iovec bytes = {&length, sizeof length};
    union {
        struct cmsghdr align;
        char space[CMSG_SPACE(DESCRIPTORS * sizeof(int))]; // cppcheck-suppress unusedStructMember
    } rights = {0};
    struct msghdr header = {.msg_iov = &bytes, .msg_iovlen = 1};
    if (count) {
        header.msg_control = &rights;
        header.msg_controllen = (socklen_t)CMSG_SPACE((size_t)count * sizeof(int));
        struct cmsghdr *control = CMSG_FIRSTHDR(&header);
        control->cmsg_level = SOL_SOCKET;
        control->cmsg_type = SCM_RIGHTS;
        control->cmsg_len = (socklen_t)CMSG_LEN((size_t)count * sizeof(int));
        memcpy(CMSG_DATA(control), descriptors, (size_t)count * sizeof(int));
    }
    return sendmsg(connection, &header, MSG_NOSIGNAL) == sizeof length ? 0 : -1;
}

int main(int argc, char **argv)
{
    const char *path = getenv("S3CMD_KEEPER");
    if (!path || !is_near()) {
        const char *installed = getenv("S3CMD_INSTALLED");
        argv[0] = installed ? strdup(installed) : NULL;
        if (argv[0])
            execv(argv[0], argv);
        return fail("S3CMD_INSTALLED");
    }
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int connection = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connection < 0 || snprintf(address.sun_path, sizeof address.sun_path, "%s", path) < 0 ||
        connect(connection, (struct sockaddr *)&address, sizeof address) != 0)
        return fail(path);
    int descriptors[DESCRIPTORS], count = descriptors_list(connection, descriptors);
    size_t size = 0, sent = 0;
    char *message = count < 0 ? NULL : message_make(argv + 1, argc - 1, descriptors, count, &size);
    if (!message || descriptors_send(connection, size, descriptors, count) != 0)
        return fail("s3cmd");
    while (sent < size) {
        ssize_t more = send(connection, message + sent, size - sent, MSG_NOSIGNAL);
        if (more < 0)
            return fail("s3cmd");
        sent += (size_t)more;
    }
    unsigned char status;
    return read(connection, &status, 1) == 1 ? status : 1;
}
