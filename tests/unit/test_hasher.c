/*
 * Contents that a second thread digests: each is told of once, in order, with its digest.
 */
#include "content/hasher.h"
#include "tap.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

/* More than all batches together hold. */
#define COUNT 6000

static struct told {
    size_t count;
    bool right; /* in order, and with the right digest */
    struct digest *digest;
} told;

static unsigned char bytes[PACK_CONTENT_MAX];

/* The size of content `number`, some of which fill a batch. */
static uint32_t size_of(size_t number)
{
    return number % 500 == 7 ? PACK_CONTENT_MAX : (uint32_t)(1 + number % 100);
}

static void bytes_make(size_t number)
{
    memset(bytes, (int)(number & 0xff), size_of(number));
    memcpy(bytes, &number, size_of(number) < sizeof number ? 1 : sizeof number);
}

static void content_told(void *context, const struct hasher_token *token,
                         const struct digest_value *value, const struct place *place)
{
    struct told *all = context;
    struct digest_value wanted;
    const size_t number = all->count++;
    bytes_make(number);
    all->right = all->right && token->line == number && token->record == 2 * number &&
                 place->pack == PLACE_UNKNOWN &&
                 digest_update(all->digest, bytes, size_of(number)) == 0 &&
                 digest_final(all->digest, &wanted) == 0 && digest_equal(value, &wanted);
}

/* Adds a content in two parts, and settles between them if `settle`. */
static bool content_add(struct hasher *hasher, size_t number, bool settle)
{
    const struct hasher_token token = {.line = number, .record = 2 * number};
    const size_t size = size_of(number), half = size / 2;
    if (hasher_begin(hasher, (uint32_t)size) != STATUS_OK)
        return false;
    bytes_make(number);
    memcpy(hasher_space(hasher), bytes, half);
    hasher_added(hasher, half);
    if (settle && (hasher_settle(hasher) != STATUS_OK || told.count != number))
        return false;
    bytes_make(number);
    memcpy(hasher_space(hasher), bytes + half, size - half);
    hasher_added(hasher, size - half);
    return hasher_end(hasher, &token) == STATUS_OK;
}

static void test_order(const char *name, size_t interval)
{
    struct hasher *hasher = NULL;
    bool added = hasher_new(&hasher, NULL) == STATUS_OK;
    told.count = 0;
    told.right = true;
    hasher_listen(hasher, content_told, &told);
    for (size_t i = 0; i < COUNT && added; i++)
        added = content_add(hasher, i, i % interval == interval - 1);
    CHECK(added && hasher_settle(hasher) == STATUS_OK, "%s: added", name);
    CHECK(told.count == COUNT && told.right, "%s: each is told of once and in order", name);
    CHECK(hasher_settle(hasher) == STATUS_OK && told.count == COUNT, "%s: nothing is left", name);
    hasher_free(hasher);
}

/* Adds content `number` as a file of its own, which then is `grown` bytes longer than its status.
 */
static bool file_add(struct hasher *hasher, size_t number, size_t grown)
{
    const struct hasher_token token = {.line = number, .record = 2 * number};
    const size_t size = size_of(number);
    struct stat status;
    int fd = open(".", O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);
    bytes_make(number);
    if (fd < 0 || write(fd, bytes, size) != (ssize_t)size || fstat(fd, &status) != 0 ||
        write(fd, bytes, grown) != (ssize_t)grown)
        return false;
    const struct source source = source_make(fd, &status, false);
    const struct guess guess = {0};
    return hasher_begin(hasher, (uint32_t)size) == STATUS_OK &&
           hasher_end_file(hasher, &token, &source, "file", &guess, false) == STATUS_OK;
}

/* Every third content is added by this process, the others are read; file `bad` changes. */
static void test_files(const char *name, size_t bad)
{
    struct hasher *hasher = NULL;
    bool added = hasher_new(&hasher, NULL) == STATUS_OK && hasher_reads(hasher);
    enum status status = STATUS_OK;
    told.count = 0;
    told.right = true;
    hasher_listen(hasher, content_told, &told);
    for (size_t i = 0; i < COUNT && added && told.count < bad; i++)
        added = i % 3 == 0 ? content_add(hasher, i, false) : file_add(hasher, i, i == bad);
    if (added || bad == COUNT)
        status = hasher_settle(hasher);
    CHECK(bad == COUNT ? added && status == STATUS_OK : !added || status == STATUS_SYSTEM,
          "%s: status", name);
    CHECK(told.count == bad && told.right, "%s: those before it are told of, in order", name);
    hasher_free(hasher);
}

static void test_update(void)
{
    struct hasher *hasher = NULL;
    struct digest_value one, other;
    bool added = hasher_new(&hasher, NULL) == STATUS_OK;
    bytes_make(1);
    for (int i = 0; i < 100 && added; i++) {
        hasher_update(hasher, told.digest, bytes, sizeof bytes - (size_t)i);
        added = hasher_join(hasher) == STATUS_OK;
    }
    CHECK(added && digest_final(told.digest, &one) == 0, "bytes are digested");
    for (int i = 0; i < 100; i++)
        (void)digest_update(told.digest, bytes, sizeof bytes - (size_t)i);
    CHECK(digest_final(told.digest, &other) == 0 && digest_equal(&one, &other), "all and in order");
    hasher_free(hasher);
}

static void test_end(void)
{
    struct hasher *hasher = NULL;
    bool added = hasher_new(&hasher, NULL) == STATUS_OK;
    told.count = 0;
    hasher_listen(hasher, content_told, &told);
    for (size_t i = 0; i < COUNT / 2 && added; i++)
        added = content_add(hasher, i, false);
    CHECK(added, "contents that nobody waits for");
    hasher_free(hasher);
    hasher_free(NULL);
}

int main(void)
{
    told.digest = digest_new(DIGEST_SHA256);
    if (!told.digest)
        return 1;
    test_order("settled at the end", COUNT + 1);
    test_order("settled now and then", 613);
    test_order("settled after each", 1);
    test_files("all files", COUNT);
    test_files("a file that grew", COUNT / 2 + 1);
    test_update();
    test_end();
    digest_free(told.digest);
    return tap_done();
}
