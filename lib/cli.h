/*
 * What every program's command line has in common.
 */
#ifndef ZLSNAP_CLI_H
#define ZLSNAP_CLI_H

#include "status.h"

#include <getopt.h>
#include <stdint.h>

/* Options that every program has; a program's own long options without a letter start at
 * CLI_FIRST_LONG. */
enum { CLI_FIRST_LONG = 256 };

/* getopt_long(3) without its messages: returns the next option, -1 after the last, or '?' after
 * printing the one line for a bad option (the caller returns STATUS_USAGE). `shorts` has to begin
 * with ':', so that a missing argument is told from an unknown option. */
int cli_next(int argc, char **argv, const char *shorts, const struct option *longs);

/* Prints `text` on stdout and closes it. Returns STATUS_OK or STATUS_SYSTEM. */
enum status cli_print(const char *text);

/* Prints "PROGRAM (zlsnap) VERSION" on stdout and closes it. Returns STATUS_OK or STATUS_SYSTEM. */
enum status cli_version(void);

/* Prints "MESSAGE; try 'PROGRAM --help'" on stderr. Returns STATUS_USAGE. */
enum status cli_usage(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Refuses, with a line on stderr, to write binary data to a terminal. Returns STATUS_OK or
 * STATUS_USAGE. */
enum status cli_refuse_terminal(void);

/* Reads a decimal number, digits only, at most `max`. Returns 0; -1 for anything else. */
int cli_number(const char *text, uint64_t max, uint64_t *number);

/* Reads a size in bytes, with an optional suffix K, M, G, T (powers of 1024). Returns 0; -1. */
int cli_size(const char *text, uint64_t *size);

#endif
