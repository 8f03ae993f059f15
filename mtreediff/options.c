#include "options.h"

#include "cli.h"
#include "diag.h"

#include <stdbool.h>
#include <string.h>

static const char help[] =
    "Usage: mtreediff OLD NEW > DELTA\n"
    "  or:  mtreediff --apply [OPTION]... OLD < DELTA > NEW\n"
    "  or:  mtreediff --format=FORM [OPTION]... OLD NEW\n"
    "Write what changed between two manifests of tarpack, or two chunk maps, as a delta;\n"
    "make NEW of OLD and a delta; or print the differences between two manifests.\n"
    "\n"
    "      --apply             read a delta from standard input and write NEW\n"
    "      --max-size=N        with --apply: refuse a result of more than N bytes (suffixes\n"
    "                          K, M, G, T: powers of 1024; default 64G)\n"
    "      --format=FORM       print a line (FORM=text) or an object (json) for each entry that\n"
    "                          was added, removed or changed. OLD and NEW are manifests sorted\n"
    "                          by path; one of them may be '-', standard input\n"
    "      --summary=FILE      with --format: write the number of differences to FILE, as JSON\n"
    "  -q, --quiet             print no warnings\n"
    "  -v, --verbose           print notes\n"
    "  -h, --help              print this help and exit\n"
    "  -V, --version           print the version and exit\n"
    "\n"
    "Exit status: 0 done, 1 the system failed, 2 usage, 3 an input is malformed or over a\n"
    "limit, 4 OLD or the result does not match its digest in the delta.\n";

#define MAX_SIZE_DEFAULT (UINT64_C(64) << 30)

enum { OPTION_APPLY = CLI_FIRST_LONG, OPTION_MAX_SIZE, OPTION_FORMAT, OPTION_SUMMARY };

static const char shorts[] = ":qvhV";

static const struct option longs[] = {
    {"apply", no_argument, NULL, OPTION_APPLY},
    {"max-size", required_argument, NULL, OPTION_MAX_SIZE},
    {"format", required_argument, NULL, OPTION_FORMAT},
    {"summary", required_argument, NULL, OPTION_SUMMARY},
    {"quiet", no_argument, NULL, 'q'},
    {"verbose", no_argument, NULL, 'v'},
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, 'V'},
    {0},
};

/* The options as they were given; set_mode() combines them. */
struct command_line {
    struct options *options; /* takes the others */
    bool apply;
    const char *format, *max_size;
};

static enum status set_option(void *context, int option)
{
    struct command_line *line = context;
    switch (option) {
    case 'q':
        diag_set_quiet(true);
        return STATUS_OK;
    case 'v':
        diag_set_verbose(true);
        return STATUS_OK;
    case OPTION_APPLY:
        line->apply = true;
        return STATUS_OK;
    case OPTION_MAX_SIZE:
        line->max_size = optarg;
        return STATUS_OK;
    case OPTION_FORMAT:
        line->format = optarg;
        return STATUS_OK;
    case OPTION_SUMMARY:
        line->options->summary = optarg;
        return STATUS_OK;
    default: /* cli_options() passes no other */
        return STATUS_USAGE;
    }
}

/* Checks the options that go together. */
static enum status set_mode(struct options *options, const struct command_line *line)
{
    if (line->apply && line->format)
        return cli_usage("--apply and --format cannot be combined");
    if (line->max_size && !line->apply)
        return cli_usage("--max-size needs --apply");
    if (options->summary && !line->format)
        return cli_usage("--summary needs --format");
    if (line->max_size && cli_size(line->max_size, &options->max_size) != 0)
        return cli_usage("--max-size: '%s' is not a number of bytes",
                         diag_name(line->max_size).text);
    if (!line->format)
        options->mode = line->apply ? MODE_APPLY : MODE_DELTA;
    else if (strcmp(line->format, "text") == 0)
        options->mode = MODE_TEXT;
    else if (strcmp(line->format, "json") == 0)
        options->mode = MODE_JSON;
    else
        return cli_usage("--format takes text or json, not '%s'", diag_name(line->format).text);
    return STATUS_OK;
}

static bool is_stdin(const char *operand)
{
    return strcmp(operand, "-") == 0;
}

static enum status set_operands(struct options *options, int count, char **operands)
{
    const int wanted = options->mode == MODE_APPLY ? 1 : 2;
    if (count < wanted)
        return cli_usage("missing operand %s", count == 0 ? "OLD" : "NEW");
    if (count > wanted)
        return cli_usage("extra operand '%s'", diag_name(operands[wanted]).text);
    options->old = operands[0];
    options->new = wanted == 2 ? operands[1] : NULL;
    const int inputs = is_stdin(options->old) + (wanted == 2 && is_stdin(options->new));
    if (inputs > 0 && options->mode != MODE_TEXT && options->mode != MODE_JSON)
        return cli_usage("OLD and NEW cannot be standard input without --format");
    if (inputs == 2)
        return cli_usage("only one of OLD and NEW can be standard input");
    return STATUS_OK;
}

bool options_parse(struct options *options, int argc, char **argv, enum status *status)
{
    struct command_line line = {.options = options};
    const struct cli_command command = {help, shorts, longs, set_option};
    *options = (struct options){.max_size = MAX_SIZE_DEFAULT};
    if (!cli_options(argc, argv, &command, &line, status))
        return false;
    *status = set_mode(options, &line);
    if (*status == STATUS_OK)
        *status = set_operands(options, argc - optind, argv + optind);
    return *status == STATUS_OK;
}
