#include "date.h"

#include <stdbool.h>
#include <string.h>
#include <time.h>

/* Parses exactly `digits` decimal digits, or with 0 as many as there are. */
static bool number_take(const char **text, size_t digits, int64_t *number)
{
    size_t have = strspn(*text, "0123456789");
    *number = 0;
    if (have == 0 || (digits > 0 && have < digits) || have > 12)
        return false;
    for (size_t i = 0; i < (digits > 0 ? digits : have); i++)
        *number = *number * 10 + (*(*text)++ - '0');
    return true;
}

static bool char_take(const char **text, const char *set)
{
    if (**text == '\0' || !strchr(set, **text))
        return false;
    (*text)++;
    return true;
}

static bool fraction_take(const char **text, uint32_t *nanoseconds)
{
    *nanoseconds = 0;
    if (!char_take(text, ".,"))
        return true;
    size_t have = strspn(*text, "0123456789");
    uint32_t digit = 100000000;
    for (size_t i = 0; i < have; i++, digit /= 10)
        *nanoseconds += digit * (uint32_t)(*(*text)++ - '0');
    return have > 0;
}

static bool seconds_parse(const char *text, struct tar_time *time)
{
    bool negative = char_take(&text, "-");
    if (!number_take(&text, 0, &time->seconds) || !fraction_take(&text, &time->nanoseconds) ||
        *text)
        return false;
    if (!negative)
        return true;
    time->seconds = -time->seconds;
    if (time->nanoseconds > 0) {
        time->seconds--;
        time->nanoseconds = 1000000000 - time->nanoseconds;
    }
    return true;
}

static bool zone_take(const char **text, int64_t *offset)
{
    int64_t hours = 0, minutes = 0;
    *offset = 0;
    if (**text == '\0' || char_take(text, "Zz"))
        return **text == '\0';
    bool west = **text == '-';
    if (!char_take(text, "+-") || !number_take(text, 2, &hours) || !char_take(text, ":") ||
        !number_take(text, 2, &minutes) || hours > 23 || minutes > 59)
        return false;
    *offset = (hours * 60 + minutes) * (west ? -60 : 60);
    return **text == '\0';
}

/* Stores the second of the day, and whether it is a leap second. */
static bool clock_take(const char **text, int64_t *second, bool *leap, uint32_t *nanoseconds)
{
    int64_t hours = 0, minutes = 0, seconds = 0;
    *second = 0;
    *leap = false;
    *nanoseconds = 0;
    if (!char_take(text, "Tt "))
        return true;
    if (!number_take(text, 2, &hours) || !char_take(text, ":") || !number_take(text, 2, &minutes))
        return false;
    if (char_take(text, ":") &&
        (!number_take(text, 2, &seconds) || !fraction_take(text, nanoseconds)))
        return false;
    *second = (hours * 60 + minutes) * 60 + seconds;
    *leap = seconds == 60;
    return hours < 24 && minutes < 60 && seconds < 61;
}

/* Whether the second before this one can be a leap second: the last one of June or December, UTC.
 */
static bool ends_half_year(int64_t seconds)
{
    time_t time = seconds;
    struct tm parts;
    return gmtime_r(&time, &parts) && parts.tm_sec == 0 && parts.tm_min == 0 &&
           parts.tm_hour == 0 && parts.tm_mday == 1 && parts.tm_mon % 6 == 0;
}

static bool calendar_parse(const char *text, struct tar_time *time)
{
    struct tm parts = {0};
    int64_t year = 0, month = 0, day = 0, second = 0, offset = 0;
    bool leap = false;
    if (!number_take(&text, 4, &year) || !char_take(&text, "-") || !number_take(&text, 2, &month) ||
        !char_take(&text, "-") || !number_take(&text, 2, &day) ||
        !clock_take(&text, &second, &leap, &time->nanoseconds) || !zone_take(&text, &offset))
        return false;
    parts.tm_year = (int)year - 1900;
    parts.tm_mon = (int)month - 1;
    parts.tm_mday = (int)day;
    /* POSIX time does not count leap seconds: 23:59:60 is 00:00:00 of the next day. */
    time->seconds = timegm(&parts) + second - offset;
    /* timegm() turns February 31 into March 3. */
    return parts.tm_mon == (int)month - 1 && parts.tm_mday == (int)day &&
           (!leap || ends_half_year(time->seconds));
}

int date_parse(const char *text, struct tar_time *time)
{
    bool parsed = *text == '@' ? seconds_parse(text + 1, time) : calendar_parse(text, time);
    return parsed ? 0 : -1;
}
