/*
 * tarunpack --list: checks the whole archive, prints its entries, writes nothing to disk.
 */
#ifndef TARUNPACK_LIST_H
#define TARUNPACK_LIST_H

#include "options.h"

/* Reads the archive on standard input to its end and prints the entries as they come, in
 * options->list's form. The output proves nothing about the archive, only the returned status does.
 * Errors are printed. */
enum status list_run(const struct options *options);

#endif
