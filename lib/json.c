#include "json.h"

#include "base64.h"
#include "utf8.h"

#include <string.h>

int json_append_string(struct buf *out, const char *text)
{
    int result = buf_append(out, "\"", 1);
    while (result == 0 && *text) {
        size_t length = utf8_sequence(text);
        if (length == 0)
            result = buf_append_text(out, "\\ufffd");
        else if (length == 1 && ((unsigned char)*text < 0x20 || strchr("\"\\", *text)))
            result = buf_append_format(out, "\\u%04x", (unsigned)(unsigned char)*text);
        else
            result = buf_append(out, text, length);
        text += length > 0 ? length : 1;
    }
    return result == 0 ? buf_append(out, "\"", 1) : -1;
}

int json_append_base64(struct buf *out, const void *bytes, size_t length)
{
    if (buf_append(out, "\"", 1) != 0 || base64_encode(out, bytes, length) != 0)
        return -1;
    return buf_append(out, "\"", 1);
}

int json_append_name(struct buf *out, const char *key, const char *name)
{
    if (buf_append_format(out, "\"%s\":", key) != 0 || json_append_string(out, name) != 0)
        return -1;
    if (utf8_valid(name))
        return 0;
    if (buf_append_format(out, ",\"%s_base64\":", key) != 0)
        return -1;
    return json_append_base64(out, name, strlen(name));
}
