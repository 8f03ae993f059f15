#include "options.h"

#include "cli.h"
#include "diag.h"

enum { OPTION_PACKS = CLI_FIRST_LONG, OPTION_CHUNKS, OPTION_NEEDS };

static const struct option longs[] = {
    {"packs", required_argument, NULL, OPTION_PACKS},
    {"chunks", required_argument, NULL, OPTION_CHUNKS},
    {"expect", required_argument, NULL, 'e'},
    {"needs", no_argument, NULL, OPTION_NEEDS},
    {"quiet", no_argument, NULL, 'q'},
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, 'V'},
    {NULL, 0, NULL, 0},
};

static enum status expect_parse(struct options *options, const char *text)
{
    const char *problem = digest_parse(text, &options->expected);
    if (!problem && options->expected.algorithm != DIGEST_SHA256)
        problem = "a tree digest is a SHA-256";
    options->expects = true;
    return problem ? cli_usage("--expect: %s", problem) : STATUS_OK;
}

static enum status option_take(struct options *options, int option, const char *argument)
{
    switch (option) {
    case OPTION_PACKS:
        options->packs = argument;
        return STATUS_OK;
    case OPTION_CHUNKS:
        options->chunks = argument;
        return STATUS_OK;
    case 'e':
        return expect_parse(options, argument);
    case OPTION_NEEDS:
        options->needs = true;
        return STATUS_OK;
    case 'q':
        diag_set_quiet(true);
        return STATUS_OK;
    case 'h':
        options->help = true;
        return STATUS_OK;
    case 'V':
        options->version = true;
        return STATUS_OK;
    default:
        return STATUS_USAGE;
    }
}

enum status options_parse(struct options *options, int argc, char **argv)
{
    int option = 0;
    while ((option = cli_next(argc, argv, ":e:qhV", longs)) != -1) {
        enum status status = option_take(options, option, optarg);
        if (status != STATUS_OK || options->help || options->version)
            return status;
    }
    if (optind < argc)
        return cli_usage("extra operand '%s'", diag_name(argv[optind]).text);
    return options->packs ? STATUS_OK : cli_usage("the option --packs=DIR is missing");
}
