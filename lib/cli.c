#include "cli.h"

#include "diag.h"
#include "stream.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#ifndef ZLSNAP_VERSION
#define ZLSNAP_VERSION "0"
#endif

/* Prints why getopt_long() refused `argument`, "--NAME" or "--NAME=VALUE". */
static void explain_long(const char *argument, const struct option *longs)
{
    struct diag_name name = diag_name(argument);
    size_t length = strcspn(argument, "=");
    int matches = 0;
    bool exact = false;
    for (const struct option *option = longs; option->name; option++) {
        if (strncmp(option->name, argument + 2, length - 2) == 0) {
            matches++;
            exact = exact || strlen(option->name) == length - 2;
        }
    }
    if (matches == 0)
        cli_usage("unknown option '%s'", name.text);
    else if (matches == 1 || exact)
        cli_usage("option '%.*s' takes no value", (int)length, argument);
    else
        cli_usage("option '%s' is ambiguous", name.text);
}

int cli_next(int argc, char **argv, const char *shorts, const struct option *longs)
{
    opterr = 0;
    int option = getopt_long(argc, argv, shorts, longs, NULL); // NOLINT(concurrency-mt-unsafe)
    if (option == ':') {
        /* For a short option, musl has already stepped past the missing value: NULL. */
        const char *argument = argv[optind - 1];
        if (argument && argument[1] == '-')
            cli_usage("option '%s' needs a value", diag_name(argument).text);
        else
            cli_usage("option '-%c' needs a value", optopt);
        return '?';
    }
    if (option != '?')
        return option;
    /* If optopt is a valid option, its long form was given a value that it does not take. An
     * unknown letter may stand in the middle of an argument, which optind does not point to. */
    bool known = optopt >= CLI_FIRST_LONG || (optopt != ':' && strchr(shorts, optopt) != NULL);
    const char *argument = argv[optind - 1];
    if (known && strncmp(argument, "--", 2) == 0) {
        explain_long(argument, longs);
    } else {
        char letter[] = {(char)optopt, '\0'};
        cli_usage("unknown option '-%s'", diag_name(letter).text);
    }
    return '?';
}

bool cli_options(int argc, char **argv, const struct cli_command *command, void *context,
                 enum status *status)
{
    for (int option; (option = cli_next(argc, argv, command->shorts, command->longs)) != -1;) {
        if (option == 'h' || option == 'V') {
            *status = option == 'h' ? cli_print(command->help) : cli_version();
            return false;
        }
        *status = option == '?' ? STATUS_USAGE : command->take(context, option);
        if (*status != STATUS_OK)
            return false;
    }
    return true;
}

enum status cli_print(const char *text)
{
    if (stream_write(STDOUT_FILENO, text, strlen(text)) != 0 || stream_close_stdout() != 0)
        return diag_stdout();
    return STATUS_OK;
}

enum status cli_version(void)
{
    char line[256];
    (void)snprintf(line, sizeof line, "%s (zlsnap) %s\n", diag_program(), ZLSNAP_VERSION);
    return cli_print(line);
}

enum status cli_usage(const char *format, ...)
{
    char message[2 * sizeof(struct diag_name)];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    diag_error("%s; try '%s --help'", message, diag_program());
    return STATUS_USAGE;
}

enum status cli_refuse_terminal(void)
{
    if (isatty(STDOUT_FILENO) == 0)
        return STATUS_OK;
    return cli_usage("standard output is a terminal; redirect it to a file or a pipe");
}

int cli_number(const char *text, uint64_t max, uint64_t *number)
{
    if (*text == '\0')
        return -1;
    uint64_t value = 0;
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9')
            return -1;
        unsigned digit = (unsigned)(*text - '0');
        if (digit > max || value > (max - digit) / 10)
            return -1;
        value = value * 10 + digit;
    }
    *number = value;
    return 0;
}

int cli_size(const char *text, uint64_t *size)
{
    static const char suffixes[] = "KMGT";
    char digits[32];
    size_t length = strlen(text);
    if (length == 0 || length >= sizeof digits)
        return -1;
    memcpy(digits, text, length + 1);
    unsigned shift = 0;
    const char *suffix = strchr(suffixes, digits[length - 1]);
    if (suffix) {
        shift = 10 * (unsigned)(suffix - suffixes + 1);
        digits[length - 1] = '\0';
    }
    uint64_t number = 0;
    if (cli_number(digits, UINT64_MAX >> shift, &number) != 0)
        return -1;
    *size = number << shift;
    return 0;
}
