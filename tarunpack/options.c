#include "options.h"

#include "cli.h"
#include "cli_tar.h"
#include "diag.h"
#include "thread.h"

#include <stddef.h>
#include <string.h>

enum {
    OPTION_MANIFEST = CLI_FIRST_LONG,
    OPTION_WHITEOUTS,
    OPTION_USERXATTR,
    OPTION_REPLACE,
    OPTION_MERGE,
    OPTION_OLDER_THAN,
    OPTION_JSON,
    OPTION_UID_MAP,
    OPTION_GID_MAP,
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
    {"whiteouts", required_argument, NULL, OPTION_WHITEOUTS},
    {"userxattr", no_argument, NULL, OPTION_USERXATTR},
    {"same-owner", no_argument, NULL, FLAG(same_owner)},
    {"no-same-owner", no_argument, NULL, FLAG(no_same_owner)},
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

/* More writers would only wait for each other. */
#define JOBS_MAX 4

/* Test builds may override it. */
#ifndef JOBS_DEFAULT
#define JOBS_DEFAULT (thread_cpus() < JOBS_MAX ? thread_cpus() : JOBS_MAX)
#endif

/* The limits are also listed in tarunpack.1. */
static void defaults_set(struct options *options)
{
    *options = (struct options){
        .jobs = JOBS_DEFAULT,
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

static enum status limit_parse(uint64_t *limit, const char *text)
{
    if (cli_size(text, limit) == 0)
        return STATUS_OK;
    return cli_usage("'%s' is not a valid limit", diag_name(text).text);
}

/* Sets the field of FLAG(), TEXT() or LIMIT(). */
static enum status field_take(struct options *options, int option, const char *argument)
{
    void *field = (char *)options + option % OPTION_FLAG;
    if (option >= OPTION_LIMIT)
        return limit_parse(field, argument);
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
    case 'j':
        return cli_jobs(argument, &options->jobs);
    default:
        return option < OPTION_FLAG ? STATUS_USAGE : field_take(options, option, argument);
    }
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
        diag_set_verbose(true);
        options->verbose = true;
        return STATUS_OK;
    case 't':
        options->list = options->list == LIST_NONE ? LIST_NAMES : options->list;
        return STATUS_OK;
    case OPTION_JSON:
        options->list = LIST_JSON;
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

/* --adopt and --clean read no archive, so they refuse the options that are about one. */
static enum status archive_check(const struct options *options)
{
    bool about = options->has_expected || options->list != LIST_NONE || options->summary;
    if (options->adopt && (about || options->mode == TARGET_MERGE))
        return cli_usage("--adopt reads no archive: only --replace and --no-sync go with it");
    if (options->clean && (about || options->adopt || options->mode != TARGET_NEW))
        return cli_usage("--clean reads no archive: only --dry-run and --older-than go with it");
    if (!options->clean && (options->cleaning.dry_run || options->cleaning.older_than))
        return cli_usage("--dry-run and --older-than need --clean");
    return STATUS_OK;
}

static enum status operands_parse(struct options *options, int argc, char **argv)
{
    if (options->same_owner && options->no_same_owner)
        return cli_usage("--same-owner and --no-same-owner cannot be combined");
    bool merge = options->mode == TARGET_MERGE;
    enum status status = archive_check(options);
    if (status != STATUS_OK)
        return status;
    if (merge && !options->whiteouts_given)
        options->whiteouts = APPLY_DELETE;
    if (merge && options->whiteouts != APPLY_DELETE)
        return cli_usage("--merge applies whiteouts: only --whiteouts=apply goes with it");
    if (options->list != LIST_NONE)
        return optind == argc
                   ? STATUS_OK
                   : cli_usage(
                         "extra operand '%s': --list, --json and --manifest write no directory",
                         diag_name(argv[optind]).text);
    return cli_directory(argc, argv, &options->directory);
}

enum status options_parse(struct options *options, int argc, char **argv)
{
    int option = 0;
    defaults_set(options);
    while ((option = cli_next(argc, argv, ":hVqve:tj:", long_options)) != -1) {
        enum status status = option_take(options, option, optarg);
        if (status != STATUS_OK || options->help || options->version)
            return status;
    }
    if (options->list == LIST_NAMES && options->verbose) {
        options->list = LIST_LONG;
        diag_set_verbose(false); /* as with tar, -v asked for the long format */
    }
    options->deletions = options->whiteouts_given && (options->whiteouts == APPLY_OVERLAY ||
                                                      options->whiteouts == APPLY_DELETE);
    return operands_parse(options, argc, argv);
}

void options_free(struct options *options)
{
    idmap_free(&options->uids);
    idmap_free(&options->gids);
}
