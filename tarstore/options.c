#include "options.h"

#include "cli.h"
#include "cli_tar.h"
#include "diag.h"
#include "zstd_frame.h"

#include <stddef.h>

static const char help[] =
    "Usage: tarstore [OPTION]... DIR < CONTENTS\n"
    "Store a stream of contents as packs in the directory DIR.\n"
    "For each finished pack, print a line 'PACK SIZE' to standard output.\n"
    "\n"
    "      --pack-size=SIZE    end a pack when its file reaches SIZE bytes (suffixes K, M, G, T:\n"
    "                          powers of 1024); default 64M\n"
    "  -l, --level=N           compress with zstd level N, 1 to 22; default 3\n"
    "  -j, --jobs=N            compress with N threads; default: the number of CPUs, at most 4\n"
    "      --no-sync           do not wait until packs are on disk\n"
    "      --summary=FILE      write a summary as JSON to FILE, which may be /dev/fd/N\n"
    "  -q, --quiet             print errors only\n"
    "  -h, --help              print this help and exit\n"
    "  -V, --version           print the version and exit\n"
    "\n"
    "Exit status: 0 done, 1 the system failed, 2 usage, 3 the stream is malformed or cut.\n"
    "Packs that were finished before an error stay.\n";

enum { OPTION_PACK_SIZE = CLI_FIRST_LONG, OPTION_NO_SYNC, OPTION_SUMMARY };

static const char shorts[] = ":j:l:qhV";

static const struct option longs[] = {
    {"pack-size", required_argument, NULL, OPTION_PACK_SIZE},
    {"level", required_argument, NULL, 'l'},
    {"jobs", required_argument, NULL, 'j'},
    {"no-sync", no_argument, NULL, OPTION_NO_SYNC},
    {"summary", required_argument, NULL, OPTION_SUMMARY},
    {"quiet", no_argument, NULL, 'q'},
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, 'V'},
    {0},
};

/* More need too much memory to be the default. */
#define JOBS_MAX 4

static enum status level_parse(const char *text, int *level)
{
    uint64_t number = 0;
    if (cli_number(text, ZSTD_FRAME_LEVEL_MAX, &number) != 0 || number == 0)
        return cli_usage("--level takes a number from 1 to %d, not '%s'", ZSTD_FRAME_LEVEL_MAX,
                         diag_name(text).text);
    *level = (int)number;
    return STATUS_OK;
}

static enum status pack_size_parse(const char *text, uint64_t *size)
{
    if (cli_size(text, size) != 0 || *size == 0)
        return cli_usage("--pack-size takes a size of at least 1 byte, not '%s'",
                         diag_name(text).text);
    return STATUS_OK;
}

static enum status option_set(void *context, int option)
{
    struct options *options = context;
    switch (option) {
    case OPTION_PACK_SIZE:
        return pack_size_parse(optarg, &options->pack_size);
    case 'l':
        return level_parse(optarg, &options->level);
    case 'j':
        return cli_jobs(optarg, &options->jobs);
    case OPTION_NO_SYNC:
        options->no_sync = true;
        return STATUS_OK;
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
    *options =
        (struct options){.pack_size = 64 << 20, .level = 3, .jobs = cli_jobs_default(JOBS_MAX)};
    const struct cli_command command = {help, shorts, longs, option_set};
    if (!cli_options(argc, argv, &command, options, status))
        return false;
    *status = cli_directory(argc, argv, &options->directory);
    return *status == STATUS_OK;
}
