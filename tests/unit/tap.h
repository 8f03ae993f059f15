/*
 * The Test Anything Protocol for unit tests: one program each, with a main() that calls its tests
 * and returns tap_done().
 */
#ifndef ZLSNAP_TAP_H
#define ZLSNAP_TAP_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static int tap_count;
static int tap_failures;

__attribute__((format(printf, 4, 0))) static inline bool
tap_result(bool holds, const char *file, int line, const char *name, va_list arguments)
{
    char text[400];
    vsnprintf(text, sizeof text, name, arguments);
    for (char *c = text; *c != '\0'; c++) {
        if (*c < ' ' || *c > '~')
            *c = '?'; /* a result is a single line */
    }
    printf("%sok %d - %s\n", holds ? "" : "not ", ++tap_count, text);
    if (!holds) {
        tap_failures++;
        printf("# at %s:%d\n", file, line);
    }
    /* So that a later crash does not lose it. */
    fflush(stdout);
    return holds;
}

__attribute__((format(printf, 4, 5))) static inline bool tap_check(bool holds, const char *file,
                                                                   int line, const char *name, ...)
{
    va_list arguments;
    va_start(arguments, name);
    (void)tap_result(holds, file, line, name, arguments);
    va_end(arguments);
    return holds;
}

__attribute__((format(printf, 5, 6))) static inline bool tap_check_text(const char *actual,
                                                                        const char *expected,
                                                                        const char *file, int line,
                                                                        const char *name, ...)
{
    va_list arguments;
    va_start(arguments, name);
    bool same = tap_result(strcmp(actual, expected) == 0, file, line, name, arguments);
    va_end(arguments);
    if (!same)
        printf("#   actual: \"%s\"\n# expected: \"%s\"\n", actual, expected);
    return same;
}

/* Checks that `condition` is true, and returns it. The other arguments are a printf format and its
 * values: the tested behaviour. */
#define CHECK(condition, ...) tap_check((condition), __FILE__, __LINE__, __VA_ARGS__)

/* Checks that `actual` is the text `expected`, and prints both if not. */
#define CHECK_TEXT(actual, expected, ...)                                                          \
    tap_check_text((actual), (expected), __FILE__, __LINE__, __VA_ARGS__)

/* Prints the plan. Returns the exit status for main(). */
static inline int tap_done(void)
{
    printf("1..%d\n", tap_count);
    return tap_failures == 0 ? 0 : 1;
}

#endif
