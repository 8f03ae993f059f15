# Decides which snapshots are kept. Reads a line for each snapshot, with tabs, the newest first:
#
#   KEY HOST DIRECTORY HOUR WEEK      HOUR is 2026-11-29T11, WEEK is 2026-W48, both in local time
#
# Prints a line for each: KEY REASONS. Without a reason the snapshot is to be forgotten. The environment has the
# limits, keep_last and so on, and newest, the key of a snapshot that is kept in any case.

BEGIN {
    FS = OFS = "\t"
    rules = split("last hourly daily weekly monthly yearly", rule, " ")
    for (i = 1; i <= rules; i++)
        limit[i] = ENVIRON["keep_" rule[i]] + 0
}

# A rule keeps the first snapshot, which is the newest, of each period, in each group of host and directory.
{
    group = $2 FS $3
    period[1] = NR
    period[2] = $4
    period[3] = substr($4, 1, 10)
    period[4] = $5
    period[5] = substr($4, 1, 7)
    period[6] = substr($4, 1, 4)
    reasons = ""
    for (i = 1; i <= rules; i++)
        if (count[group, i] < limit[i] && !((group, i, period[i]) in seen)) {
            seen[group, i, period[i]]
            count[group, i]++
            reasons = reasons (reasons ? ", " : "") rule[i]
        }
    if (reasons == "" && $1 == ENVIRON["newest"])
        reasons = "newest"
    print $1, reasons
}
