/*
 * What the command lines of tarpack and tarunpack have in common.
 */
#ifndef ZLSNAP_CLI_TAR_H
#define ZLSNAP_CLI_TAR_H

#include "idmap.h"
#include "status.h"

#include <stdbool.h>

/* Values of options. Each stores what `text` says, or prints the line for a bad one; all return
 * STATUS_OK or STATUS_USAGE. */

/* --jobs=N */
enum status cli_jobs(const char *text, unsigned *jobs);

/* --uid-map=IN:OUT:N, --gid-map=IN:OUT:N; the range is added. */
enum status cli_id_map(const char *text, struct idmap *map);

/* --manifest[=time]; NULL where there is no value. */
enum status cli_manifest(const char *text, bool *times);

/* Stores the one operand that getopt(3) has left: a directory. */
enum status cli_directory(int argc, char **argv, const char **directory);

#endif
