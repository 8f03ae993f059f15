/*
 * Messages. The only module that writes to stderr. Each message is one line and one write(2), so
 * that the messages of a pipeline's programs do not mix.
 */
#ifndef ZLSNAP_DIAG_H
#define ZLSNAP_DIAG_H

#include "status.h"

#include <stdbool.h>
#include <stddef.h>

/* Sets the program name for messages. `program` is borrowed for the life of the process. Must be
 * called before threads start; all other functions are thread-safe. If the environment has
 * ZLSNAP_DRAWN, another program of the pipeline draws a progress line, and each message erases it
 * first. */
void diag_init(const char *program);

/* The name given to diag_init(). */
const char *diag_program(void);

/* With `quiet`, only errors are printed. */
void diag_set_quiet(bool quiet);

/* With `verbose`, notes are printed. */
void diag_set_verbose(bool verbose);

/* Prints "PROGRAM: MESSAGE". Names in the message must be escaped by diag_name(). A message longer
 * than an atomic pipe write (4 KiB) is cut and ends in "...". All of these preserve errno. Returns
 * STATUS_SYSTEM, as do the next four: a caller with another status ignores that. */
enum status diag_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same, followed by ": " and the text of errno. */
enum status diag_errno(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Prints "PROGRAM: PATH: cannot WHAT: " and the text of errno; `path` is escaped as by diag_name().
 */
enum status diag_failed(const char *path, const char *what);

/* Prints "PROGRAM: cannot write to standard output: " and the text of errno. If the environment has
 * ZLSNAP_OUTPUT, the name of the file that standard output will become, that is printed instead. */
enum status diag_stdout(void);

/* Prints "PROGRAM: out of memory". */
enum status diag_no_memory(void);

/* Prints "PROGRAM: warning: MESSAGE", unless quiet. */
void diag_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Prints "PROGRAM: MESSAGE" if verbose and not quiet. */
void diag_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Writes `length` bytes of data, such as a digest, to stderr unchanged. Returns 0; -1 with errno
 * set. */
int diag_write(const char *text, size_t length);

/* Whether stderr is a terminal on which a line can be drawn and erased. */
bool diag_can_draw(void);

/* Draws `text`, one line without a newline, over the line drawn before. The next message replaces
 * it. */
void diag_draw(const char *text);

/* Erases the drawn line, if any. Async-signal-safe. */
void diag_erase(void);

/* A thread's first message, with its newline; empty if there was none. */
struct diag_kept {
    char text[4096];
    size_t length;
};

/* From now on the calling thread's messages are not printed, and the first one is stored in
 * `*kept`, which is borrowed. With NULL they are printed again. */
void diag_keep(struct diag_kept *kept);

/* Prints the stored message, if any, and empties `*kept`. */
void diag_kept_print(struct diag_kept *kept);

/* Called before a message is printed, which is not printed if it returns false. */
struct diag_gate {
    bool (*allow)(void *context); /* NULL: all are printed */
    void *context;
};

/* Sets the gate of the calling thread's messages; not of those that the gate itself causes. Returns
 * the one before. */
struct diag_gate diag_set_gate(struct diag_gate gate);

/* An escaped name. Returned by value: diag_name(path).text is valid until the end of the full
 * expression. */
struct diag_name {
    char text[1024];
};

/* Escapes an untrusted name: control characters (C0, DEL, C1, line separators, bidirectional
 * controls) and bytes that are not UTF-8 become \ooo, a backslash is
 * doubled. The middle of a long name is replaced by "..."; no escape or character is cut. */
struct diag_name diag_name(const char *name);

#endif
