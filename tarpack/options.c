#include "options.h"

#include "cli.h"
#include "diag.h"

#include <string.h>

enum {
    OPTION_WHITEOUTS = CLI_FIRST_LONG,
    OPTION_LIVE,
    OPTION_MANIFEST,
    OPTION_NO_XATTRS,
    OPTION_XATTRS_INCLUDE,
    OPTION_XATTRS_EXCLUDE,
};

static const struct option long_options[] = {
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, 'V'},
    {"quiet", no_argument, NULL, 'q'},
    {"verbose", no_argument, NULL, 'v'},
    {"whiteouts", required_argument, NULL, OPTION_WHITEOUTS},
    {"live", no_argument, NULL, OPTION_LIVE},
    {"manifest", optional_argument, NULL, OPTION_MANIFEST},
    {"no-xattrs", no_argument, NULL, OPTION_NO_XATTRS},
    {"xattrs-include", required_argument, NULL, OPTION_XATTRS_INCLUDE},
    {"xattrs-exclude", required_argument, NULL, OPTION_XATTRS_EXCLUDE},
    {NULL, 0, NULL, 0},
};

static enum status whiteouts_parse(struct options *options, const char *form)
{
    options->raw = strcmp(form, "raw") == 0;
    if (options->raw || strcmp(form, "oci") == 0)
        return STATUS_OK;
    return cli_usage("--whiteouts takes oci or raw, not '%s'", diag_name(form).text);
}

static enum status manifest_parse(struct options *options, const char *form)
{
    options->manifest = true;
    options->manifest_times = form && strcmp(form, "time") == 0;
    if (!form || options->manifest_times)
        return STATUS_OK;
    return cli_usage("--manifest takes time or nothing, not '%s'", diag_name(form).text);
}

static enum status option_take(struct options *options, int option, const char *argument)
{
    switch (option) {
    case 'h':
        options->help = true;
        return STATUS_OK;
    case 'V':
        options->version = true;
        return STATUS_OK;
    case 'q':
        diag_set_quiet(true);
        return STATUS_OK;
    case 'v':
        options->verbose = true;
        diag_set_verbose(true);
        return STATUS_OK;
    case OPTION_WHITEOUTS:
        return whiteouts_parse(options, argument);
    case OPTION_LIVE:
        options->live = true;
        return STATUS_OK;
    case OPTION_MANIFEST:
        return manifest_parse(options, argument);
    case OPTION_NO_XATTRS:
        options->no_xattrs = true;
        return STATUS_OK;
    case OPTION_XATTRS_INCLUDE:
        return globs_add(&options->xattrs_include, argument);
    case OPTION_XATTRS_EXCLUDE:
        return globs_add(&options->xattrs_exclude, argument);
    default:
        return STATUS_USAGE;
    }
}

enum status options_parse(struct options *options, int argc, char **argv)
{
    int option = 0;
    while ((option = cli_next(argc, argv, ":hVqv", long_options)) != -1) {
        enum status status = option_take(options, option, optarg);
        if (status != STATUS_OK || options->help || options->version)
            return status;
    }
    if (optind == argc)
        return cli_usage("which directory?");
    if (optind + 1 < argc)
        return cli_usage("one directory, not also '%s'", diag_name(argv[optind + 1]).text);
    options->directory = argv[optind];
    return STATUS_OK;
}

void options_free(struct options *options)
{
    globs_free(&options->xattrs_include);
    globs_free(&options->xattrs_exclude);
}
