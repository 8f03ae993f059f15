/*
 * Writes a delta to standard output: what to copy of OLD, what to change, what to add. Runs become
 * one command. doc/FORMAT.md, section 12, has the commands.
 */
#ifndef MTREEDIFF_SCRIPT_H
#define MTREEDIFF_SCRIPT_H

#include "output.h"
#include "status.h"
#include "words.h"

#include <stdint.h>

#define SCRIPT_SIGNATURE "#delta"

/* A line of OLD, its newline included, and the move that applies to it. */
struct script_line {
    uint64_t offset, length;
    const struct move *move; /* NULL: none; else its number below */
    uint64_t move_number;    /* 0: none */
};

struct script {
    struct output *out;
    char command;          /* '=' or '~' for a run that is not written yet; 0: none */
    uint64_t count;        /* of its lines */
    struct buf change;     /* of '~' */
    struct buf spare;      /* memory for the next one */
    uint64_t offset;       /* in OLD, behind what the commands so far have used */
    uint64_t move_number;  /* the move that is in force */
    struct base_time base; /* as the reader of the delta has it */
};

/* Starts a script; `out` is borrowed, and what it has is to be the header. */
void script_start(struct script *script, struct output *out);

/* The next line of NEW is that line of OLD. */
enum status script_copy(struct script *script, const struct script_line *line);

/* The next line of NEW is `new`, and differs from that line of OLD, whose words are `old` (moved).
 */
enum status script_change(struct script *script, const struct script_line *line,
                          const struct words *old, const struct words *new);

/* The next line of NEW is `line`, and `words` if it has any. */
enum status script_add(struct script *script, struct slice line, const struct words *words);

/* Writes the last run and the end line. */
enum status script_end(struct script *script);

void script_free(struct script *script);

#endif
