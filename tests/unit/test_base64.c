/*
 * Base64: the vectors of RFC 4648, section 10, and malformed text.
 */
#include "base64.h"
#include "tap.h"

#include <string.h>

static bool buf_is(const struct buf *buf, const void *bytes, size_t length)
{
    return buf->length == length && (length == 0 || memcmp(buf->bytes, bytes, length) == 0);
}

static const struct {
    const char *bytes;
    size_t length;
    const char *text;
    const char *unpadded;
} vectors[] = {
    {"", 0, "", ""},
    {"f", 1, "Zg==", "Zg"},
    {"fo", 2, "Zm8=", "Zm8"},
    {"foo", 3, "Zm9v", "Zm9v"},
    {"foob", 4, "Zm9vYg==", "Zm9vYg"},
    {"fooba", 5, "Zm9vYmE=", "Zm9vYmE"},
    {"foobar", 6, "Zm9vYmFy", "Zm9vYmFy"},
    {"\0\0\0", 3, "AAAA", "AAAA"},
    {"\377\377\377", 3, "////", "////"},
    {"\373\357\276", 3, "++++", "++++"},
    {"\0\n\377\200", 4, "AAr/gA==", "AAr/gA"},
};

static void test_vectors(void)
{
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
        struct buf out = {0};
        CHECK(base64_encode(&out, vectors[i].bytes, vectors[i].length) == 0 &&
                  buf_is(&out, vectors[i].text, strlen(vectors[i].text)),
              "writes '%s'", vectors[i].text);
        out.length = 0;
        CHECK(base64_decode(&out, vectors[i].text, strlen(vectors[i].text)) == 0 &&
                  buf_is(&out, vectors[i].bytes, vectors[i].length),
              "reads '%s'", vectors[i].text);
        out.length = 0;
        CHECK(base64_decode(&out, vectors[i].unpadded, strlen(vectors[i].unpadded)) == 0 &&
                  buf_is(&out, vectors[i].bytes, vectors[i].length),
              "reads '%s' without padding", vectors[i].unpadded);
        buf_free(&out);
    }
}

static void test_every_byte(void)
{
    unsigned char bytes[256];
    struct buf text = {0}, back = {0};
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)i;
    CHECK(base64_encode(&text, bytes, sizeof bytes) == 0 && text.length == 344 &&
              base64_decode(&back, text.bytes, text.length) == 0 &&
              buf_is(&back, bytes, sizeof bytes),
          "decoding an encoded text gives all 256 values of a byte again");
    buf_free(&text);
    buf_free(&back);
}

static void test_append(void)
{
    struct buf out = {0};
    buf_append_text(&out, "x=");
    CHECK(base64_encode(&out, "f", 1) == 0 && buf_is(&out, "x=Zg==", 6), "appends the text");
    out.length = 0;
    buf_append_text(&out, "x=");
    CHECK(base64_decode(&out, "Zg==", 4) == 0 && buf_is(&out, "x=f", 3), "appends the bytes");
    buf_free(&out);
}

static void test_refused(void)
{
    static const struct {
        const char *what;
        const char *text;
        size_t length;
    } table[] = {
        {"a single digit", "Z", 1},
        {"a digit too many", "Zm9vY", 5},
        {"padding inside", "Zg==Zg==", 8},
        {"three of padding", "Z===", 4},
        {"three of padding behind two digits", "Zg===", 5},
        {"four of padding", "====", 4},
        {"a space", "Zm 9v", 5},
        {"a newline at the end", "Zm9v\n", 5},
        {"a NUL", "Zm\0v", 4},
        {"the digits of base64url", "-_-_", 4},
        {"a byte above 127", "Zm9\377", 4},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct buf out = {0};
        CHECK(base64_decode(&out, table[i].text, table[i].length) == -1, "refuses %s",
              table[i].what);
        buf_free(&out);
    }
}

int main(void)
{
    test_vectors();
    test_every_byte();
    test_append();
    test_refused();
    return tap_done();
}
