#include "archive.h"

#include "tar_encode.h"
#include "tar_header.h"
#include "tar_record.h"

#include <string.h>

void archive_add_header(struct buf *archive, char type, const char *name, uint64_t size)
{
    struct tar_ustar header = {.type = type};
    memcpy(header.name, name, strnlen(name, sizeof header.name));
    tar_number_encode(header.mode, sizeof header.mode, 0644);
    tar_number_encode(header.uid, sizeof header.uid, 0);
    tar_number_encode(header.gid, sizeof header.gid, 0);
    tar_number_encode(header.size, sizeof header.size, size);
    tar_number_encode(header.mtime, sizeof header.mtime, 1000000000);
    tar_header_seal(&header);
    (void)buf_append(archive, &header, sizeof header);
}

void archive_seal_gnu(char *block)
{
    struct tar_ustar *header = (struct tar_ustar *)(void *)block;
    unsigned sum = 0;
    memcpy(header->magic, "ustar ", 6);
    memcpy(header->version, " ", 2);
    memset(header->checksum, ' ', sizeof header->checksum);
    for (size_t i = 0; i < TAR_BLOCK_SIZE; i++)
        sum += (unsigned char)block[i];
    tar_number_encode(header->checksum, 7, sum);
}

void archive_add_content(struct buf *archive, const void *bytes, size_t length)
{
    (void)buf_append(archive, bytes, length);
    (void)buf_append_fill(archive, 0, tar_padding(length));
}

void archive_add_file(struct buf *archive, const char *name, const char *text)
{
    archive_add_header(archive, '0', name, strlen(text));
    archive_add_content(archive, text, strlen(text));
}

void archive_add_records(struct buf *archive, char type, const struct buf *records)
{
    archive_add_header(archive, type, "pax", records->length);
    archive_add_content(archive, records->bytes, records->length);
}

void archive_add_pax(struct buf *archive, char type, const char *key, const char *value)
{
    struct buf record = {0};
    (void)tar_record_append(&record, key, value, strlen(value));
    archive_add_records(archive, type, &record);
    buf_free(&record);
}

void archive_add_end(struct buf *archive)
{
    (void)buf_append_fill(archive, 0, TAR_END_SIZE);
}
