/*
 * The exit status of every program, also the result of functions that use the system. A function
 * that returns an error has printed it; callers pass it on.
 */
#ifndef ZLSNAP_STATUS_H
#define ZLSNAP_STATUS_H

enum status {
    STATUS_OK = 0,
    STATUS_SYSTEM = 1,  /* I/O, permission, a file that changed while being read */
    STATUS_USAGE = 2,   /* the command line */
    STATUS_ARCHIVE = 3, /* malformed, truncated, hostile, or over a limit */
    STATUS_DIGEST = 4,  /* the digest is not the expected one */
};

#endif
