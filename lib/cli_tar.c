#include "cli_tar.h"

#include "cli.h"
#include "diag.h"
#include "thread.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum status cli_jobs(const char *text, unsigned *jobs)
{
    uint64_t number = 0;
    if (cli_number(text, 1024, &number) != 0 || number == 0)
        return cli_usage("--jobs takes a number from 1 to 1024, not '%s'", diag_name(text).text);
    *jobs = (unsigned)number;
    return STATUS_OK;
}

unsigned cli_jobs_default(unsigned most)
{
#ifdef JOBS_DEFAULT
    (void)most;
    return JOBS_DEFAULT;
#else
    const unsigned cpus = thread_cpus();
    return cpus < most ? cpus : most;
#endif
}

enum status cli_id_map(const char *text, struct idmap *map)
{
    const char *problem = idmap_add(map, text);
    return problem ? cli_usage("'%s': %s", diag_name(text).text, problem) : STATUS_OK;
}

enum status cli_manifest(const char *text, bool *times)
{
    *times = text && strcmp(text, "time") == 0;
    if (!text || *times)
        return STATUS_OK;
    return cli_usage("--manifest takes time or nothing, not '%s'", diag_name(text).text);
}

/* Looks up what a name leads to; without `last`, its directory. */
static int name_look(const char *name, bool last, struct stat *status)
{
    char path[PATH_MAX];
    const char *slash = strrchr(name, '/');
    const int length = slash ? (int)(slash - name) + 1 : 0;
    if (last)
        return stat(name, status);
    if (length > (int)sizeof path - 2)
        return -1;
    (void)snprintf(path, sizeof path, "%.*s.", length, name);
    return stat(path, status);
}

static const char *name_last(const char *name)
{
    const char *slash = strrchr(name, '/');
    return slash ? slash + 1 : name;
}

static bool is_one_file(const char *one, const char *other)
{
    struct stat first, second;
    if (strcmp(one, other) == 0)
        return true;
    const bool exists = name_look(one, true, &first) == 0;
    if (exists != (name_look(other, true, &second) == 0))
        return false;
    if (!exists && (strcmp(name_last(one), name_last(other)) != 0 ||
                    name_look(one, false, &first) != 0 || name_look(other, false, &second) != 0))
        return false;
    /* Two options may write to one terminal, or to /dev/null. */
    return first.st_dev == second.st_dev && first.st_ino == second.st_ino &&
           !S_ISCHR(first.st_mode);
}

enum status cli_distinct(const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < i; j++) {
            if (names[i] && names[j] && is_one_file(names[j], names[i]))
                return cli_usage("'%s' is the file of two options", diag_name(names[i]).text);
        }
    }
    return STATUS_OK;
}

enum status cli_directory(int argc, char **argv, const char **directory)
{
    if (optind == argc)
        return cli_usage("missing operand DIR");
    if (optind + 1 < argc)
        return cli_usage("extra operand '%s'", diag_name(argv[optind + 1]).text);
    *directory = argv[optind];
    return STATUS_OK;
}
