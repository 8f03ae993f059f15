#include "blocks.h"

#include "tar_encode.h"

#include <stdio.h>
#include <string.h>

static void field_put(char *block, size_t offset, const char *text, const char *otherwise)
{
    if (!text)
        text = otherwise;
    for (size_t i = 0; text[i]; i++)
        block[offset + i] = text[i];
}

/* Computes the checksum unless it is given. */
static void block_fill(char *block, const struct block *fields)
{
    memset(block, 0, 512);
    field_put(block, 0, fields->name, "");
    field_put(block, 100, fields->mode, "0000644");
    field_put(block, 108, fields->uid, "0000000");
    field_put(block, 116, fields->gid, "0000000");
    field_put(block, 124, fields->size, "00000000000");
    field_put(block, 136, fields->mtime, "00000000000");
    field_put(block, 148, "        ", NULL);
    field_put(block, 156, fields->type, "0");
    field_put(block, 157, fields->link, "");
    field_put(block, 257, "ustar", NULL);
    field_put(block, 263, "00", NULL);
    field_put(block, 329, fields->major, "0000000");
    field_put(block, 337, fields->minor, "0000000");
    field_put(block, 345, fields->prefix, "");
    char sum[8];
    unsigned total = 0;
    for (size_t i = 0; i < 512; i++)
        total += (unsigned char)block[i];
    (void)snprintf(sum, sizeof sum, "%06o", total & 0777777);
    field_put(block, 148, fields->checksum, sum);
    block[154] = '\0';
}

/* The expected blocks of an entry: an extended header if it has records, and its own header. */
static void expect(struct buf *out, const char *records, size_t length, const struct block *fields)
{
    char block[512];
    if (length > 0) {
        char size[32];
        (void)snprintf(size, sizeof size, "%011zo", length);
        block_fill(block, &(struct block){.name = "PaxHeaders", .size = size, .type = "x"});
        buf_append(out, block, sizeof block);
        buf_append(out, records, length);
        buf_append_fill(out, 0, (512 - length % 512) % 512);
    }
    block_fill(block, fields);
    buf_append(out, block, sizeof block);
}

bool blocks_match(const struct tar_entry *entry, const char *records, size_t length,
                  const struct block *fields)
{
    struct buf out = {0}, expected = {0};
    expect(&expected, records, length, fields);
    bool same = tar_encode_entry(entry, &out) == 0 && out.length == expected.length &&
                memcmp(out.bytes, expected.bytes, out.length) == 0;
    buf_free(&out);
    buf_free(&expected);
    return same;
}
