#include "job.h"

#include "diag.h"

#include <sys/mman.h>

enum status job_start(struct job *job, const struct options *options)
{
    const int access = PROT_READ | PROT_WRITE, kind = MAP_SHARED | MAP_ANONYMOUS;
    *job = (struct job){.options = options};
    enum status status = STATUS_OK;
    if (options->summary)
        status = outfile_open(&job->summary, options->summary, "--summary", false);
    if (status != STATUS_OK) {
        outfile_close(&job->summary);
        return status;
    }
    job->result = mmap(NULL, sizeof *job->result, access, kind, -1, 0);
    if (job->result == MAP_FAILED) {
        diag_errno("cannot allocate shared memory");
        outfile_close(&job->summary);
        return STATUS_SYSTEM;
    }
    child_signals_hold(&job->signals);
    return STATUS_OK;
}

enum status job_end(struct job *job, enum status status)
{
    if (status == STATUS_OK && job->options->summary)
        status = tally_write(&job->result->tally, &job->summary);
    outfile_close(&job->summary);
    (void)munmap(job->result, sizeof *job->result);
    child_signals_release(&job->signals);
    return status;
}
