/*
 * Messages. The only module that writes to stderr; each message is one line and one write(2), so
 * that the stages of a pipe do not garble each other.
 */
#ifndef ZLSNAP_DIAG_H
#define ZLSNAP_DIAG_H

#include "status.h"

#include <stdbool.h>
#include <stddef.h>

/* Names the program in every message. `program` is borrowed for the life of the process. To be
 * called before there are threads; everything else here may be called by several at once.
 * Where the environment has ZLSNAP_DRAWN, another program of the same pipe draws a progress line:
 * messages then take that away first. */
void diag_init(const char *program);

/* The name given to diag_init(). */
const char *diag_program(void);

/* With `quiet`, warnings and notes are not printed; errors are. */
void diag_set_quiet(bool quiet);

/* With `verbose`, notes are printed. */
void diag_set_verbose(bool verbose);

/* Prints "PROGRAM: MESSAGE". Names in the message go through diag_name(). A message longer than
 * what a pipe takes in one piece (4 KiB) is cut and ends in "...". errno is kept, by all four. */
void diag_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* As diag_error(), with ": " and the text of errno appended. */
void diag_errno(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Prints "PROGRAM: PATH: cannot WHAT: " and the text of errno; `path` is escaped as by diag_name().
 * Returns STATUS_SYSTEM. */
enum status diag_failed(const char *path, const char *what);

/* Prints "PROGRAM: out of memory". Returns STATUS_SYSTEM. */
enum status diag_no_memory(void);

/* Prints "PROGRAM: warning: MESSAGE", unless quiet. */
void diag_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Prints "PROGRAM: MESSAGE" if verbose and not quiet. */
void diag_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Writes `length` bytes to stderr as they are: what is data there (a digest).
 * Returns 0; -1 with errno set. */
int diag_write(const char *text, size_t length);

/* Whether stderr is a terminal on which a line can be drawn and taken away. */
bool diag_can_draw(void);

/* Draws `text`, one line without its end, over what was drawn before it. A message printed
 * meanwhile takes its place. */
void diag_draw(const char *text);

/* Takes away what was drawn, if anything was. A signal's handler may call it. */
void diag_erase(void);

/* A thread's first message, with its end; "" for none. */
struct diag_kept {
    char text[4096];
    size_t length;
};

/* From now on the calling thread's messages are not printed; the first is stored in `*kept`, which
 * stays the caller's. NULL: they are printed again. */
void diag_keep(struct diag_kept *kept);

/* Prints the message, if there is one, and empties `*kept`. */
void diag_kept_print(struct diag_kept *kept);

/* A name made fit to print; returned by value, so diag_name(path).text lives as long as the call
 * it is an argument of. */
struct diag_name {
    char text[1024];
};

/* Escapes an attacker's text: the bytes of control characters (C0, DEL, C1, line separators, those
 * that reorder text) and bytes that are not UTF-8 become \ooo, a backslash becomes two. A name too
 * long keeps its head and its tail, with "..." between; no escape or character is cut. */
struct diag_name diag_name(const char *name);

#endif
