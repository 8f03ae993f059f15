#include "diag.h"

#include "escape.h"
#include "stream.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The largest atomic write to a pipe (pipe(7)), so that lines of several processes do not mix. */
#define LINE_SIZE PIPE_BUF

static const char ellipsis[] = "...";

static const char *program_name = "zlsnap";
static atomic_bool diag_quiet;
static atomic_bool diag_verbose;

/* Whether we have drawn on the terminal's line, whether another program of the pipeline may have,
 * and the text that erases it. */
static atomic_bool diag_drawn;
static bool diag_others_draw;
static const char erase_line[] = "\r\033[K";

void diag_init(const char *program)
{
    program_name = program;
    diag_others_draw = getenv("ZLSNAP_DRAWN") != NULL; // NOLINT(concurrency-mt-unsafe)
}

const char *diag_program(void)
{
    return program_name;
}

void diag_set_quiet(bool quiet)
{
    diag_quiet = quiet;
}

void diag_set_verbose(bool verbose)
{
    diag_verbose = verbose;
}

int diag_write(const char *text, size_t length)
{
    return stream_write(STDERR_FILENO, text, length);
}

/* Where this thread's messages are stored; NULL: they are printed. */
static _Thread_local struct diag_kept *keeper;

_Static_assert(sizeof((struct diag_kept *)0)->text >= LINE_SIZE, "a line can be kept");

void diag_keep(struct diag_kept *kept)
{
    keeper = kept;
}

void diag_kept_print(struct diag_kept *kept)
{
    if (kept->length > 0)
        (void)diag_write(kept->text, kept->length);
    kept->length = 0;
}

static _Thread_local struct diag_gate message_gate;

struct diag_gate diag_set_gate(struct diag_gate gate)
{
    const struct diag_gate old = message_gate;
    message_gate = gate;
    return old;
}

static bool print_is_allowed(void)
{
    const struct diag_gate gate = diag_set_gate((struct diag_gate){0});
    const bool allowed = !gate.allow || gate.allow(gate.context);
    (void)diag_set_gate(gate);
    return allowed;
}

/* Writes the line. A failure is ignored: there is nowhere left to report it. */
static void line_print(const char *line, size_t length)
{
    if (!keeper) {
        (void)diag_write(line, length);
    } else if (keeper->length == 0) {
        memcpy(keeper->text, line, length);
        keeper->length = length;
    }
}

/* Prints "PROGRAM: LABEL MESSAGE TAIL" and preserves errno. */
__attribute__((format(printf, 3, 0))) static void diag_print(const char *label, const char *tail,
                                                             const char *format, va_list arguments)
{
    int saved = errno;
    char message[LINE_SIZE] = "", line[LINE_SIZE];
    if (!print_is_allowed())
        return;
    const size_t room = sizeof line - sizeof ellipsis - 1; /* leaves some for "...\n" */
    bool erase = atomic_exchange(&diag_drawn, false) || diag_others_draw;
    (void)vsnprintf(message, sizeof message, format, arguments);
    int whole = snprintf(line, room, "%s%s: %s%s%s", erase ? erase_line : "", program_name, label,
                         message, tail);
    size_t length = strlen(line);
    if (whole >= (int)room) {
        memcpy(line + length, ellipsis, sizeof ellipsis - 1);
        length += sizeof ellipsis - 1;
    }
    line[length++] = '\n';
    line_print(line, length);
    errno = saved;
}

enum status diag_error(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    diag_print("", "", format, arguments);
    va_end(arguments);
    return STATUS_SYSTEM;
}

enum status diag_errno(const char *format, ...)
{
    int saved = errno;
    char tail[128];
    /* strerror() is thread-safe in glibc since 2.32 and in musl; strerror_r() has different
     * prototypes in different C libraries. */
    (void)snprintf(tail, sizeof tail, ": %s", strerror(saved)); // NOLINT(concurrency-mt-unsafe)
    va_list arguments;
    va_start(arguments, format);
    diag_print("", tail, format, arguments);
    va_end(arguments);
    errno = saved;
    return STATUS_SYSTEM;
}

enum status diag_failed(const char *path, const char *what)
{
    return diag_errno("%s: cannot %s", diag_name(path).text, what);
}

enum status diag_stdout(void)
{
    const int saved = errno;
    const char *name = getenv("ZLSNAP_OUTPUT"); // NOLINT(concurrency-mt-unsafe)
    errno = saved;
    if (!name || name[0] == '\0')
        return diag_errno("cannot write to standard output");
    return diag_errno("%s: cannot write", diag_name(name).text);
}

enum status diag_no_memory(void)
{
    return diag_error("out of memory");
}

void diag_warn(const char *format, ...)
{
    if (diag_quiet)
        return;
    va_list arguments;
    va_start(arguments, format);
    diag_print("warning: ", "", format, arguments);
    va_end(arguments);
}

void diag_note(const char *format, ...)
{
    if (!diag_verbose || diag_quiet)
        return;
    va_list arguments;
    va_start(arguments, format);
    diag_print("", "", format, arguments);
    va_end(arguments);
}

bool diag_can_draw(void)
{
    const char *terminal = getenv("TERM"); // NOLINT(concurrency-mt-unsafe)
    return isatty(STDERR_FILENO) && terminal && *terminal && strcmp(terminal, "dumb") != 0;
}

void diag_erase(void)
{
    if (atomic_exchange(&diag_drawn, false))
        (void)diag_write(erase_line, sizeof erase_line - 1);
}

void diag_draw(const char *text)
{
    diag_drawn = true;
    char line[256];
    int length = snprintf(line, sizeof line, "%s%s", erase_line, text);
    if (length > 0 && (size_t)length < sizeof line)
        (void)diag_write(line, (size_t)length);
}

/* Appends escaped characters of `name` to `printed`, which holds `used` bytes, as long as they fit
 * into `room`. Returns the new number of bytes. */
static size_t name_append(struct diag_name *printed, size_t used, size_t room, const char *name)
{
    while (*name != '\0') {
        struct escape_unit unit = escape_next(name);
        if (used + unit.length > room)
            break;
        memcpy(printed->text + used, unit.text, unit.length);
        used += unit.length;
        name += unit.source;
    }
    return used;
}

/* The longest tail of `name` that takes at most `room` bytes when escaped. */
static const char *name_tail(const char *name, size_t total, size_t room)
{
    while (total > room) {
        struct escape_unit unit = escape_next(name);
        total -= unit.length;
        name += unit.source;
    }
    return name;
}

struct diag_name diag_name(const char *name)
{
    size_t total = 0;
    for (const char *at = name; *at != '\0';) {
        struct escape_unit unit = escape_next(at);
        total += unit.length;
        at += unit.source;
    }
    struct diag_name printed;
    size_t room = sizeof printed.text - 1;
    size_t used = 0;
    if (total <= room) {
        used = name_append(&printed, 0, room, name);
    } else {
        size_t half = (room - (sizeof ellipsis - 1)) / 2;
        used = name_append(&printed, 0, half, name);
        memcpy(printed.text + used, ellipsis, sizeof ellipsis - 1);
        used += sizeof ellipsis - 1;
        used = name_append(&printed, used, room, name_tail(name, total, half));
    }
    printed.text[used] = '\0';
    return printed;
}
