/*
 * Parts of the command line that all programs share.
 */
#ifndef ZLSNAP_CLI_H
#define ZLSNAP_CLI_H

#include "status.h"

#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>

/* The first value for long options without a short form. */
enum { CLI_FIRST_LONG = 256 };

/* getopt_long(3) with our messages: returns the next option, -1 after the last, or '?' for a bad
 * option, whose error is printed (the caller returns STATUS_USAGE). `shorts` must begin with ':',
 * which distinguishes a missing argument from an unknown option. */
int cli_next(int argc, char **argv, const char *shorts, const struct option *longs);

/* What a program takes on its command line. */
struct cli_command {
    const char *help; /* printed for -h */
    const char *shorts;
    const struct option *longs;
    /* Takes an option; its value is in `optarg`. Returns a status; an error is printed. */
    enum status (*take)(void *context, int option);
};

/* Takes all options in their order. Returns whether the program has more to do: false after -h and
 * -V, which are answered at once, and after an error, with the exit status in `*status`. */
bool cli_options(int argc, char **argv, const struct cli_command *command, void *context,
                 enum status *status);

/* Prints `text` on stdout and closes it. Returns STATUS_OK or STATUS_SYSTEM. */
enum status cli_print(const char *text);

/* Prints "PROGRAM (zlsnap) VERSION" on stdout and closes it. Returns STATUS_OK or STATUS_SYSTEM. */
enum status cli_version(void);

/* Prints "MESSAGE; try 'PROGRAM --help'" on stderr. Returns STATUS_USAGE. */
enum status cli_usage(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Refuses to write binary data to a terminal. Returns STATUS_OK, or STATUS_USAGE with the error
 * printed. */
enum status cli_refuse_terminal(void);

/* Reads a decimal number, digits only, at most `max`. Returns 0; -1 for anything else. */
int cli_number(const char *text, uint64_t max, uint64_t *number);

/* Reads a size in bytes, with an optional suffix K, M, G, T (powers of 1024). Returns 0; -1. */
int cli_size(const char *text, uint64_t *size);

#endif
