/* A number that a process shares with its children and with the test that started it. */
#ifndef COUNT_H
#define COUNT_H

#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* Maps the file $FAULTS_COUNT, a 32-bit number, which is 0 if the file is new. Returns NULL without
 * the variable and on errors. */
static inline atomic_uint *count_map(void)
{
    const char *path = getenv("FAULTS_COUNT");
    int fd = path ? open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600) : -1;
    if (fd < 0)
        return NULL;
    void *map = ftruncate(fd, sizeof(atomic_uint)) == 0
                    ? mmap(NULL, sizeof(atomic_uint), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0)
                    : MAP_FAILED;
    close(fd);
    return map == MAP_FAILED ? NULL : map;
}

/* The number in the environment variable NAME, or 0. */
static inline unsigned count_wanted(const char *name)
{
    const char *number = getenv(name);
    return number ? (unsigned)strtoul(number, NULL, 10) : 0;
}

#endif
