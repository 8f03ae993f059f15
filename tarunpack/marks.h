/*
 * How the staged tree shows what the layers below lose, in each stage_form: the part of stage.h
 * that knows whiteouts and opaque directories (kernel documentation, filesystems/overlayfs.rst).
 */
#ifndef TARUNPACK_MARKS_H
#define TARUNPACK_MARKS_H

#include "stage.h"

#include <sys/stat.h>

/* Stores whether `name`, of the given status, in the open directory `here` is a whiteout in the
 * tree's form. Returns 0; -1 with errno set. */
int marks_is_whiteout(const struct stage *stage, int here, const char *name,
                      const struct stat *status, bool *is);

/* Sets what the directory behind `inode` needs for its node's marks. Returns a status. */
enum status marks_finish(const struct stage *stage, const struct dirnode *node,
                         const struct meta_inode *inode);

#endif
