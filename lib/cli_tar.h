/*
 * Parts of the command line that some programs share.
 */
#ifndef ZLSNAP_CLI_TAR_H
#define ZLSNAP_CLI_TAR_H

#include "idmap.h"
#include "status.h"

#include <stdbool.h>
#include <stddef.h>

/* Values of options. Each parses `text` and stores the value; a bad one is printed. All return
 * STATUS_OK or STATUS_USAGE. */

/* --jobs=N */
enum status cli_jobs(const char *text, unsigned *jobs);

/* The default of --jobs: the number of CPUs, at most `most`. Test builds have another one. */
unsigned cli_jobs_default(unsigned most);

/* --uid-map=IN:OUT:N, --gid-map=IN:OUT:N; the range is added. */
enum status cli_id_map(const char *text, struct idmap *map);

/* --manifest[=time]; `text` is NULL if there is no value. */
enum status cli_manifest(const char *text, bool *times);

/* Refuses two names of one file, which one option would write over for the other; a NULL is no
 * name. Files that do not exist are compared by their directories and last components. */
enum status cli_distinct(const char *const *names, size_t count);

/* Stores the only operand, a directory. To be called after the last option. */
enum status cli_directory(int argc, char **argv, const char **directory);

#endif
