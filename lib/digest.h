/*
 * SHA-2 digests of streams. The only module that includes OpenSSL.
 */
#ifndef ZLSNAP_DIGEST_H
#define ZLSNAP_DIGEST_H

#include <stdbool.h>
#include <stddef.h>

enum digest_algorithm { DIGEST_SHA256, DIGEST_SHA384, DIGEST_SHA512 };

#define DIGEST_MAX_BYTES 64
/* "sha512:", 128 digits and the NUL. */
#define DIGEST_TEXT_SIZE (7 + 2 * DIGEST_MAX_BYTES + 1)

/* A finished digest. Zero-initialised it equals no stream's digest. */
struct digest_value {
    enum digest_algorithm algorithm;
    unsigned char bytes[DIGEST_MAX_BYTES];
};

/* A digest being computed. */
struct digest;

/* Starts a digest. Returns NULL if memory is out or a policy disables the algorithm. The caller
 * releases it with digest_free(). */
struct digest *digest_new(enum digest_algorithm algorithm);

/* Releases `digest`; NULL is allowed. */
void digest_free(struct digest *digest);

/* Adds bytes. Returns 0; -1 if the library failed: then only digest_free() may follow. */
int digest_update(struct digest *digest, const void *bytes, size_t length);

/* Stores the digest of the bytes added so far and starts a new one. Returns 0; -1 if the library
 * failed. */
int digest_final(struct digest *digest, struct digest_value *value);

/* The algorithm's name in OCI digests: "sha256". */
const char *digest_algorithm_name(enum digest_algorithm algorithm);

/* Parses "256", "384" or "512". Returns 0; -1 for any other text. */
int digest_algorithm_parse(const char *text, enum digest_algorithm *algorithm);

/* Writes the lower-case hexadecimal digits and a NUL. */
void digest_hex(const struct digest_value *value, char text[static DIGEST_TEXT_SIZE]);

/* Writes "sha256:HEX" (OCI image spec, descriptor.md, "Digests") and a NUL. */
void digest_text(const struct digest_value *value, char text[static DIGEST_TEXT_SIZE]);

/* Parses "HEX" (SHA-256), "sha256:HEX", "sha384:HEX" or "sha512:HEX", lower case only. Returns
 * NULL, or a static text that names the error. */
const char *digest_parse(const char *text, struct digest_value *value);

/* Whether algorithm and digest are the same. */
bool digest_equal(const struct digest_value *a, const struct digest_value *b);

#endif
