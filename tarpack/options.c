#include "options.h"

#include "cli.h"
#include "cli_tar.h"
#include "date.h"
#include "diag.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    OPTION_WHITEOUTS = CLI_FIRST_LONG,
    OPTION_LIVE,
    OPTION_MANIFEST,
    OPTION_NO_XATTRS,
    OPTION_XATTRS_INCLUDE,
    OPTION_XATTRS_EXCLUDE,
    OPTION_EXCLUDE,
    OPTION_MTIME,
    OPTION_CLAMP_MTIME,
    OPTION_TIME_PRECISION,
    OPTION_OWNER,
    OPTION_GROUP,
    OPTION_UID_MAP,
    OPTION_GID_MAP,
    OPTION_SUMMARY,
    OPTION_CACHE,
    OPTION_CONTENTS,
    OPTION_CHUNKS,
    OPTION_KNOWN,
    OPTION_KNOWN_CHUNKS,
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
    {"exclude", required_argument, NULL, OPTION_EXCLUDE},
    {"exclude-from", required_argument, NULL, 'X'},
    {"one-file-system", no_argument, NULL, 'x'},
    {"mtime", required_argument, NULL, OPTION_MTIME},
    {"clamp-mtime", optional_argument, NULL, OPTION_CLAMP_MTIME},
    {"time-precision", required_argument, NULL, OPTION_TIME_PRECISION},
    {"owner", required_argument, NULL, OPTION_OWNER},
    {"group", required_argument, NULL, OPTION_GROUP},
    {"uid-map", required_argument, NULL, OPTION_UID_MAP},
    {"gid-map", required_argument, NULL, OPTION_GID_MAP},
    {"summary", required_argument, NULL, OPTION_SUMMARY},
    {"cache", required_argument, NULL, OPTION_CACHE},
    {"contents", required_argument, NULL, OPTION_CONTENTS},
    {"chunks", required_argument, NULL, OPTION_CHUNKS},
    {"known", required_argument, NULL, OPTION_KNOWN},
    {"known-chunks", required_argument, NULL, OPTION_KNOWN_CHUNKS},
    {"jobs", required_argument, NULL, 'j'},
    {NULL, 0, NULL, 0},
};

static enum status whiteouts_parse(struct options *options, const char *form)
{
    options->raw = strcmp(form, "raw") == 0;
    if (options->raw || strcmp(form, "oci") == 0)
        return STATUS_OK;
    return cli_usage("--whiteouts takes oci or raw, not '%s'", diag_name(form).text);
}

static enum status date_take(struct tar_time *date, const char *text)
{
    if (date_parse(text, date) == 0)
        return STATUS_OK;
    return cli_usage("'%s' is not a date: use @SECONDS, or YYYY-MM-DD with or without a time",
                     diag_name(text).text);
}

/* Without a date, that of --mtime or SOURCE_DATE_EPOCH is used; see mtime_settle(). */
static enum status clamp_parse(struct rewrite *rewrite, const char *date, bool *dated)
{
    rewrite->clamp_mtime = true;
    if (!date)
        return STATUS_OK;
    *dated = true;
    return date_take(&rewrite->mtime, date);
}

static enum status precision_parse(struct rewrite *rewrite, const char *unit)
{
    rewrite->whole_seconds = strcmp(unit, "s") == 0;
    if (rewrite->whole_seconds || strcmp(unit, "ns") == 0)
        return STATUS_OK;
    return cli_usage("--time-precision takes ns or s, not '%s'", diag_name(unit).text);
}

static enum status id_parse(const char *text, uint32_t *id, bool *set)
{
    uint64_t number = 0;
    if (cli_number(text, UINT32_MAX - 1, &number) != 0)
        return cli_usage("'%s' is not a user or group id", diag_name(text).text);
    *id = (uint32_t)number;
    *set = true;
    return STATUS_OK;
}

/* Options that change entries. */
static enum status rewrite_take(struct options *options, int option, const char *argument)
{
    struct rewrite *rewrite = &options->rewrite;
    struct tar_time unused; /* a date of --clamp-mtime takes precedence */
    switch (option) {
    case OPTION_MTIME:
        rewrite->set_mtime = true;
        return date_take(options->clamp_dated ? &unused : &rewrite->mtime, argument);
    case OPTION_CLAMP_MTIME:
        return clamp_parse(rewrite, argument, &options->clamp_dated);
    case OPTION_TIME_PRECISION:
        return precision_parse(rewrite, argument);
    case OPTION_OWNER:
        return id_parse(argument, &rewrite->uid, &rewrite->set_uid);
    case OPTION_GROUP:
        return id_parse(argument, &rewrite->gid, &rewrite->set_gid);
    case OPTION_UID_MAP:
        return cli_id_map(argument, &rewrite->uids);
    case OPTION_GID_MAP:
        return cli_id_map(argument, &rewrite->gids);
    default:
        return STATUS_USAGE;
    }
}

/* Options that select entries and attributes. */
static enum status selection_take(struct options *options, int option, const char *argument)
{
    switch (option) {
    case OPTION_EXCLUDE:
        return exclude_add(&options->exclude, argument);
    case 'X':
        return exclude_add_file(&options->exclude, argument);
    case 'x':
        options->one_file_system = true;
        return STATUS_OK;
    case OPTION_NO_XATTRS:
        options->rewrite.no_xattrs = true;
        return STATUS_OK;
    case OPTION_XATTRS_INCLUDE:
        return globs_add(&options->rewrite.xattrs_include, argument);
    case OPTION_XATTRS_EXCLUDE:
        return globs_add(&options->rewrite.xattrs_exclude, argument);
    default:
        return rewrite_take(options, option, argument);
    }
}

/* Whether both go to the same pipe, file or socket; many may go to /dev/null. */
static bool is_stdout(int fd)
{
    struct stat one, other;
    return fstat(fd, &one) == 0 && fstat(STDOUT_FILENO, &other) == 0 && !S_ISCHR(one.st_mode) &&
           one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

/* Takes the number of a descriptor to which binary data can be written. */
static enum status descriptor_parse(const char *text, int *fd)
{
    uint64_t number = 0;
    if (cli_number(text, INT_MAX, &number) != 0 || number <= STDERR_FILENO)
        return cli_usage("--contents takes the number of a descriptor above 2, not '%s'",
                         diag_name(text).text);
    *fd = (int)number;
    const int flags = fcntl(*fd, F_GETFL);
    if (flags < 0 && errno != EBADF)
        return diag_errno("--contents: descriptor %d", *fd);
    if (flags < 0 || (flags & O_ACCMODE) == O_RDONLY)
        return cli_usage("--contents: descriptor %d is not open for writing", *fd);
    if (isatty(*fd) != 0)
        return cli_usage("--contents: descriptor %d is a terminal", *fd);
    return is_stdout(*fd) ? cli_usage("--contents: descriptor %d is also standard output", *fd)
                          : STATUS_OK;
}

/* Options of incremental snapshots. */
static enum status store_take(struct options *options, int option, const char *argument)
{
    switch (option) {
    case OPTION_CACHE:
        options->cache = argument;
        return STATUS_OK;
    case OPTION_CONTENTS:
        options->store.given = true;
        return descriptor_parse(argument, &options->store.contents);
    case OPTION_CHUNKS:
        options->store.chunks = argument;
        return STATUS_OK;
    case OPTION_KNOWN:
        options->store.known = argument;
        return STATUS_OK;
    case OPTION_KNOWN_CHUNKS:
        options->store.known_chunks = argument;
        return STATUS_OK;
    default:
        return selection_take(options, option, argument);
    }
}

static enum status option_take(void *context, int option)
{
    struct options *options = context;
    const char *argument = optarg;
    switch (option) {
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
        options->manifest = true;
        return cli_manifest(argument, &options->manifest_times);
    case OPTION_SUMMARY:
        options->summary = argument;
        return STATUS_OK;
    case 'j':
        return cli_jobs(argument, &options->jobs);
    default:
        return store_take(options, option, argument);
    }
}

/* Combines --mtime and --clamp-mtime: with both, earlier times stay. */
static enum status mtime_settle(struct options *options)
{
    struct rewrite *rewrite = &options->rewrite;
    if (!rewrite->clamp_mtime)
        return STATUS_OK;
    if (options->clamp_dated || rewrite->set_mtime) {
        rewrite->set_mtime = false;
        return STATUS_OK;
    }
    const char *epoch = getenv("SOURCE_DATE_EPOCH");
    uint64_t seconds = 0;
    if (!epoch)
        return cli_usage("--clamp-mtime needs a date, as its value or in SOURCE_DATE_EPOCH");
    if (cli_number(epoch, INT64_MAX, &seconds) != 0)
        return cli_usage("SOURCE_DATE_EPOCH '%s' is not a number of seconds",
                         diag_name(epoch).text);
    rewrite->mtime = (struct tar_time){.seconds = (int64_t)seconds};
    return STATUS_OK;
}

/* Refuses options without those that they need. */
static enum status needs_check(const struct options *options)
{
    const struct store_options *store = &options->store;
    if (options->cache && !options->manifest)
        return cli_usage("--cache works only with --manifest: a tar needs all contents");
    if (store->given && !options->manifest_times)
        return cli_usage("--contents works only with --manifest=time");
    if (store->given && !store->chunks)
        return cli_usage("--contents needs --chunks=FILE");
    if (!store->given && (store->chunks || store->known || store->known_chunks))
        return cli_usage("%s works only with --contents", store->chunks  ? "--chunks"
                                                          : store->known ? "--known"
                                                                         : "--known-chunks");
    if (store->known_chunks && (!options->cache || !store->known))
        return cli_usage("--known-chunks needs --cache and --known");
    return STATUS_OK;
}

/* The second thread mostly waits for the disk. Test builds may set another default. */
#ifndef JOBS_DEFAULT
#define JOBS_DEFAULT 2
#endif

bool options_parse(struct options *options, int argc, char **argv, const char *help,
                   enum status *status)
{
    const struct cli_command command = {help, ":hVqvxX:j:", long_options, option_take};
    *options = (struct options){.jobs = JOBS_DEFAULT};
    if (!cli_options(argc, argv, &command, options, status))
        return false;
    const char *const names[] = {options->summary, options->cache, options->store.chunks,
                                 options->store.known_chunks};
    *status = needs_check(options);
    if (*status == STATUS_OK)
        *status = cli_distinct(names, sizeof names / sizeof *names);
    if (*status == STATUS_OK)
        *status = mtime_settle(options);
    if (*status == STATUS_OK)
        *status = cli_directory(argc, argv, &options->directory);
    return *status == STATUS_OK;
}

void options_free(struct options *options)
{
    exclude_free(&options->exclude);
    rewrite_free(&options->rewrite);
}
