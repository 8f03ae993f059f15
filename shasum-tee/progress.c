#include "progress.h"

#include "diag.h"

#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

enum {
    INTERVAL_MS = 100,
    LINE_MAX_COLUMNS = 120,
    COLUMNS_DEFAULT = 80,
    NUMBERS_COLUMNS = 64, /* the widest text beside the bar */
    BAR_MIN = 8,
    BAR_MAX = 40,
};

static int64_t now_ms(void)
{
    struct timespec now = {0};
    if (clock_gettime(CLOCK_MONOTONIC, &now) != 0)
        return 0; /* cannot happen; the line would not change */
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Erases the line, then dies of the signal. */
static void erase_and_die(int signal)
{
    diag_erase();
    (void)raise(signal); /* SA_RESETHAND has restored the default action */
}

/* Erases the line when a signal ends the program. Ignored signals stay ignored. */
static void catch_signals(void)
{
    static const int signals[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM};
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        struct sigaction now = {0};
        const struct sigaction action = {.sa_handler = erase_and_die,
                                         .sa_flags = (int)SA_RESETHAND};
        if (sigaction(signals[i], NULL, &now) == 0 && now.sa_handler == SIG_DFL)
            (void)sigaction(signals[i], &action, NULL);
    }
}

void progress_start(struct progress *progress, bool shown, uint64_t size)
{
    *progress = (struct progress){.shown = shown, .size = size};
    if (shown) {
        catch_signals();
        progress->started = now_ms();
        progress->drawn = progress->started;
    }
}

/* A short piece of the line, returned by value. */
struct piece {
    char text[64];
};

static struct piece bytes_text(double bytes)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    size_t unit = 0;
    /* 999.95 would be rounded to 1000.0. */
    while (bytes >= 999.95 && unit + 1 < sizeof units / sizeof *units) {
        bytes /= 1024;
        unit++;
    }
    struct piece piece;
    (void)snprintf(piece.text, sizeof piece.text, "%.*f %s", unit > 0 ? 1 : 0, bytes, units[unit]);
    return piece;
}

static struct piece time_text(double seconds)
{
    struct piece piece;
    if (seconds >= 100 * 3600) {
        (void)snprintf(piece.text, sizeof piece.text, "%.0f h", seconds / 3600);
        return piece;
    }
    int whole = (int)seconds;
    if (whole >= 3600) {
        (void)snprintf(piece.text, sizeof piece.text, "%d:%02d:%02d", whole / 3600, whole / 60 % 60,
                       whole % 60);
    } else {
        (void)snprintf(piece.text, sizeof piece.text, "%d:%02d", whole / 60, whole % 60);
    }
    return piece;
}

/* The maximum width of the line: one less than the terminal's, since some would wrap. */
static int line_columns(void)
{
    struct winsize window = {0};
    int columns = COLUMNS_DEFAULT;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &window) == 0 && window.ws_col > 0)
        columns = window.ws_col;
    return columns - 1 < LINE_MAX_COLUMNS ? columns - 1 : LINE_MAX_COLUMNS;
}

/* "[=====>    ]", filled up to `fraction`; empty if there is no room. */
static struct piece bar_text(double fraction, int columns)
{
    struct piece piece = {0};
    int width = columns - NUMBERS_COLUMNS;
    if (width < BAR_MIN)
        return piece;
    width = width < BAR_MAX ? width : BAR_MAX;
    int filled = (int)(fraction * width);
    char *at = piece.text;
    *at++ = '[';
    for (int i = 0; i < width; i++)
        *at++ = i < filled ? '=' : i == filled ? '>' : ' ';
    *at++ = ']';
    *at++ = ' ';
    return piece;
}

static void draw(const struct progress *progress, uint64_t done, double seconds)
{
    char line[512]; /* longer than all pieces together */
    int columns = line_columns();
    double rate = (double)done / seconds;
    struct piece bytes = bytes_text((double)done);
    struct piece per_second = bytes_text(rate);
    struct piece elapsed = time_text(seconds);
    if (progress->size == 0) {
        (void)snprintf(line, sizeof line, "%s  %s/s  %s", bytes.text, per_second.text,
                       elapsed.text);
    } else {
        double size = (double)progress->size;
        double fraction = (double)done < size ? (double)done / size : 1;
        struct piece left = time_text((1 - fraction) * size / rate);
        (void)snprintf(line, sizeof line, "%3d%% %s%s/%s  %s/s  %s ETA %s", (int)(100 * fraction),
                       bar_text(fraction, columns).text, bytes.text, bytes_text(size).text,
                       per_second.text, elapsed.text, left.text);
    }
    line[columns > 0 ? columns : 0] = '\0';
    diag_draw(line);
}

void progress_update(struct progress *progress, uint64_t done)
{
    if (!progress->shown)
        return;
    int64_t now = now_ms();
    if (now - progress->drawn < INTERVAL_MS)
        return;
    progress->drawn = now;
    draw(progress, done, (double)(now - progress->started) / 1000);
}

void progress_end(struct progress *progress)
{
    if (progress->shown)
        diag_erase();
}
