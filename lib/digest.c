#include "digest.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

struct digest {
    enum digest_algorithm algorithm;
    EVP_MD *method;
    EVP_MD_CTX *context;
};

static const struct {
    const char *name; /* OCI image spec, descriptor.md, "Registered algorithms" */
    const char *short_name;
    const char *openssl; /* EVP_MD-SHA2(7) */
    size_t bytes;
    const char *wrong_length;
} algorithms[] = {
    [DIGEST_SHA256] = {"sha256", "256", "SHA2-256", 32, "a sha256 digest has 64 digits"},
    [DIGEST_SHA384] = {"sha384", "384", "SHA2-384", 48, "a sha384 digest has 96 digits"},
    [DIGEST_SHA512] = {"sha512", "512", "SHA2-512", 64, "a sha512 digest has 128 digits"},
};

enum { ALGORITHMS = sizeof algorithms / sizeof *algorithms };

struct digest *digest_new(enum digest_algorithm algorithm)
{
    struct digest *digest = calloc(1, sizeof *digest);
    if (!digest)
        return NULL;
    digest->algorithm = algorithm;
    /* OpenSSL 3.0 crashes in a fetch if memory was out when it set up the context. Fetched once:
     * EVP_DigestInit() would do it for each file, which costs more than hashing a small one. */
    if (OSSL_LIB_CTX_get0_global_default())
        digest->method = EVP_MD_fetch(NULL, algorithms[algorithm].openssl, NULL);
    digest->context = EVP_MD_CTX_new();
    if (!digest->method || !digest->context ||
        EVP_DigestInit_ex2(digest->context, digest->method, NULL) != 1) {
        digest_free(digest);
        return NULL;
    }
    return digest;
}

void digest_free(struct digest *digest)
{
    if (!digest)
        return;
    EVP_MD_CTX_free(digest->context);
    EVP_MD_free(digest->method);
    free(digest);
}

int digest_update(struct digest *digest, const void *bytes, size_t length)
{
    return EVP_DigestUpdate(digest->context, bytes, length) == 1 ? 0 : -1;
}

int digest_final(struct digest *digest, struct digest_value *value)
{
    memset(value, 0, sizeof *value);
    value->algorithm = digest->algorithm;
    /* With NULL for the method the context keeps its own, and its memory. */
    return EVP_DigestFinal_ex(digest->context, value->bytes, NULL) == 1 &&
                   EVP_DigestInit_ex2(digest->context, NULL, NULL) == 1
               ? 0
               : -1;
}

const char *digest_algorithm_name(enum digest_algorithm algorithm)
{
    return algorithms[algorithm].name;
}

int digest_algorithm_parse(const char *text, enum digest_algorithm *algorithm)
{
    for (int i = 0; i < ALGORITHMS; i++) {
        if (strcmp(text, algorithms[i].short_name) == 0) {
            *algorithm = (enum digest_algorithm)i;
            return 0;
        }
    }
    return -1;
}

static const char digits[] = "0123456789abcdef";

void digest_hex(const struct digest_value *value, char text[static DIGEST_TEXT_SIZE])
{
    size_t bytes = algorithms[value->algorithm].bytes;
    for (size_t i = 0; i < bytes; i++) {
        text[2 * i] = digits[value->bytes[i] >> 4];
        text[2 * i + 1] = digits[value->bytes[i] & 0xf];
    }
    text[2 * bytes] = '\0';
}

void digest_text(const struct digest_value *value, char text[static DIGEST_TEXT_SIZE])
{
    char hex[DIGEST_TEXT_SIZE];
    digest_hex(value, hex);
    const char *name = algorithms[value->algorithm].name;
    size_t prefix = strlen(name);
    memcpy(text, name, prefix);
    text[prefix] = ':';
    memcpy(text + prefix + 1, hex, strlen(hex) + 1);
}

/* Parses the algorithm's name, `text` up to `colon`. Returns 0; -1 if it is unknown. */
static int parse_prefix(const char *text, const char *colon, enum digest_algorithm *algorithm)
{
    size_t length = (size_t)(colon - text);
    for (int i = 0; i < ALGORITHMS; i++) {
        if (length == strlen(algorithms[i].name) && memcmp(text, algorithms[i].name, length) == 0) {
            *algorithm = (enum digest_algorithm)i;
            return 0;
        }
    }
    return -1;
}

/* The value of a hexadecimal digit. Letters have bit 6. */
static unsigned digit_value(char digit)
{
    return ((unsigned)digit & 0xf) + ((unsigned)digit >> 6) * 9;
}

const char *digest_parse(const char *text, struct digest_value *value)
{
    memset(value, 0, sizeof *value);
    const char *hex = text;
    const char *colon = strchr(text, ':');
    if (colon) {
        if (parse_prefix(text, colon, &value->algorithm) != 0)
            return "the algorithm before ':' must be sha256, sha384 or sha512";
        hex = colon + 1;
    }
    const char *odd = hex + strspn(hex, digits);
    if (*odd)
        return *odd >= 'A' && *odd <= 'F' ? "a digest is written in lower case"
                                          : "a digest has only hexadecimal digits";
    size_t bytes = algorithms[value->algorithm].bytes;
    if (strlen(hex) != 2 * bytes)
        return algorithms[value->algorithm].wrong_length;
    for (size_t i = 0; i < bytes; i++)
        value->bytes[i] =
            (unsigned char)(digit_value(hex[2 * i]) << 4 | digit_value(hex[2 * i + 1]));
    return NULL;
}

bool digest_equal(const struct digest_value *a, const struct digest_value *b)
{
    return a->algorithm == b->algorithm &&
           memcmp(a->bytes, b->bytes, algorithms[a->algorithm].bytes) == 0;
}
