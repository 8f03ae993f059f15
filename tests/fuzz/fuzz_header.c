/* Header blocks, and the numbers in them. */
#include "fuzz.h"

#include "tar_header.h"

#include <string.h>

/* A number that was read and written again is the same. */
static void number_try(const char *field, size_t length)
{
    int64_t number = 0, again = 0;
    char written[12];
    if (tar_number_decode(field, length, &number) != TAR_OK || number < 0 ||
        (uint64_t)number > tar_number_max(length))
        return;
    tar_number_encode(written, length, (uint64_t)number);
    EXPECT(tar_number_decode(written, length, &again) == TAR_OK && again == number);
}

static void decimal_try(const char *text, size_t length)
{
    uint64_t number = 0, digits = 0;
    if (tar_decimal_decode(text, length, &number) != TAR_OK)
        return;
    for (size_t i = 0; i < length; i++)
        EXPECT(tar_decimal_add(&digits, text[i]) == TAR_OK);
    EXPECT(length > 0 && digits == number);
}

static enum tar_error block_try(const unsigned char *block)
{
    struct tar_header header;
    memset(&header, 0xa5, sizeof header); /* shows fields that are not set */
    enum tar_error error = tar_header_decode(block, &header);
    if (error != TAR_OK) {
        EXPECT(tar_error_text(error)[0] != '\0');
        return error;
    }
    EXPECT(!tar_block_is_zero(block));
    EXPECT(memchr(header.name, '\0', sizeof header.name));
    EXPECT(memchr(header.link, '\0', sizeof header.link));
    EXPECT(header.size <= INT64_MAX);
    return TAR_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unsigned char block[TAR_BLOCK_SIZE] = {0};
    memcpy(block, data, size < sizeof block ? size : sizeof block);
    enum tar_error as_it_is = block_try(block);
    fuzz_checksum(block);
    enum tar_error summed = block_try(block);
    EXPECT(as_it_is == TAR_BAD_CHECKSUM || as_it_is == summed);
    EXPECT(summed != TAR_BAD_CHECKSUM);
    for (size_t length = 8; length <= 12 && length <= size; length += 4)
        number_try((const char *)data, length);
    decimal_try((const char *)data, size < 24 ? size : 24);
    return 0;
}
