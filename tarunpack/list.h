/*
 * --list: everything is checked, nothing is written but what the archive holds.
 */
#ifndef TARUNPACK_LIST_H
#define TARUNPACK_LIST_H

#include "options.h"

/* Reads the archive on standard input to its end and prints its entries as they come, in the form
 * that the options ask for. Only the status is the verdict. The line for a failure is printed. */
enum status list_run(const struct options *options);

#endif
