/* Runs a target without libFuzzer, with every file in the given directories. */
#include "fuzz.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char name[4096]; /* the current input, for the message about a crash */

/* A block of exactly the input's size, so that sanitizers find a read beyond it. */
static int try_file(void)
{
    struct stat status;
    FILE *file = fopen(name, "rbe");
    if (!file || fstat(fileno(file), &status) != 0) {
        perror(name);
        return -1;
    }
    size_t size = (size_t)status.st_size;
    uint8_t *data = malloc(size > 0 ? size : 1);
    int result = data && fread(data, 1, size, file) == size ? 0 : -1;
    if (result == 0)
        (void)LLVMFuzzerTestOneInput(data, size);
    else
        perror(name);
    free(data);
    fclose(file);
    return result;
}

/* Returns the number of inputs; -1 for a failure, with the message printed. */
static int try_directory(const char *given)
{
    int count = 0;
    char *path = realpath(given, NULL); /* a target may change the working directory */
    DIR *directory = path ? opendir(path) : NULL;
    if (!directory) {
        perror(given);
        free(path);
        return -1;
    }
    for (struct dirent *entry = readdir(directory); entry && count >= 0;
         entry = readdir(directory)) {
        if (entry->d_name[0] == '.')
            continue;
        snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
        count = try_file() == 0 ? count + 1 : -1;
    }
    closedir(directory);
    free(path);
    return count;
}

/* Names the input that crashes. After a crash, stdio can't be used. */
static void crashed(int signal)
{
    (void)!write(STDERR_FILENO, name, strnlen(name, sizeof name));
    (void)!write(STDERR_FILENO, "\n", 1);
    (void)raise(signal);
}

int main(int argc, char **argv)
{
    static const int signals[] = {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL};
    struct sigaction action = {.sa_handler = crashed, .sa_flags = (int)SA_RESETHAND};
    int count = 0;
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
        (void)sigaction(signals[i], &action, NULL);
    for (int i = 1; i < argc; i++) {
        int tried = try_directory(argv[i]);
        if (tried < 0)
            return EXIT_FAILURE;
        count += tried;
    }
    printf("%d inputs\n", count);
    return EXIT_SUCCESS;
}
