#include "words.h"

#include <inttypes.h>
#include <string.h>

#define SECOND INT64_C(1000000000)

static const struct slice keys[WORD_COUNT] = {
    {"type", 4},          {"mode", 4}, {"uid", 3},    {"gid", 3},  {"size", 4},
    {"sha256digest", 12}, {"link", 4}, {"device", 6}, {"time", 4}, {"tags", 4},
};

struct slice slice_of(const char *text)
{
    return (struct slice){text, strlen(text)};
}

bool slice_equal(struct slice a, struct slice b)
{
    if (!a.at || !b.at)
        return !a.at && !b.at;
    return a.length == b.length && memcmp(a.at, b.at, a.length) == 0;
}

static bool slice_begins(struct slice text, struct slice with)
{
    return text.length >= with.length && memcmp(text.at, with.at, with.length) == 0;
}

static struct slice slice_after(struct slice text, size_t length)
{
    return (struct slice){text.at + length, text.length - length};
}

/* Takes the text up to the next space or the end, and the space. */
static struct slice word_take(struct slice *rest)
{
    const char *space = memchr(rest->at, ' ', rest->length);
    struct slice word = {rest->at, space ? (size_t)(space - rest->at) : rest->length};
    *rest = slice_after(*rest, word.length + (space != NULL));
    return word;
}

/* The key that the word begins with, from `first` on; WORD_COUNT if there is none. */
static unsigned key_find(struct slice word, unsigned first)
{
    while (first < WORD_COUNT && !slice_begins(word, keys[first]))
        first++;
    return first;
}

bool words_split(struct words *words, struct slice line)
{
    if (line.length == 0 || line.at[line.length - 1] == ' ')
        return false;
    *words = (struct words){.path = word_take(&line)};
    for (unsigned key = 0; line.length > 0; key++) {
        struct slice word = word_take(&line);
        key = key_find(word, key);
        if (key == WORD_COUNT || word.length == keys[key].length ||
            word.at[keys[key].length] != '=')
            return false;
        words->values[key] = slice_after(word, keys[key].length + 1);
    }
    return words->path.length > 0;
}

static int append_word(struct buf *out, unsigned key, struct slice value)
{
    if (buf_reserve(out, keys[key].length + value.length + 2) != 0 ||
        buf_append(out, " ", 1) != 0 || buf_append(out, keys[key].at, keys[key].length) != 0 ||
        buf_append(out, "=", 1) != 0)
        return -1;
    return buf_append(out, value.at, value.length);
}

int words_join(struct buf *out, const struct words *words)
{
    int result = buf_append(out, words->path.at, words->path.length);
    for (unsigned key = 0; result == 0 && key < WORD_COUNT; key++) {
        if (words->values[key].at)
            result = append_word(out, key, words->values[key]);
    }
    return result;
}

bool words_equal(const struct words *a, const struct words *b)
{
    bool same = slice_equal(a->path, b->path);
    for (unsigned key = 0; same && key < WORD_COUNT; key++)
        same = slice_equal(a->values[key], b->values[key]);
    return same;
}

bool path_is_within(struct slice path, struct slice directory)
{
    return slice_begins(path, directory) &&
           (path.length == directory.length || path.at[directory.length] == '/');
}

/* Appends the moved path and what follows it. */
static int append_moved(struct buf *out, struct slice text, const struct move *move)
{
    if (buf_append(out, move->to.at, move->to.length) != 0)
        return -1;
    return buf_append(out, text.at + move->from.length, text.length - move->from.length);
}

int words_move(struct words *words, const struct move *move, struct buf *scratch)
{
    static const struct slice hardlink = {"hardlink=", 9};
    struct slice *tags = &words->values[WORD_TAGS];
    if (!move->from.at)
        return 0;
    scratch->length = 0;
    if (!path_is_within(words->path, move->from))
        return 0;
    if (append_moved(scratch, words->path, move) != 0)
        return -1;
    const size_t path = scratch->length;
    if (tags->at && slice_begins(*tags, hardlink)) {
        struct slice target = slice_after(*tags, hardlink.length);
        /* A comma may follow the target, but a moved one has a slash there. */
        if (path_is_within(target, move->from) &&
            (buf_append(scratch, hardlink.at, hardlink.length) != 0 ||
             append_moved(scratch, target, move) != 0))
            return -1;
    }
    words->path = (struct slice){scratch->bytes, path};
    if (scratch->length > path)
        *tags = (struct slice){scratch->bytes + path, scratch->length - path};
    return 0;
}

/* Reads digits only; false also if there are none or too many. */
static bool number_read(struct slice text, int64_t *number)
{
    *number = 0;
    for (size_t i = 0; i < text.length; i++) {
        if (text.at[i] < '0' || text.at[i] > '9' || __builtin_mul_overflow(*number, 10, number) ||
            __builtin_add_overflow(*number, text.at[i] - '0', number))
            return false;
    }
    return text.length > 0;
}

/* Reads SECONDS.NANOSECONDS. */
static bool time_read(struct slice text, int64_t *nanoseconds)
{
    int64_t seconds = 0, rest = 0;
    if (!text.at || text.length < 11 || text.at[text.length - 10] != '.')
        return false;
    bool negative = text.at[0] == '-';
    if (!number_read((struct slice){text.at + negative, text.length - 10 - negative}, &seconds) ||
        !number_read(slice_after(text, text.length - 9), &rest))
        return false;
    if (negative)
        seconds = -seconds;
    return !__builtin_mul_overflow(seconds, SECOND, nanoseconds) &&
           !__builtin_add_overflow(*nanoseconds, rest, nanoseconds);
}

static int time_write(struct buf *out, int64_t nanoseconds)
{
    int64_t rest = nanoseconds % SECOND, seconds = nanoseconds / SECOND;
    if (rest < 0) {
        rest += SECOND;
        seconds--;
    }
    return buf_append_format(out, "%" PRId64 ".%09" PRId64, seconds, rest);
}

void base_time_set(struct base_time *base, const struct words *words)
{
    int64_t nanoseconds = 0;
    if (time_read(words->values[WORD_TIME], &nanoseconds))
        *base = (struct base_time){true, nanoseconds};
}

static int append_time(struct buf *out, struct slice value, const struct base_time *base)
{
    int64_t time = 0, distance = 0;
    if (!base->known || !time_read(value, &time) ||
        __builtin_sub_overflow(time, base->nanoseconds, &distance) || distance == INT64_MIN)
        return append_word(out, WORD_TIME, value);
    return buf_append_format(out, " time%s%" PRId64, distance < 0 ? "" : "+", distance);
}

int words_change_append(struct buf *out, const struct words *old, const struct words *new,
                        const struct base_time *base)
{
    int result = 0;
    for (unsigned key = 0; result == 0 && key < WORD_COUNT; key++) {
        if (slice_equal(old->values[key], new->values[key]))
            continue;
        if (!new->values[key].at)
            result = buf_append_format(out, " %s", keys[key].at);
        else if (key == WORD_TIME)
            result = append_time(out, new->values[key], base);
        else
            result = append_word(out, key, new->values[key]);
    }
    return result;
}

/* Applies a time's change, +NANOSECONDS or -NANOSECONDS. */
static enum words_result time_apply(struct words *words, struct slice change,
                                    const struct base_time *base, struct buf *scratch)
{
    int64_t distance = 0, time = 0;
    if (!base->known || !number_read(slice_after(change, 1), &distance) ||
        __builtin_add_overflow(base->nanoseconds, change.at[0] == '-' ? -distance : distance,
                               &time))
        return WORDS_MALFORMED;
    scratch->length = 0;
    if (time_write(scratch, time) != 0)
        return WORDS_NO_MEMORY;
    words->values[WORD_TIME] = (struct slice){scratch->bytes, scratch->length};
    return WORDS_OK;
}

/* `rest` is what follows the key. */
static enum words_result word_apply(struct words *words, unsigned key, struct slice rest,
                                    const struct base_time *base, struct buf *scratch)
{
    if (rest.length == 0) {
        words->values[key] = (struct slice){0};
        return WORDS_OK;
    }
    if (rest.at[0] == '=') {
        words->values[key] = slice_after(rest, 1);
        return WORDS_OK;
    }
    if (key == WORD_TIME && (rest.at[0] == '+' || rest.at[0] == '-'))
        return time_apply(words, rest, base, scratch);
    return WORDS_MALFORMED;
}

enum words_result words_change_apply(struct words *words, struct slice change,
                                     const struct base_time *base, struct buf *scratch)
{
    if (change.length == 0 || change.at[change.length - 1] == ' ')
        return WORDS_MALFORMED;
    for (unsigned key = 0; change.length > 0; key++) {
        struct slice word = word_take(&change);
        key = key_find(word, key);
        if (key == WORD_COUNT)
            return WORDS_MALFORMED;
        enum words_result result =
            word_apply(words, key, slice_after(word, keys[key].length), base, scratch);
        if (result != WORDS_OK)
            return result;
    }
    return WORDS_OK;
}
