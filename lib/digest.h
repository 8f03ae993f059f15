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

/* A finished digest. Zero-initialised it is a SHA-256 of zeros, equal to no stream's. */
struct digest_value {
    enum digest_algorithm algorithm;
    unsigned char bytes[DIGEST_MAX_BYTES];
};

/* A digest under way; opaque, owned by whoever called digest_new(). */
struct digest;

/* Starts a digest. Returns NULL if the library can't (no memory, algorithm disabled by policy). */
struct digest *digest_new(enum digest_algorithm algorithm);

/* Releases `digest`; NULL is allowed. */
void digest_free(struct digest *digest);

/* Adds bytes. Returns 0; -1 if the library failed, after which only digest_free() may follow. */
int digest_update(struct digest *digest, const void *bytes, size_t length);

/* Stores the digest of all bytes since digest_new() or the last digest_final(), and starts anew.
 * Returns 0; -1 if the library failed. */
int digest_final(struct digest *digest, struct digest_value *value);

/* The algorithm's name as OCI digests have it: "sha256". */
const char *digest_algorithm_name(enum digest_algorithm algorithm);

/* Stores the algorithm that "256", "384" or "512" names. Returns 0; -1 for any other text. */
int digest_algorithm_parse(const char *text, enum digest_algorithm *algorithm);

/* Writes the lower-case hexadecimal digits and a NUL. */
void digest_hex(const struct digest_value *value, char text[static DIGEST_TEXT_SIZE]);

/* Writes "sha256:HEX" (OCI image spec, descriptor.md, "Digests") and a NUL. */
void digest_text(const struct digest_value *value, char text[static DIGEST_TEXT_SIZE]);

/* Reads "HEX" (which is SHA-256) or "sha256:HEX", "sha384:HEX", "sha512:HEX", lower case only.
 * Returns NULL, or a static text that says what is wrong with it. */
const char *digest_parse(const char *text, struct digest_value *value);

/* Whether both are the same digest by the same algorithm. */
bool digest_equal(const struct digest_value *a, const struct digest_value *b);

#endif
