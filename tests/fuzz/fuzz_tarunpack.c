/*
 * tarunpack's child from the stream to the finished tree, and the merge, in a scratch directory. A
 * byte behind the archive's last whole block chooses the options.
 *
 * What nobody may touch stands beside the tree: a directory called canary.
 */
#include "fuzz.h"

#include "merge/merge.h"
#include "place/remove.h"
#include "unpack.h" /* and the options, of which other programs have some, too */

#include <dirent.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static char scratch_path[] = "zlsnap-fuzz-XXXXXX";
static int scratch = -1;
static struct stat canary_before[2];

static void canary_stat(struct stat status[2])
{
    EXPECT(fstatat(scratch, "canary", &status[0], AT_SYMLINK_NOFOLLOW) == 0);
    EXPECT(fstatat(scratch, "canary/file", &status[1], AT_SYMLINK_NOFOLLOW) == 0);
}

static void scratch_remove(void)
{
    if (fchdir(scratch) == 0 && chdir("..") == 0)
        (void)remove_tree(AT_FDCWD, scratch_path, scratch_path);
}

static void file_make(int parent, const char *name)
{
    int fd = openat(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    EXPECT(fd >= 0 && write(fd, name, strlen(name)) == (ssize_t)strlen(name) && close(fd) == 0);
}

static int directory_make(const char *name)
{
    EXPECT(mkdirat(scratch, name, 0755) == 0);
    int fd = openat(scratch, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    EXPECT(fd >= 0);
    return fd;
}

/* Makes a scratch directory below $TMPDIR, and changes to it. */
static void scratch_make(void)
{
    const char *temporary = getenv("TMPDIR");
    EXPECT(chdir(temporary ? temporary : "/tmp") == 0 && mkdtemp(scratch_path) != NULL);
    scratch = open(scratch_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    EXPECT(scratch >= 0 && fchdir(scratch) == 0);
    int canary = directory_make("canary");
    file_make(canary, "file");
    close(canary);
    canary_stat(canary_before);
    EXPECT(atexit(scratch_remove) == 0);
}

/* Makes entries for the hard links, whiteouts and entries of a merged layer. */
static void standing_fill(int onto)
{
    static const char *const directories[] = {"d", "dir", "dir/a"};
    static const char *const files[] = {"a", "f", "x", "d/f", "dir/f", "dir/a/f"};
    for (size_t i = 0; i < sizeof directories / sizeof directories[0]; i++)
        EXPECT(mkdirat(onto, directories[i], 0755) == 0);
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        file_make(onto, files[i]);
    EXPECT(symlinkat("dir", onto, "link") == 0 && symlinkat("../canary", onto, "out") == 0);
}

/* The operands PATH. The upper two bits of the choice tell how many. */
static char path_d[] = "d", path_link[] = "link", path_deep[] = "dir/a";
static char *const paths[] = {path_d, path_link, path_deep};

static void options_make(struct options *options, unsigned choice)
{
    static const char *const whiteouts[] = {"overlay", "apply", "keep", "raw"};
    char form[sizeof "--whiteouts=overlay"];
    const char *arguments[] = {"tarunpack",
                               "-q",
                               "--no-sync",
                               "--max-size=256K",
                               "--max-entries=300",
                               "--max-pax=64K",
                               choice & 4 ? "-j2" : "-j1",
                               form,
                               choice & 8 ? "--no-same-owner" : "--userxattr",
                               "--no-devices",
                               choice & 16 ? "--no-holes" : "--no-sync",
                               choice & 32 ? "--merge" : "--no-sync",
                               "tree",
                               NULL};
    snprintf(form, sizeof form, "--whiteouts=%s", whiteouts[choice & 32 ? 1 : choice % 4]);
    optind = 0; /* resets getopt_long(3) of glibc and musl */
    const int count = (int)(sizeof arguments / sizeof arguments[0]) - 1;
    enum status status = STATUS_OK;
    EXPECT(options_parse(options, count, (char **)arguments, "", &status));
    if (!(choice & 32))
        EXPECT(select_paths(&options->selection, paths, choice >> 6 & 3,
                            options->whiteouts < APPLY_KEEP) == STATUS_OK);
}

/* Standard input becomes the archive. */
static void input_set(const void *bytes, size_t length)
{
    int fd = memfd_create("archive", MFD_CLOEXEC);
    EXPECT(fd >= 0 && write(fd, bytes, length) == (ssize_t)length);
    EXPECT(lseek(fd, 0, SEEK_SET) == 0 && dup2(fd, STDIN_FILENO) == STDIN_FILENO);
    close(fd);
}

static void merge_try(int tree, int links)
{
    int onto = directory_make("onto");
    standing_fill(onto);
    const struct interrupted none = {0};
    struct merge_trees trees = {
        .layer = tree, .links = links, .onto = onto, .path = "onto", .interrupted = &none};
    if (merge_prepare(&trees) == STATUS_OK)
        (void)merge_apply(&trees);
    close(onto);
    EXPECT(remove_tree(scratch, "onto", "onto") == STATUS_OK);
}

/* Checks that the scratch directory contains only the canary, unchanged. */
static void scratch_check(void)
{
    struct stat now[2];
    unsigned names = 0;
    canary_stat(now);
    for (int i = 0; i < 2; i++) {
        struct stat *before = &canary_before[i];
        EXPECT(now[i].st_mode == before->st_mode && now[i].st_size == before->st_size &&
               now[i].st_nlink == before->st_nlink && now[i].st_uid == before->st_uid &&
               now[i].st_ctim.tv_sec == before->st_ctim.tv_sec &&
               now[i].st_ctim.tv_nsec == before->st_ctim.tv_nsec);
    }
    DIR *directory = opendir(".");
    EXPECT(directory);
    while (readdir(directory))
        names++;
    EXPECT(closedir(directory) == 0 && names == 3); /* with . and .. */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    bool chosen = size % TAR_BLOCK_SIZE == 1;
    struct options options;
    struct unpack_result result = {0};
    if (scratch < 0)
        scratch_make();
    options_make(&options, chosen ? data[size - 1] : 0);
    input_set(data, size - chosen);
    int tree = directory_make("tree"), links = memfd_create("links", MFD_CLOEXEC);
    struct unpack_output output = {.tree = fcntl(tree, F_DUPFD_CLOEXEC, 0),
                                   .links = links,
                                   .standing = {.mode = 0755},
                                   .result = &result};
    EXPECT(links >= 0 && output.tree >= 0);
    mode_t mask = umask(0);
    enum status status = unpack_run(&options, &output);
    EXPECT(status == STATUS_OK || status == STATUS_SYSTEM || status == STATUS_ARCHIVE);
    if (status == STATUS_OK && options.mode == TARGET_MERGE)
        merge_try(tree, links);
    umask(mask);
    options_free(&options);
    close(links);
    close(tree);
    EXPECT(remove_tree(scratch, "tree", "tree") == STATUS_OK);
    scratch_check();
    return 0;
}
