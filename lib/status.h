/*
 * The exit status of every program, and what system code returns to its caller.
 * Code that returns one of these has already printed its line; callers only pass it on.
 */
#ifndef ZLSNAP_STATUS_H
#define ZLSNAP_STATUS_H

enum status {
    STATUS_OK = 0,
    STATUS_SYSTEM = 1,  /* I/O, permission, a file that changed while it was read */
    STATUS_USAGE = 2,   /* the command line */
    STATUS_ARCHIVE = 3, /* malformed, truncated, hostile, or over a limit */
    STATUS_DIGEST = 4,  /* the digest is not the expected one */
};

#endif
