#include "archive/problem.h"

#include "diag.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

enum archive_event problem_malformed(struct problem *problem, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(problem->text, sizeof problem->text, format, arguments);
    va_end(arguments);
    return ARCHIVE_MALFORMED;
}

enum archive_event problem_limit(struct problem *problem, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(problem->text, sizeof problem->text, format, arguments);
    va_end(arguments);
    return ARCHIVE_LIMIT;
}

enum archive_event problem_system(struct problem *problem, enum status status)
{
    problem->failure = status;
    return status == STATUS_OK ? ARCHIVE_OK : ARCHIVE_FAILED;
}

enum archive_event problem_tar(struct problem *problem, enum tar_error error, const char *name,
                               uint64_t position)
{
    if (error == TAR_OK)
        return ARCHIVE_OK;
    if (error == TAR_NO_MEMORY)
        return problem_system(problem, diag_no_memory());
    if (name && *name)
        return problem_malformed(problem, "%s: %s", diag_name(name).text, tar_error_text(error));
    return problem_malformed(problem, "%s, in the header that ends at byte %" PRIu64,
                             tar_error_text(error), position);
}
