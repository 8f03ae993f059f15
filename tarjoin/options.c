#include "options.h"

#include "array.h"
#include "cli.h"
#include "cli_tar.h"
#include "diag.h"

#include <stdlib.h>

static const char help[] =
    "Usage: tarjoin [OPTION]... --packs=DIR < MANIFEST\n"
    "Write the tar that MANIFEST describes to standard output, with contents from packs.\n"
    "The bytes are those that tarpack writes for the tree from which it made MANIFEST.\n"
    "\n"
    "      --packs=DIR         read packs, as tarstore writes them, in DIR\n"
    "      --indexes=DIR       read their indexes in DIR; default: that of --packs\n"
    "      --chunks=FILE       read the chunk map that tarpack --chunks wrote with MANIFEST;\n"
    "                          required if there is a file of more than 1 MiB\n"
    "      --path=PATH         only write PATH, everything below it, and its parents; repeatable\n"
    "  -e, --expect=DIGEST     fail unless MANIFEST has this SHA-256\n"
    "      --needs             instead of the tar print PACK LIVE TOTAL INDEX_DIGEST of the\n"
    "                          packs that are needed: the bytes that are needed, those of all\n"
    "                          its contents, and the SHA-256 of its index\n"
    "  -j, --jobs=N            read ahead with N threads; default: the number of CPUs, at most 4\n"
    "      --summary=FILE      write statistics to FILE, as JSON\n"
    "  -q, --quiet             print errors only\n"
    "  -h, --help              print this help and exit\n"
    "  -V, --version           print the version and exit\n"
    "\n"
    "Exit status: 0 done, 1 the system failed or a PATH was not found, 2 usage, 3 malformed or\n"
    "missing data, 4 wrong digest. After an error the tar has no end, so that readers refuse it.\n";

enum {
    OPTION_PACKS = CLI_FIRST_LONG,
    OPTION_INDEXES,
    OPTION_CHUNKS,
    OPTION_PATH,
    OPTION_NEEDS,
    OPTION_SUMMARY
};

static const char shorts[] = ":e:j:qhV";

static const struct option longs[] = {
    {"packs", required_argument, NULL, OPTION_PACKS},
    {"indexes", required_argument, NULL, OPTION_INDEXES},
    {"chunks", required_argument, NULL, OPTION_CHUNKS},
    {"path", required_argument, NULL, OPTION_PATH},
    {"expect", required_argument, NULL, 'e'},
    {"needs", no_argument, NULL, OPTION_NEEDS},
    {"jobs", required_argument, NULL, 'j'},
    {"summary", required_argument, NULL, OPTION_SUMMARY},
    {"quiet", no_argument, NULL, 'q'},
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, 'V'},
    {0},
};

/* More threads are hardly ever faster than the reader of the tar. */
#define JOBS_MAX 4

static enum status expect_parse(struct options *options, const char *text)
{
    const char *problem = digest_parse(text, &options->expected);
    if (!problem && options->expected.algorithm != DIGEST_SHA256)
        problem = "a tree digest is a SHA-256";
    options->expects = true;
    return problem ? cli_usage("--expect: %s", problem) : STATUS_OK;
}

static enum status path_add(struct options *options, char *path)
{
    if (array_reserve(&options->paths, &options->path_capacity, options->path_count + 1,
                      sizeof *options->paths) != 0)
        return diag_no_memory();
    options->paths[options->path_count++] = path;
    return STATUS_OK;
}

static enum status option_set(void *context, int option)
{
    struct options *options = context;
    switch (option) {
    case OPTION_PACKS:
        options->packs = optarg;
        return STATUS_OK;
    case OPTION_INDEXES:
        options->indexes = optarg;
        return STATUS_OK;
    case OPTION_CHUNKS:
        options->chunks = optarg;
        return STATUS_OK;
    case OPTION_PATH:
        return path_add(options, optarg);
    case 'e':
        return expect_parse(options, optarg);
    case OPTION_NEEDS:
        options->needs = true;
        return STATUS_OK;
    case 'j':
        return cli_jobs(optarg, &options->jobs);
    case OPTION_SUMMARY:
        options->summary = optarg;
        return STATUS_OK;
    case 'q':
        diag_set_quiet(true);
        return STATUS_OK;
    default: /* cli_options() passes no other */
        return STATUS_USAGE;
    }
}

bool options_parse(struct options *options, int argc, char **argv, enum status *status)
{
    *options = (struct options){.jobs = cli_jobs_default(JOBS_MAX)};
    const struct cli_command command = {help, shorts, longs, option_set};
    if (!cli_options(argc, argv, &command, options, status))
        return false;
    if (!options->indexes)
        options->indexes = options->packs;
    const char *const names[] = {options->chunks, options->summary};
    if (optind < argc)
        *status = cli_usage("extra operand '%s'", diag_name(argv[optind]).text);
    else if (!options->packs && !(options->needs && options->indexes))
        *status = cli_usage("missing option --packs=DIR");
    else if ((*status = cli_distinct(names, 2)) == STATUS_OK)
        *status = select_paths(&options->selection, options->paths, options->path_count, true);
    return *status == STATUS_OK;
}

void options_free(struct options *options)
{
    select_free(&options->selection);
    free(options->paths);
}
