/*
 * Command lines: options and error messages, numbers, help and version, terminals.
 */
#include "cli.h"
#include "diag.h"
#include "stream.h"
#include "tap.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* The output and the return value of a function. */
struct outcome {
    int status;
    char out[4096];
    char err[4096];
};

static void read_back(int fd, char text[static 4096])
{
    ssize_t length = lseek(fd, 0, SEEK_SET) == 0 ? stream_read(fd, text, 4095) : 0;
    text[length > 0 ? length : 0] = '\0';
    (void)close(fd);
}

static int scratch_file(void)
{
    char name[] = "/tmp/zlsnap-test-XXXXXX";
    int fd = mkstemp(name);
    if (fd < 0 || unlink(name) != 0) {
        printf("Bail out! no temporary file\n");
        exit(1); // NOLINT(concurrency-mt-unsafe)
    }
    return fd;
}

/* Runs `function` in a child and captures its standard error, and its standard output unless `out`
 * is a descriptor for it. */
static struct outcome run(int (*function)(const void *), const void *argument, int out)
{
    struct outcome outcome = {.status = -1};
    int caught_out = scratch_file();
    int caught_err = scratch_file();
    pid_t child = fork();
    if (child == 0) {
        bool ready = dup2(out >= 0 ? out : caught_out, STDOUT_FILENO) >= 0 &&
                     dup2(caught_err, STDERR_FILENO) >= 0;
        _exit(ready ? function(argument) : 99);
    }
    int status = 0;
    if (child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status))
        outcome.status = WEXITSTATUS(status);
    read_back(caught_out, outcome.out);
    read_back(caught_err, outcome.err);
    return outcome;
}

static const struct option longs[] = {
    {"quiet", no_argument, NULL, 'q'},
    {"output", required_argument, NULL, 'o'},
    {"json", no_argument, NULL, CLI_FIRST_LONG},
    {"jsonl", no_argument, NULL, CLI_FIRST_LONG + 1},
    {"progress", optional_argument, NULL, CLI_FIRST_LONG + 2},
    {0},
};

/* Prints a short form of each option that cli_next() returns, and then the operands. */
static int parse(const void *command_line)
{
    char text[200];
    (void)snprintf(text, sizeof text, "prog %s", (const char *)command_line);
    char *words[16] = {0};
    int count = 0;
    char *rest = NULL;
    for (char *word = strtok_r(text, " ", &rest); word && count < 15;
         word = strtok_r(NULL, " ", &rest))
        words[count++] = word;
    char line[1024] = "";
    size_t used = 0;
    for (int option; (option = cli_next(count, words, ":qo:", longs)) != -1;) {
        used += (size_t)snprintf(line + used, sizeof line - used, "%d%s%s ", option,
                                 optarg ? "=" : "", optarg ? optarg : "");
        if (option == '?')
            break;
    }
    for (int i = optind; i < count; i++)
        used += (size_t)snprintf(line + used, sizeof line - used, "%s ", words[i]);
    return (int)cli_print(line);
}

static void test_options(void)
{
    static const struct {
        const char *words;
        const char *out;
        const char *name;
    } cases[] = {
        {"-q -oF", "113 111=F ", "letters, with a value attached"},
        {"-qo F", "113 111=F ", "letters in one word"},
        {"--output=F --output G", "111=F 111=G ", "long options with values"},
        {"--json --quiet", "256 113 ", "long options without"},
        {"--progress --progress=always", "258 258=always ", "an optional value"},
        {"a -q b", "113 a b ", "options behind operands"},
        {"-- -q", "-q ", "operands behind --"},
        {"--out=F", "111=F ", "a long option cut short"},
        {"-", "- ", "a single dash is an operand"},
        {"-o --", "111=-- ", "a value may begin with a dash"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct outcome outcome = run(parse, cases[i].words, -1);
        CHECK(outcome.status == 0 && outcome.err[0] == '\0', "%s: without a message",
              cases[i].name);
        CHECK_TEXT(outcome.out, cases[i].out, "%s", cases[i].name);
    }
}

static void test_bad_options(void)
{
    static const struct {
        const char *words;
        const char *message;
        const char *name;
    } cases[] = {
        {"-x", "unknown option '-x'", "an unknown letter"},
        {"-qx", "unknown option '-x'", "an unknown letter at the end of a word"},
        {"--json -xq", "unknown option '-x'", "an unknown letter within a word"},
        {"-:", "unknown option '-:'", "the letter that getopt uses itself"},
        {"-\033", "unknown option '-\\033'", "a letter that no terminal should get"},
        {"--nope", "unknown option '--nope'", "an unknown long option"},
        {"--no\npe=1", "unknown option '--no\\012pe=1'", "one with a control byte"},
        {"--quiet=1", "option '--quiet' takes no value", "a value too many, with a letter"},
        {"--json=1", "option '--json' takes no value", "a value too many, without"},
        {"--jso", "option '--jso' is ambiguous", "one cut too short"},
        {"-q -o", "option '-o' needs a value", "a letter's value missing"},
        {"f --output", "option '--output' needs a value", "a long option's"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char expected[200];
        (void)snprintf(expected, sizeof expected, "prog: %s; try 'prog --help'\n",
                       cases[i].message);
        struct outcome outcome = run(parse, cases[i].words, -1);
        CHECK_TEXT(outcome.err, expected, "%s: one line", cases[i].name);
        CHECK(strstr(outcome.out, "63 ") != NULL, "%s: '?' is returned", cases[i].name);
    }
}

static void test_numbers(void)
{
    static const struct {
        const char *text;
        uint64_t max;
        int result;
        uint64_t number;
    } cases[] = {
        {"0", 0, 0, 0},
        {"7", 7, 0, 7},
        {"8", 7, -1, 0},
        {"10", 9, -1, 0},
        {"0007", 7, 0, 7},
        {"18446744073709551615", UINT64_MAX, 0, UINT64_MAX},
        {"18446744073709551616", UINT64_MAX, -1, 0},
        {"99999999999999999999", UINT64_MAX, -1, 0},
        {"", 9, -1, 0},
        {"-1", 9, -1, 0},
        {"+1", 9, -1, 0},
        {" 1", 9, -1, 0},
        {"1 ", 9, -1, 0},
        {"0x1", 9, -1, 0},
        {"1e1", 99, -1, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint64_t number = 0;
        CHECK(cli_number(cases[i].text, cases[i].max, &number) == cases[i].result &&
                  number == cases[i].number,
              "'%s' of at most %llu", cases[i].text, (unsigned long long)cases[i].max);
    }
}

static void test_sizes(void)
{
    static const struct {
        const char *text;
        int result;
        uint64_t size;
    } cases[] = {
        {"0", 0, 0},
        {"512", 0, 512},
        {"1K", 0, 1024},
        {"3M", 0, 3145728},
        {"2G", 0, (uint64_t)2 << 30},
        {"4T", 0, (uint64_t)4 << 40},
        {"16777215T", 0, (uint64_t)16777215 << 40},
        {"16777216T", -1, 0},
        {"18446744073709551615", 0, UINT64_MAX},
        {"18446744073709551615K", -1, 0},
        {"00000000000000000000000000000000000000001", -1, 0},
        {"", -1, 0},
        {"K", -1, 0},
        {"1k", -1, 0},
        {"1KB", -1, 0},
        {"1KK", -1, 0},
        {"1.5M", -1, 0},
        {"-1K", -1, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint64_t size = 0;
        CHECK(cli_size(cases[i].text, &size) == cases[i].result && size == cases[i].size,
              "size '%s'", cases[i].text);
    }
}

static int print(const void *text)
{
    int status = (int)cli_print(text);
    return status == 0 && fcntl(STDOUT_FILENO, F_GETFD) >= 0 ? 99 : status;
}

static int version(const void *unused)
{
    (void)unused;
    return (int)cli_version();
}

static int usage(const void *text)
{
    return (int)cli_usage("'%s' is wrong", (const char *)text);
}

static int refuse_terminal(const void *unused)
{
    (void)unused;
    return (int)cli_refuse_terminal();
}

static void test_output(void)
{
    struct outcome outcome = run(print, "a\nb\n", -1);
    CHECK_TEXT(outcome.out, "a\nb\n", "prints text");
    CHECK(outcome.status == 0, "standard output is closed");
    int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
    outcome = run(print, "a", full);
    CHECK(outcome.status == STATUS_SYSTEM, "a full disk is status 1");
    CHECK_TEXT(outcome.err, "prog: cannot write to standard output: No space left on device\n",
               "a full disk is reported");
    outcome = run(version, NULL, -1);
    CHECK(outcome.status == 0 && strncmp(outcome.out, "prog (zlsnap) ", 14) == 0 &&
              strchr(outcome.out, '\n') == outcome.out + strlen(outcome.out) - 1,
          "prints the version in one line");
    outcome = run(usage, "x", -1);
    CHECK(outcome.status == STATUS_USAGE && outcome.out[0] == '\0', "a usage error is status 2");
    CHECK_TEXT(outcome.err, "prog: 'x' is wrong; try 'prog --help'\n",
               "a usage error is reported in one line");
    (void)close(full);
}

static void test_terminal(void)
{
    int terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    CHECK(terminal >= 0 && isatty(terminal), "the test has a terminal");
    struct outcome outcome = run(refuse_terminal, NULL, terminal);
    CHECK(outcome.status == STATUS_USAGE, "a terminal is refused with status 2");
    CHECK(strstr(outcome.err, "is a terminal") != NULL, "a terminal is reported");
    outcome = run(refuse_terminal, NULL, -1);
    CHECK(outcome.status == STATUS_OK && outcome.err[0] == '\0', "a file is accepted");
    (void)close(terminal);
}

/* stream_reserve_standard() with descriptors 0 and 1 closed. */
static int reserve(const void *unused)
{
    (void)unused;
    (void)close(STDIN_FILENO);
    (void)close(STDOUT_FILENO);
    char byte = 'x';
    bool right = stream_reserve_standard() == 0 && open("/dev/null", O_RDONLY) > STDERR_FILENO;
    right = right && read(STDIN_FILENO, &byte, 1) == -1 && errno == EBADF;
    right = right && write(STDOUT_FILENO, &byte, 1) == -1 && errno == EBADF;
    return right ? 0 : 1;
}

int main(void)
{
    diag_init("prog");
    test_options();
    test_bad_options();
    test_numbers();
    test_sizes();
    test_output();
    test_terminal();
    CHECK(run(reserve, NULL, -1).status == 0,
          "the next file does not get the number of a closed standard descriptor");
    return tap_done();
}
