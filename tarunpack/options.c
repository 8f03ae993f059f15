#include "options.h"

#include "cli.h"
#include "cli_tar.h"
#include "diag.h"

#include <stddef.h>
#include <string.h>

enum {
    OPTION_MANIFEST = CLI_FIRST_LONG,
    OPTION_FROM_MANIFEST,
    OPTION_WHITEOUTS,
    OPTION_USERXATTR,
    OPTION_REPLACE,
    OPTION_MERGE,
    OPTION_OLDER_THAN,
    OPTION_JSON,
    OPTION_UID_MAP,
    OPTION_GID_MAP,
    OPTION_XATTRS_INCLUDE,
    /* An option that only sets a field is one of these plus the offset of the field. */
    OPTION_FLAG = 1 << 16,  /* a bool */
    OPTION_TEXT = 2 << 16,  /* its value, as it is */
    OPTION_LIMIT = 3 << 16, /* a uint64_t */
};

#define FLAG(field) (OPTION_FLAG + (int)offsetof(struct options, field))
#define TEXT(field) (OPTION_TEXT + (int)offsetof(struct options, field))
#define LIMIT(field) (OPTION_LIMIT + (int)offsetof(struct options, field))

static const struct option long_options[] = {
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, 'V'},
    {"quiet", no_argument, NULL, 'q'},
    {"verbose", no_argument, NULL, 'v'},
    {"expect", required_argument, NULL, 'e'},
    {"list", no_argument, NULL, 't'},
    {"manifest", optional_argument, NULL, OPTION_MANIFEST},
    {"from-manifest", no_argument, NULL, OPTION_FROM_MANIFEST},
    {"whiteouts", required_argument, NULL, OPTION_WHITEOUTS},
    {"userxattr", no_argument, NULL, OPTION_USERXATTR},
    {"same-owner", no_argument, NULL, FLAG(same_owner)},
    {"no-same-owner", no_argument, NULL, FLAG(no_same_owner)},
    {"strict", no_argument, NULL, FLAG(strict)},
    {"xattrs-include", required_argument, NULL, OPTION_XATTRS_INCLUDE},
    {"no-xattrs", no_argument, NULL, FLAG(no_xattrs)},
    {"no-devices", no_argument, NULL, FLAG(no_devices)},
    {"no-holes", no_argument, NULL, FLAG(no_holes)},
    {"no-sync", no_argument, NULL, FLAG(no_sync)},
    {"replace", no_argument, NULL, OPTION_REPLACE},
    {"merge", no_argument, NULL, OPTION_MERGE},
    {"adopt", required_argument, NULL, TEXT(adopt)},
    {"clean", no_argument, NULL, FLAG(clean)},
    {"dry-run", no_argument, NULL, FLAG(cleaning.dry_run)},
    {"older-than", required_argument, NULL, OPTION_OLDER_THAN},
    {"json", no_argument, NULL, OPTION_JSON},
    {"uid-map", required_argument, NULL, OPTION_UID_MAP},
    {"gid-map", required_argument, NULL, OPTION_GID_MAP},
    {"summary", required_argument, NULL, TEXT(summary)},
    {"jobs", required_argument, NULL, 'j'},
    {"max-stream", required_argument, NULL, LIMIT(stream_limit)},
    {"max-size", required_argument, NULL, LIMIT(limits.tree_size)},
    {"max-entries", required_argument, NULL, LIMIT(limits.entries)},
    {"max-path", required_argument, NULL, LIMIT(limits.path)},
    {"max-depth", required_argument, NULL, LIMIT(limits.depth)},
    {"max-pax", required_argument, NULL, LIMIT(limits.pax)},
    {"max-xattr", required_argument, NULL, LIMIT(limits.xattr)},
    {NULL, 0, NULL, 0},
};

_Static_assert(sizeof long_options / sizeof long_options[0] <= 64, "options.given has 64 bits");

/* More writers would only wait for each other. */
#define JOBS_MAX 4

/* What a run does. Options that have no meaning for it are refused. */
enum work { WORK_TREE = 1, WORK_LIST = 2, WORK_ADOPT = 4, WORK_CLEAN = 8, WORK_MANIFEST = 16 };

/* The limits are also listed in tarunpack.1. */
static void defaults_set(struct options *options)
{
    *options = (struct options){
        .jobs = cli_jobs_default(JOBS_MAX),
        .stream_limit = UINT64_C(8) << 40,
        .limits = {.entries = 100000000,
                   .tree_size = UINT64_C(8) << 40,
                   .path = 1 << 20,
                   .depth = 8192,
                   .pax = 16 << 20,
                   .xattr = 64 << 10},
    };
}

static enum status expect_parse(struct options *options, const char *text)
{
    const char *problem = digest_parse(text, &options->expected);
    options->has_expected = true;
    return problem ? cli_usage("--expect '%s': %s", diag_name(text).text, problem) : STATUS_OK;
}

static enum status manifest_take(struct options *options, const char *form)
{
    bool times = false;
    enum status status = cli_manifest(form, &times);
    options->list = times ? LIST_MANIFEST_TIMES : LIST_MANIFEST;
    return status;
}

static enum status whiteouts_parse(struct options *options, const char *form)
{
    static const char *const forms[] = {"overlay", "apply", "keep",
                                        "raw"}; /* in the order of the enum */
    options->whiteouts_given = true;
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        if (strcmp(form, forms[i]) == 0) {
            options->whiteouts = (enum apply_whiteouts)i;
            return STATUS_OK;
        }
    }
    return cli_usage("--whiteouts takes overlay, apply, keep or raw, not '%s'",
                     diag_name(form).text);
}

static enum status mode_parse(struct options *options, enum target_mode mode)
{
    if (options->mode != TARGET_NEW && options->mode != mode)
        return cli_usage("--replace and --merge cannot be combined");
    options->mode = mode;
    return STATUS_OK;
}

static enum status age_parse(struct options *options, const char *text)
{
    if (cli_number(text, INT64_MAX, &options->cleaning.older_than) == 0)
        return STATUS_OK;
    return cli_usage("--older-than takes a number of seconds, not '%s'", diag_name(text).text);
}

/* The index of an option in long_options. */
static size_t option_index(int option)
{
    size_t index = 0;
    while (long_options[index].val != option)
        index++;
    return index;
}

static enum status limit_parse(uint64_t *limit, int option, const char *text)
{
    if (cli_size(text, limit) == 0)
        return STATUS_OK;
    return cli_usage("--%s takes a number of bytes, or one with K, M, G or T, not '%s'",
                     long_options[option_index(option)].name, diag_name(text).text);
}

/* Sets the field of FLAG(), TEXT() or LIMIT(). */
static enum status field_take(struct options *options, int option, const char *argument)
{
    void *field = (char *)options + option % OPTION_FLAG;
    if (option >= OPTION_LIMIT)
        return limit_parse(field, option, argument);
    if (option >= OPTION_TEXT)
        *(const char **)field = argument;
    else
        *(bool *)field = true;
    return STATUS_OK;
}

/* Options with a value. */
static enum status value_take(struct options *options, int option, const char *argument)
{
    switch (option) {
    case 'e':
        return expect_parse(options, argument);
    case OPTION_MANIFEST:
        return manifest_take(options, argument);
    case OPTION_WHITEOUTS:
        return whiteouts_parse(options, argument);
    case OPTION_OLDER_THAN:
        return age_parse(options, argument);
    case OPTION_UID_MAP:
        return cli_id_map(argument, &options->uids);
    case OPTION_GID_MAP:
        return cli_id_map(argument, &options->gids);
    case OPTION_XATTRS_INCLUDE:
        return globs_add(&options->xattrs_include, argument);
    case 'j':
        return cli_jobs(argument, &options->jobs);
    default:
        return option < OPTION_FLAG ? STATUS_USAGE : field_take(options, option, argument);
    }
}

static enum status option_take(struct options *options, int option, const char *argument)
{
    switch (option) {
    case 'q':
        diag_set_quiet(true);
        return STATUS_OK;
    case 'v':
        diag_set_verbose(true);
        options->verbose = true;
        return STATUS_OK;
    case 't':
        options->list = options->list == LIST_NONE ? LIST_NAMES : options->list;
        return STATUS_OK;
    case OPTION_JSON:
        options->list = LIST_JSON;
        return STATUS_OK;
    case OPTION_FROM_MANIFEST:
        options->from_manifest = true;
        return STATUS_OK;
    case OPTION_USERXATTR:
        options->overlay = OVERLAY_USER;
        return STATUS_OK;
    case OPTION_REPLACE:
        return mode_parse(options, TARGET_REPLACE);
    case OPTION_MERGE:
        return mode_parse(options, TARGET_MERGE);
    default:
        return value_take(options, option, argument);
    }
}

static enum status given_take(void *context, int option)
{
    struct options *options = context;
    options->given |= UINT64_C(1) << option_index(option);
    return option_take(options, option, optarg);
}

/* For which kinds of work an option has a meaning: a set of enum work. */
static unsigned works_of(int option)
{
    switch (option) {
    case 'q':
    case 'v':
        return WORK_TREE | WORK_LIST | WORK_ADOPT | WORK_CLEAN | WORK_MANIFEST;
    case OPTION_WHITEOUTS:
    case TEXT(summary):
        return WORK_TREE | WORK_LIST | WORK_MANIFEST;
    case 'e':
    case 'j':
        return WORK_TREE | WORK_LIST;
    case 't':
    case OPTION_JSON:
    case OPTION_MANIFEST:
        return WORK_LIST | WORK_MANIFEST;
    case OPTION_FROM_MANIFEST:
        return WORK_MANIFEST;
    case OPTION_REPLACE:
    case FLAG(no_sync):
        return WORK_TREE | WORK_ADOPT;
    case TEXT(adopt):
        return WORK_ADOPT;
    case FLAG(clean):
    case FLAG(cleaning.dry_run):
    case OPTION_OLDER_THAN:
        return WORK_CLEAN;
    default:
        return option >= OPTION_LIMIT ? WORK_TREE | WORK_LIST : WORK_TREE;
    }
}

static enum work work_of(const struct options *options)
{
    if (options->clean)
        return WORK_CLEAN;
    if (options->adopt)
        return WORK_ADOPT;
    if (options->list == LIST_NONE)
        return WORK_TREE;
    return options->from_manifest ? WORK_MANIFEST : WORK_LIST;
}

static enum status useless_refuse(enum work work, const struct option *option)
{
    if (work == WORK_CLEAN)
        return cli_usage("--clean reads no archive: only --dry-run and --older-than go with it");
    if (work == WORK_ADOPT)
        return cli_usage("--adopt reads no archive: only --replace and --no-sync go with it");
    if (work == WORK_MANIFEST)
        return cli_usage("--from-manifest only lists: --%s does not go with it", option->name);
    if (works_of(option->val) == WORK_CLEAN)
        return cli_usage("--dry-run and --older-than need --clean");
    if (works_of(option->val) == WORK_MANIFEST)
        return cli_usage("--from-manifest needs --list, --json or --manifest");
    return cli_usage("--list, --json and --manifest write no directory: --%s does not go with them",
                     option->name);
}

/* Refuses options that have no meaning for the work. */
static enum status useless_check(const struct options *options)
{
    enum work work = work_of(options);
    for (size_t i = 0; long_options[i].name; i++) {
        if ((options->given >> i & 1) && !(works_of(long_options[i].val) & work))
            return useless_refuse(work, &long_options[i]);
    }
    return STATUS_OK;
}

/* Takes the operands [DIR] [PATH]... */
static enum status selection_parse(struct options *options, int argc, char **argv)
{
    enum work work = work_of(options);
    bool whiteouts = options->whiteouts == APPLY_OVERLAY || options->whiteouts == APPLY_DELETE;
    if (work == WORK_ADOPT || work == WORK_CLEAN)
        return cli_directory(argc, argv, &options->directory);
    if (work == WORK_TREE) {
        if (optind == argc)
            return cli_usage("missing operand DIR");
        options->directory = argv[optind++];
    }
    if (optind < argc && options->mode == TARGET_MERGE)
        return cli_usage("--merge applies a whole layer: no PATH goes with it");
    if (optind < argc && options->mode == TARGET_REPLACE)
        return cli_usage("--replace would remove all other entries of DIR: no PATH goes with it");
    return select_paths(&options->selection, argv + optind, (size_t)(argc - optind), whiteouts);
}

static enum status operands_parse(struct options *options, int argc, char **argv)
{
    if (options->same_owner && options->no_same_owner)
        return cli_usage("--same-owner and --no-same-owner cannot be combined");
    bool merge = options->mode == TARGET_MERGE;
    enum status status = useless_check(options);
    if (status != STATUS_OK)
        return status;
    if (merge && !options->whiteouts_given)
        options->whiteouts = APPLY_DELETE;
    if (merge && options->whiteouts != APPLY_DELETE)
        return cli_usage("--merge applies whiteouts: only --whiteouts=apply goes with it");
    return selection_parse(options, argc, argv);
}

bool options_parse(struct options *options, int argc, char **argv, const char *help,
                   enum status *status)
{
    const struct cli_command command = {help, ":hVqve:tj:", long_options, given_take};
    defaults_set(options);
    if (!cli_options(argc, argv, &command, options, status))
        return false;
    if (options->list == LIST_NAMES && options->verbose) {
        options->list = LIST_LONG;
        diag_set_verbose(false); /* as with tar, -v asked for the long format */
    }
    options->deletions = options->whiteouts_given && (options->whiteouts == APPLY_OVERLAY ||
                                                      options->whiteouts == APPLY_DELETE);
    *status = operands_parse(options, argc, argv);
    return *status == STATUS_OK;
}

void options_free(struct options *options)
{
    globs_free(&options->xattrs_include);
    idmap_free(&options->uids);
    idmap_free(&options->gids);
    select_free(&options->selection);
}
