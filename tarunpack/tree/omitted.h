/*
 * Metadata that was left out because this machine cannot hold it: counts by kind, for one warning
 * each. Knows names of attributes, not the file system. The fields are private to omitted.c.
 */
#ifndef TARUNPACK_TREE_OMITTED_H
#define TARUNPACK_TREE_OMITTED_H

#include <stdint.h>

/* Why attributes were left out. */
enum omitted_why {
    OMITTED_FOREIGN, /* the file system does not have them, or they are too large for it */
    OMITTED_TYPE,    /* this type of file cannot have them */
    OMITTED_USER,    /* this user may not set them */
    OMITTED_IDS,     /* ACLs with ids that do not exist in this user namespace */
    OMITTED_NAMES,   /* ACLs with names instead of ids */
    OMITTED_LOCAL,   /* labels of another machine, which were not asked for */
};

/* Attributes of one kind: all of a namespace, or one by its full name. */
struct omitted_kind {
    char name[40]; /* empty: ACLs */
    enum omitted_why why;
    uint64_t count;
};

/* An archive can have any number of kinds; the last one here counts all others. */
#define OMITTED_KINDS 16

/* Zero-initialised it is empty. Needs no memory of its own. */
struct omitted {
    struct omitted_kind kinds[OMITTED_KINDS];
    unsigned count;
    uint64_t times;
};

/* The reason as a text that ends in "them". */
const char *omitted_text(enum omitted_why why);

/* Counts an attribute. */
void omitted_attribute(struct omitted *omitted, const char *name, enum omitted_why why);

/* Counts a time that the file system stored as another one. */
void omitted_time(struct omitted *omitted);

/* Adds the counts of `from`. */
void omitted_merge(struct omitted *omitted, const struct omitted *from);

/* Prints a warning for each kind, in byte order. */
void omitted_warn(struct omitted *omitted);

#endif
