/*
 * Digests: the vectors of FIPS 180-4 (NIST's examples), reuse, threads, and parsing text.
 */
#include "digest.h"
#include "tap.h"

#include <pthread.h>

/* Returns the digest of `bytes` in the form of digest_text(). */
struct text {
    char text[DIGEST_TEXT_SIZE];
};

static struct text finish(struct digest *digest)
{
    struct text text = {""};
    struct digest_value value;
    if (digest_final(digest, &value) == 0)
        digest_text(&value, text.text);
    return text;
}

static struct text hash(enum digest_algorithm algorithm, const void *bytes, size_t length)
{
    struct text text = {""};
    struct digest *digest = digest_new(algorithm);
    if (digest && digest_update(digest, bytes, length) == 0)
        text = finish(digest);
    digest_free(digest);
    return text;
}

#define EMPTY_256 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define ABC_256 "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define ABC_384                                                                                    \
    "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c8" \
    "25a7"
#define ABC_512                                                                                    \
    "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3fe" \
    "ebbd454d4423643ce80e2a9ac94fa54ca49f"
#define MILLION_256 "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"

static void test_vectors(void)
{
    CHECK_TEXT(hash(DIGEST_SHA256, "", 0).text, "sha256:" EMPTY_256, "SHA-256 of nothing");
    CHECK_TEXT(hash(DIGEST_SHA256, "abc", 3).text, "sha256:" ABC_256, "SHA-256 of abc");
    CHECK_TEXT(hash(DIGEST_SHA384, "abc", 3).text, "sha384:" ABC_384, "SHA-384 of abc");
    CHECK_TEXT(hash(DIGEST_SHA512, "abc", 3).text, "sha512:" ABC_512, "SHA-512 of abc");
}

static void test_pieces(void)
{
    char a[1000];
    memset(a, 'a', sizeof a);
    struct digest *digest = digest_new(DIGEST_SHA256);
    size_t left = 1000000;
    int failed = 0;
    for (size_t piece = 1; left > 0; piece = piece % sizeof a + 7) {
        size_t length = piece < sizeof a ? piece : sizeof a;
        length = length < left ? length : left;
        failed |= digest_update(digest, a, length);
        left -= length;
    }
    CHECK(failed == 0, "accepts pieces of odd lengths");
    CHECK_TEXT(finish(digest).text, "sha256:" MILLION_256, "pieces are hashed as one stream");
    CHECK_TEXT(finish(digest).text, "sha256:" EMPTY_256,
               "after a digest, the next one is that of no bytes");
    CHECK(digest_update(digest, "abc", 3) == 0, "after a digest, bytes can be added again");
    CHECK_TEXT(finish(digest).text, "sha256:" ABC_256,
               "the digest of a second stream does not depend on the first");
    digest_free(digest);
    digest_free(NULL);
}

/* Hashes many short streams with one object. Returns NULL if a digest was wrong. */
static void *hash_often(void *argument)
{
    const char *const *expected = argument;
    struct digest *digest = digest_new(expected[0][3] == '2' ? DIGEST_SHA256 : DIGEST_SHA512);
    bool right = digest;
    for (int i = 0; right && i < 20000; i++)
        right = digest_update(digest, "abc", 3) == 0 && strcmp(finish(digest).text, *expected) == 0;
    digest_free(digest);
    return right ? argument : NULL;
}

static void test_threads(void)
{
    static const char *expected[] = {"sha256:" ABC_256, "sha512:" ABC_512, "sha256:" ABC_256};
    pthread_t threads[3];
    for (int i = 0; i < 3; i++) {
        if (!CHECK(pthread_create(&threads[i], NULL, hash_often, (void *)&expected[i]) == 0,
                   "starts thread %d", i))
            return;
    }
    for (int i = 0; i < 3; i++) {
        void *right = NULL;
        CHECK(pthread_join(threads[i], &right) == 0 && right,
              "thread %d computes the right digests with its own object", i);
    }
}

static void test_names(void)
{
    enum digest_algorithm algorithm = DIGEST_SHA256;
    CHECK(digest_algorithm_parse("384", &algorithm) == 0 && algorithm == DIGEST_SHA384,
          "384 is SHA-384");
    CHECK(digest_algorithm_parse("512", &algorithm) == 0 && algorithm == DIGEST_SHA512,
          "512 is SHA-512");
    CHECK(digest_algorithm_parse("256", &algorithm) == 0 && algorithm == DIGEST_SHA256,
          "256 is SHA-256");
    static const char *const wrong[] = {"", "25", "2566", "sha256", "1", "224", " 256"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        CHECK(digest_algorithm_parse(wrong[i], &algorithm) == -1, "'%s' names no algorithm",
              wrong[i]);
    CHECK_TEXT(digest_algorithm_name(DIGEST_SHA256), "sha256", "SHA-256 has OCI's name");
    CHECK_TEXT(digest_algorithm_name(DIGEST_SHA384), "sha384", "SHA-384 has OCI's name");
    CHECK_TEXT(digest_algorithm_name(DIGEST_SHA512), "sha512", "SHA-512 has OCI's name");
}

static void test_parse(void)
{
    static const struct {
        const char *text;
        const char *read; /* as digest_text() writes the parsed digest */
    } right[] = {
        {ABC_256, "sha256:" ABC_256},
        {"sha256:" ABC_256, "sha256:" ABC_256},
        {"sha384:" ABC_384, "sha384:" ABC_384},
        {"sha512:" ABC_512, "sha512:" ABC_512},
    };
    for (size_t i = 0; i < sizeof right / sizeof *right; i++) {
        struct digest_value value;
        struct text text = {""};
        if (!digest_parse(right[i].text, &value))
            digest_text(&value, text.text);
        CHECK_TEXT(text.text, right[i].read, "reads %.10s...", right[i].text);
    }
}

static void test_parse_refuses(void)
{
    static const struct {
        const char *text;
        const char *fault;
    } wrong[] = {
        {"", "a sha256 digest has 64 digits"},
        {"sha256:", "a sha256 digest has 64 digits"},
        {"sha384:" ABC_256, "a sha384 digest has 96 digits"},
        {"sha512:" ABC_384, "a sha512 digest has 128 digits"},
        {ABC_512, "a sha256 digest has 64 digits"},
        {ABC_256 "0", "a sha256 digest has 64 digits"},
        {"BA7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
         "a digest is written in lower case"},
        {"SHA256:" ABC_256, "the algorithm before ':' must be sha256, sha384 or sha512"},
        {"md5:" ABC_256, "the algorithm before ':' must be sha256, sha384 or sha512"},
        {"sha25:" ABC_256, "the algorithm before ':' must be sha256, sha384 or sha512"},
        {":" ABC_256, "the algorithm before ':' must be sha256, sha384 or sha512"},
        {"sha256:sha256:" ABC_256, "a digest has only hexadecimal digits"},
        {"ga7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
         "a digest has only hexadecimal digits"},
        {"a/7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
         "a digest has only hexadecimal digits"},
        {" " ABC_256, "a digest has only hexadecimal digits"},
        {ABC_256 "\n", "a digest has only hexadecimal digits"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct digest_value value;
        const char *fault = digest_parse(wrong[i].text, &value);
        CHECK_TEXT(fault ? fault : "nothing", wrong[i].fault, "refuses text %zu", i);
    }
}

static void test_equal(void)
{
    struct digest_value a = {0};
    struct digest_value b = {0};
    struct digest_value zero = {0};
    char hex[DIGEST_TEXT_SIZE];
    bool read = !digest_parse("sha512:" ABC_512, &a) && !digest_parse(ABC_256, &b);
    CHECK(read && digest_equal(&a, &a) && digest_equal(&b, &b), "a digest is equal to itself");
    CHECK(!digest_equal(&a, &b) && !digest_equal(&b, &a),
          "a digest is not equal to one by another algorithm");
    digest_hex(&b, hex);
    CHECK_TEXT(hex, ABC_256, "writes the digits alone");
    a = b;
    a.bytes[32] = 1;
    CHECK(digest_equal(&a, &b), "bytes after the digest are not compared");
    a = (struct digest_value){.algorithm = DIGEST_SHA384};
    CHECK(!digest_equal(&a, &zero), "zeros by another algorithm are a different digest");
}

/* Digests that differ in one bit are not equal, for each algorithm. */
static void test_equal_bits(void)
{
    static const char *const texts[] = {ABC_256, "sha384:" ABC_384, "sha512:" ABC_512};
    static const size_t lengths[] = {32, 48, 64};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct digest_value a = {0};
        size_t missed = 0;
        bool read = !digest_parse(texts[i], &a);
        for (size_t bit = 0; bit < 8 * lengths[i]; bit++) {
            struct digest_value b = a;
            b.bytes[bit / 8] ^= (unsigned char)(1U << bit % 8);
            missed += digest_equal(&a, &b);
        }
        CHECK(read && missed == 0, "each of %zu bits changes the digest", 8 * lengths[i]);
    }
}

int main(void)
{
    test_vectors();
    test_pieces();
    test_threads();
    test_names();
    test_parse();
    test_parse_refuses();
    test_equal();
    test_equal_bits();
    return tap_done();
}
