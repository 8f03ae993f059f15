#include "cli_tar.h"

#include "cli.h"
#include "diag.h"
#include "thread.h"

#include <string.h>

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

enum status cli_directory(int argc, char **argv, const char **directory)
{
    if (optind == argc)
        return cli_usage("missing operand DIR");
    if (optind + 1 < argc)
        return cli_usage("extra operand '%s'", diag_name(argv[optind + 1]).text);
    *directory = argv[optind];
    return STATUS_OK;
}
