/*
 * The contents stream on standard input.
 */
#ifndef TARSTORE_INPUT_H
#define TARSTORE_INPUT_H

#include "contents.h"
#include "status.h"
#include "stream.h"

#include <stddef.h>
#include <stdint.h>

/* Zero-initialised it is at the beginning of the stream. */
struct input {
    uint64_t record; /* the number of the current record, from 1 */
    size_t next;     /* in `bytes` */
    size_t filled;
    char bytes[STREAM_CHUNK];
};

/* Reads the line of the next record. After CONTENTS_END, the stream has ended. Returns STATUS_OK,
 * STATUS_SYSTEM, or STATUS_ARCHIVE if the stream is cut or malformed; the error is printed. */
enum status input_record(struct input *input, struct contents_record *record);

/* Reads the content of the record, `size` bytes. Returns as input_record(). */
enum status input_content(struct input *input, char *content, size_t size);

#endif
