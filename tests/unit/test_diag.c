/*
 * Messages: their text, the number of writes, and escaped names. Standard error is a datagram
 * socket here, so that the test can read each write(2) separately.
 */
#include "diag.h"
#include "tap.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

static int messages;

/* Returns the text of one write, "" if there was none; valid until the next call. */
static const char *written(void)
{
    static char text[2 * PIPE_BUF];
    ssize_t length = recv(messages, text, sizeof text - 1, MSG_DONTWAIT);
    text[length > 0 ? length : 0] = '\0';
    return text;
}

static void test_messages(void)
{
    diag_error("no %s, %d", "luck", 7);
    CHECK_TEXT(written(), "prog: no luck, 7\n", "an error is one line, in one write");
    CHECK_TEXT(written(), "", "nothing else is printed");
    errno = ENOENT;
    diag_errno("cannot open '%s'", "x");
    CHECK(errno == ENOENT, "errno is kept");
    CHECK_TEXT(written(), "prog: cannot open 'x': No such file or directory\n",
               "the text of errno is added");
    diag_warn("%s", "careful");
    CHECK_TEXT(written(), "prog: warning: careful\n", "a warning begins with 'warning:'");
    diag_note("%s", "by the way");
    CHECK_TEXT(written(), "", "a note is not printed by itself");
    diag_set_verbose(true);
    diag_note("%s", "by the way");
    CHECK_TEXT(written(), "prog: by the way\n", "a note is printed if verbose");
    diag_set_quiet(true);
    diag_note("%s", "by the way");
    diag_warn("%s", "careful");
    CHECK_TEXT(written(), "", "notes and warnings are not printed if quiet");
    diag_error("%s", "bad");
    CHECK_TEXT(written(), "prog: bad\n", "errors are printed if quiet");
    diag_set_quiet(false);
    diag_set_verbose(false);
    CHECK_TEXT(diag_program(), "prog", "diag_program() is the name that diag_init() was given");
}

static void test_failures(void)
{
    errno = EACCES;
    CHECK(diag_failed("a\nb", "open") == STATUS_SYSTEM && errno == EACCES,
          "a failed call is a failure of the system, and errno is kept");
    CHECK_TEXT(written(), "prog: a\\012b: cannot open: Permission denied\n",
               "path, action and reason are printed, the path escaped");
    CHECK(diag_no_memory() == STATUS_SYSTEM, "no memory is a failure of the system");
    CHECK_TEXT(written(), "prog: out of memory\n", "no memory is printed");
}

static void test_long_message(void)
{
    static char name[10000];
    memset(name, 'n', sizeof name - 1);
    diag_error("start %s end", name);
    const char *line = written();
    size_t length = strlen(line);
    CHECK(length <= PIPE_BUF, "a long message is written to a pipe at once");
    CHECK(length > PIPE_BUF - 10 && strncmp(line, "prog: start nnn", 15) == 0,
          "the beginning of a long message is printed");
    CHECK_TEXT(length > 4 ? line + length - 5 : "", "n...\n",
               "a message that was cut ends in dots");
}

static void test_drawing(void)
{
    diag_erase();
    CHECK_TEXT(written(), "", "no line is removed if none was drawn");
    diag_draw("50%");
    CHECK_TEXT(written(), "\r\033[K50%", "draws over the line");
    diag_draw("51%");
    CHECK_TEXT(written(), "\r\033[K51%", "draws over the line again");
    diag_error("bad");
    CHECK_TEXT(written(), "\r\033[Kprog: bad\n", "a message replaces the progress line");
    diag_error("bad");
    CHECK_TEXT(written(), "prog: bad\n", "the next message does not erase the line again");
    diag_draw("52%");
    (void)written();
    diag_erase();
    CHECK_TEXT(written(), "\r\033[K", "diag_erase() removes the progress line");
    diag_erase();
    CHECK_TEXT(written(), "", "a line that was erased is not erased again");
    (void)setenv("ZLSNAP_DRAWN", "1", 1); // NOLINT(concurrency-mt-unsafe)
    diag_init("prog");
    diag_error("bad");
    CHECK_TEXT(written(), "\r\033[Kprog: bad\n", "a message replaces the line of another program");
    diag_error("bad");
    CHECK_TEXT(written(), "\r\033[Kprog: bad\n",
               "so does the next message, since that program may have drawn again");
    (void)unsetenv("ZLSNAP_DRAWN"); // NOLINT(concurrency-mt-unsafe)
    diag_init("prog");
    CHECK(!diag_can_draw(), "nothing is drawn without a terminal");
}

static void test_names(void)
{
    static const struct {
        const char *name;
        const char *printed;
        const char *what;
    } names[] = {
        {"", "", "nothing"},
        {"usr/lib/a b'c\"", "usr/lib/a b'c\"", "plain ASCII stays"},
        {"gr\303\274n \342\202\254 \360\237\220\247", "gr\303\274n \342\202\254 \360\237\220\247",
         "UTF-8 of two, three and four bytes stays"},
        {"a\nb\tc\rd\033[2Je", "a\\012b\\011c\\015d\\033[2Je", "control bytes are escaped"},
        {"\001\037 \177", "\\001\\037 \\177", "so are the first, the last, and DEL"},
        {"a\\012b", "a\\\\012b", "a backslash is doubled, so nothing can look escaped"},
        {"\377a\200\300\257", "\\377a\\200\\300\\257", "bytes that are no UTF-8"},
        {"\355\240\200", "\\355\\240\\200", "a surrogate"},
        {"\303", "\\303", "a sequence cut at the end"},
        {"\342\202x", "\\342\\202x", "a sequence cut in the middle"},
        {"\302\233J\302\237\302\240", "\\302\\233J\\302\\237\302\240", "C1 controls"},
        {"a\342\200\256gpj\342\200\254.exe", "a\\342\\200\\256gpj\\342\\200\\254.exe",
         "what reverses the text"},
        {"a\342\200\215\342\200\216\342\200\217\342\200\220\330\233\330\234\330\235",
         "a\342\200\215\\342\\200\\216\\342\\200\\217\342\200\220\330\233\\330\\234\330\235",
         "marks that change the direction of text (U+200E, U+200F, U+061C)"},
        {"\342\200\247\342\200\250\342\200\251\342\200\257",
         "\342\200\247\\342\\200\\250\\342\\200\\251\342\200\257", "line separators"},
        {"\342\201\245\342\201\246\342\201\251\342\201\252",
         "\342\201\245\\342\\201\\246\\342\\201\\251\342\201\252", "isolates"},
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        CHECK_TEXT(diag_name(names[i].name).text, names[i].printed, "%s", names[i].what);
}

static void test_long_names(void)
{
    struct diag_name printed;
    char name[4097];
    size_t most = sizeof printed.text - 1;
    memset(name, 'n', sizeof name - 1);
    name[most] = '\0';
    printed = diag_name(name);
    CHECK_TEXT(printed.text, name, "the longest name that fits stays whole");
    name[most] = 'n';
    name[sizeof name - 1] = '\0';
    memcpy(name, "first/", 6);
    memcpy(name + sizeof name - 6, "/last", 5);
    printed = diag_name(name);
    size_t length = strlen(printed.text);
    CHECK(length <= most && length > most - 8, "a longer name is cut to the length that fits");
    CHECK(strncmp(printed.text, "first/nn", 8) == 0, "the beginning of a long name is kept");
    CHECK_TEXT(length > 5 ? printed.text + length - 5 : "", "/last",
               "the end of a long name is kept");
    CHECK(strstr(printed.text, "n...n") != NULL, "three dots replace the middle of a long name");
}

static void test_long_escapes(void)
{
    char name[3001];
    for (size_t i = 0; i < sizeof name; i++)
        name[i] = '\001';
    for (size_t end = 2990; end < sizeof name; end++) {
        name[end] = '\0';
        name[0] = "xy"[end % 2]; /* moves the cut within the head */
        struct diag_name printed = diag_name(name);
        name[end] = '\001';
        char *dots = strstr(printed.text, "...");
        size_t head = dots ? (size_t)(dots - printed.text) : 0;
        size_t tail = dots ? strlen(dots + 3) : 1;
        CHECK(head % 4 == 1 && tail % 4 == 0 && tail > 400, "no escape is cut, %zu bytes", end);
    }
}

static void *print_lines(void *argument)
{
    for (int i = 0; i < 100; i++)
        diag_error("%s %s", (const char *)argument, "together");
    return NULL;
}

/* Threads write messages. The test reads meanwhile, or the socket would be full. */
static void test_threads(void)
{
    static char words[][8] = {"first", "second"};
    pthread_t threads[2];
    if (!CHECK(pthread_create(&threads[0], NULL, print_lines, words[0]) == 0 &&
                   pthread_create(&threads[1], NULL, print_lines, words[1]) == 0,
               "starts threads"))
        return;
    int whole = 0;
    for (int i = 0; i < 200; i++) {
        char line[100];
        ssize_t length = recv(messages, line, sizeof line - 1, 0);
        line[length > 0 ? length : 0] = '\0';
        whole += strcmp(line, "prog: first together\n") == 0 ||
                 strcmp(line, "prog: second together\n") == 0;
    }
    (void)pthread_join(threads[0], NULL);
    (void)pthread_join(threads[1], NULL);
    CHECK(whole == 200, "lines of several threads do not mix");
}

static void test_failure(void)
{
    int saved = dup(STDERR_FILENO);
    (void)close(STDERR_FILENO);
    errno = EIO;
    diag_errno("nobody hears");
    CHECK(errno == EIO, "a message that cannot be written does not change errno");
    CHECK(diag_write("x", 1) == -1 && errno == EBADF, "data that cannot be written is an error");
    CHECK(dup2(saved, STDERR_FILENO) == STDERR_FILENO && close(saved) == 0, "stderr is restored");
    CHECK(diag_write("a\nb", 3) == 0, "data is written");
    CHECK_TEXT(written(), "a\nb", "data is not changed");
}

int main(void)
{
    int sockets[2];
    if (socketpair(AF_UNIX, SOCK_DGRAM, 0, sockets) != 0 ||
        dup2(sockets[1], STDERR_FILENO) != STDERR_FILENO) {
        CHECK(false, "the test has a socket for stderr");
        return tap_done();
    }
    messages = sockets[0];
    struct timeval patience = {.tv_sec = 10};
    (void)setsockopt(messages, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    diag_init("prog");
    test_messages();
    test_failures();
    test_long_message();
    test_drawing();
    test_names();
    test_long_names();
    test_long_escapes();
    test_threads();
    test_failure();
    return tap_done();
}
