#include "options.h"

#include "cli.h"
#include "diag.h"

#include <stdio.h>
#include <string.h>

static const char help[] =
    "Usage: shasum-tee [OPTION]...\n"
    "Copy standard input to standard output. At the end, print the digest of the bytes\n"
    "written as a line 'HEX  -' to standard error.\n"
    "\n"
    "  -a, --algorithm=N       use SHA-256 (N=256, default), SHA-384 or SHA-512\n"
    "  -e, --expect=DIGEST     exit with 4 unless the digest is DIGEST: HEX, sha256:HEX,\n"
    "                          sha384:HEX or sha512:HEX, in lower case\n"
    "  -o, --output=FILE       print the digest to FILE, which may be /dev/fd/N\n"
    "      --json              print a JSON object: algorithm, digest, size\n"
    "      --oci               print the digest in OCI form: sha256:HEX\n"
    "      --zstd              check that the input is a zstd stream; print its digest, the\n"
    "                          digest of its decompressed content, and both sizes\n"
    "      --progress[=WHEN]   draw a progress line on standard error: auto (default; only on\n"
    "                          a terminal), always or never\n"
    "      --size=N            expect N bytes (suffixes K, M, G, T: powers of 1024), for a bar\n"
    "                          and an estimate in the progress line\n"
    "  -q, --quiet             print no progress line and no warnings\n"
    "  -h, --help              print this help and exit\n"
    "  -V, --version           print the version and exit\n"
    "\n"
    "Exit status: 0 done, 1 the system failed, 2 usage, 3 not a valid zstd stream,\n"
    "4 the digest does not match.\n";

enum { OPTION_JSON = CLI_FIRST_LONG, OPTION_OCI, OPTION_ZSTD, OPTION_PROGRESS, OPTION_SIZE };

static const char shorts[] = ":a:e:o:qhV";

static const struct option longs[] = {
    {"algorithm", required_argument, NULL, 'a'},
    {"expect", required_argument, NULL, 'e'},
    {"output", required_argument, NULL, 'o'},
    {"json", no_argument, NULL, OPTION_JSON},
    {"oci", no_argument, NULL, OPTION_OCI},
    {"zstd", no_argument, NULL, OPTION_ZSTD},
    {"progress", optional_argument, NULL, OPTION_PROGRESS},
    {"size", required_argument, NULL, OPTION_SIZE},
    {"quiet", no_argument, NULL, 'q'},
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, 'V'},
    {0},
};

/* Options that are combined by settle(). */
struct command_line {
    struct options *options; /* takes the others */
    const char *algorithm;
    const char *expect;
    bool json;
    bool oci;
    bool quiet;
};

/* Parses the value of --progress; NULL if it has none. */
static enum status set_progress(struct options *options, const char *when)
{
    if (!when || strcmp(when, "auto") == 0)
        options->progress = diag_can_draw();
    else if (strcmp(when, "always") == 0)
        options->progress = true;
    else if (strcmp(when, "never") == 0)
        options->progress = false;
    else
        return cli_usage("--progress takes auto, always or never, not '%s'", diag_name(when).text);
    return STATUS_OK;
}

static enum status set_option(void *context, int option)
{
    struct command_line *line = context;
    struct options *options = line->options;
    switch (option) {
    case 'a':
        line->algorithm = optarg;
        return STATUS_OK;
    case 'e':
        line->expect = optarg;
        return STATUS_OK;
    case 'o':
        options->output = optarg;
        return STATUS_OK;
    case 'q':
        line->quiet = true;
        return STATUS_OK;
    case OPTION_JSON:
        line->json = true;
        return STATUS_OK;
    case OPTION_OCI:
        line->oci = true;
        return STATUS_OK;
    case OPTION_ZSTD:
        options->zstd = true;
        return STATUS_OK;
    case OPTION_PROGRESS:
        return set_progress(options, optarg);
    case OPTION_SIZE:
        if (cli_size(optarg, &options->size) != 0)
            return cli_usage("--size: '%s' is not a number of bytes", diag_name(optarg).text);
        return STATUS_OK;
    default: /* cli_options() passes no other */
        return STATUS_USAGE;
    }
}

/* Parses the expected digest. Without a prefix it is one of the algorithm of -a. Without -a, a
 * prefix selects the algorithm. */
static enum status set_expected(struct options *options, const struct command_line *line)
{
    char text[DIGEST_TEXT_SIZE + 8]; /* a text that is cut is still too long */
    const char *prefix =
        strchr(line->expect, ':') ? NULL : digest_algorithm_name(options->algorithm);
    (void)snprintf(text, sizeof text, "%s%s%s", prefix ? prefix : "", prefix ? ":" : "",
                   line->expect);
    const char *fault = digest_parse(text, &options->expected);
    if (fault)
        return cli_usage("--expect: %s", fault);
    if (line->algorithm && options->expected.algorithm != options->algorithm)
        return cli_usage("--expect and --algorithm name different algorithms");
    options->algorithm = options->expected.algorithm;
    options->expects = true;
    return STATUS_OK;
}

/* Checks and combines the options. */
static enum status settle(struct options *options, const struct command_line *line)
{
    if (line->algorithm && digest_algorithm_parse(line->algorithm, &options->algorithm) != 0)
        return cli_usage("--algorithm takes 256, 384 or 512, not '%s'",
                         diag_name(line->algorithm).text);
    if (line->json && line->oci)
        return cli_usage("--json and --oci cannot be combined");
    options->format = line->json ? FORMAT_JSON : line->oci ? FORMAT_OCI : FORMAT_TEXT;
    if (line->quiet) {
        diag_set_quiet(true);
        options->progress = false;
    }
    return line->expect ? set_expected(options, line) : STATUS_OK;
}

bool options_parse(struct options *options, int argc, char **argv, enum status *status)
{
    struct command_line line = {.options = options};
    const struct cli_command command = {help, shorts, longs, set_option};
    *options = (struct options){0};
    if (!cli_options(argc, argv, &command, &line, status))
        return false;
    *status = optind < argc ? cli_usage("unexpected operand '%s'", diag_name(argv[optind]).text)
                            : settle(options, &line);
    return *status == STATUS_OK;
}
