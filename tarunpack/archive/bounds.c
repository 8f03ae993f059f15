#include "archive/bounds.h"

#include "diag.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

/* Every entry copies the global headers. Writers use them for a comment or an owner. */
#define GLOBAL_MAX 65536

/* Generous: an ACL or label takes about 100 bytes, and few directories have one. */
#define KEPT_MAX (UINT64_C(64) << 20)

void bounds_start(struct bounds *bounds, const struct archive_limits *limits)
{
    *bounds = (struct bounds){.limits = *limits};
}

enum archive_event bounds_header(struct bounds *bounds, uint64_t size, struct problem *problem)
{
    if (size > bounds->limits.pax - bounds->header)
        return problem_limit(problem,
                             "the extended headers of an entry are longer than %" PRIu64
                             " bytes (--max-pax)",
                             bounds->limits.pax);
    bounds->header += size;
    return ARCHIVE_OK;
}

enum archive_event bounds_global(struct bounds *bounds, uint64_t size, struct problem *problem)
{
    if (size > GLOBAL_MAX - bounds->global)
        return problem_limit(problem, "the global headers have more than %d bytes in total",
                             GLOBAL_MAX);
    bounds->global += size;
    return ARCHIVE_OK;
}

enum archive_event bounds_tree(const struct bounds *bounds, uint64_t implied, uint64_t kept,
                               struct problem *problem)
{
    if (kept > KEPT_MAX)
        return problem_limit(
            problem,
            "the ACLs and labels of all directories, and the paths of devices that are left out, "
            "have more than %" PRIu64 " bytes",
            KEPT_MAX);
    if (bounds->entries + implied > bounds->limits.entries)
        return problem_limit(problem,
                             "the archive has more than %" PRIu64 " entries (--max-entries)",
                             bounds->limits.entries);
    return ARCHIVE_OK;
}

/* The depth is limited because Landlock makes the kernel walk from every entry up to the root. */
static bool is_too_deep(const char *path, uint64_t limit)
{
    uint64_t depth = 0;
    for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/'))
        depth++;
    return depth > limit;
}

static enum archive_event path_check(const struct archive_limits *limits,
                                     const struct tar_entry *entry, struct problem *problem)
{
    if (strlen(entry->path) > limits->path || (entry->link && strlen(entry->link) > limits->path))
        return problem_limit(problem, "%s: the path is longer than %" PRIu64 " bytes (--max-path)",
                             diag_name(entry->path).text, limits->path);
    if (is_too_deep(entry->path, limits->depth))
        return problem_limit(problem, "%s: deeper than %" PRIu64 " directories (--max-depth)",
                             diag_name(entry->path).text, limits->depth);
    return ARCHIVE_OK;
}

static enum archive_event xattrs_check(const struct archive_limits *limits,
                                       const struct tar_entry *entry, struct problem *problem)
{
    for (size_t i = 0; i < entry->xattrs.count; i++) {
        struct xattr xattr = xattrs_get(&entry->xattrs, i);
        if (xattr.length > limits->xattr)
            return problem_limit(
                problem, "%s: the attribute %s is longer than %" PRIu64 " bytes (--max-xattr)",
                diag_name(entry->path).text, diag_name(xattr.name).text, limits->xattr);
    }
    return ARCHIVE_OK;
}

enum archive_event bounds_entry(struct bounds *bounds, const struct tar_entry *entry,
                                struct problem *problem)
{
    const struct archive_limits *limits = &bounds->limits;
    bounds->header = 0;
    bounds->entries++;
    enum archive_event event = bounds_tree(bounds, 0, 0, problem);
    if (event == ARCHIVE_OK)
        event = path_check(limits, entry, problem);
    if (event != ARCHIVE_OK)
        return event;
    if (entry->size > limits->tree_size - bounds->tree_size)
        return problem_limit(problem,
                             "%s: the files have more than %" PRIu64 " bytes in total (--max-size)",
                             diag_name(entry->path).text, limits->tree_size);
    bounds->tree_size += entry->size;
    return xattrs_check(limits, entry, problem);
}
