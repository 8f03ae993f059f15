# shellcheck shell=bash
#
# The spool.

part core/processes

# Where a spool is put that nothing is renamed from.
temporary_place() {
    local dir=${TMPDIR:-/tmp}
    printf '%s' "${dir%/}/"
}

# What is to be removed when the driver ends, whichever way: empty, or a directory of ours; and a
# descriptor of it, on which its lock is.
spool=
spool_fd=

# The file in it that is not removed, where anything is in it: a next run continues it.
spool_keep=

# What tells a spool from other directories of ours where others could have given it its name.
spool_mark=.zlsnap-spool

# Ends the driver where /proc is missing: a spool is held, and emptied, by its descriptor's name there.
proc_expect() {
    [[ -d /proc/self/fd ]] || die 1 '/proc is not mounted, which this command needs'
}

# spool_make PLACE NAME: makes the directory in which everything is written first, in PLACE (which ends
# in a slash), beside what is to be called NAME, so that a rename is all that is left to do; and locks
# it as long as we live, so that others can tell it from a dead one's.
spool_make() {
    local tries made
    proc_expect
    signals_take
    for ((tries = 0; tries < 5; tries++)); do
        spool_fd=
        # A signal must not come between making it and knowing its name.
        spool=$(
            trap '' TERM INT HUP QUIT
            made=$(mktemp -d -- "$1.${2:0:240}.zlsnap-XXXXXX" 2>&1) ||
                die 1 "$(printable "$1"): no directory can be made there: ${made##*: }"
            printf '%s' "$made"
        ) || exit
        # Where others may rename, what has its name by now may be anything of ours, which is not to
        # be emptied in the end.
        spool_hold "$spool" && spool_is_empty && spool_prepare && return
        # Whoever cleaned up took it for a dead run's before it was locked.
        spool=
    done
    die 1 "$(printable "$1"): a directory that was made there is replaced or removed by somebody"
}

# spool_resume PLACE NAME SUFFIX FILE: the same, but its name ends in SUFFIX, of six characters, each
# time, and FILE in it stays until it is complete.
spool_resume() {
    local name=$1.${2:0:240}.zlsnap-$3
    proc_expect
    signals_take
    [[ -d $name ]] || attempt mkdir -m 700 -- "$name"
    spool_hold "$name" || die 1 "$(printable "$name"): is in use by another run, or is not ours"
    [[ -f /proc/self/fd/$spool_fd/$spool_mark ]] || spool_is_empty ||
        die 1 "$(printable "$name"): is not what an interrupted run has left"
    spool=$name spool_keep=$4
    spool_prepare || die 1 "$(printable "$name"): cannot be written"
}

# spool_hold DIR: opens and locks what was made, or found.
spool_hold() {
    { exec {spool_fd}<"$1"; } 2>/dev/null || return
    flock -n "$spool_fd" 2>/dev/null
    [[ $? -ne 1 && -O $1 && ! -L $1 && $1 -ef /proc/self/fd/$spool_fd ]]
}

spool_is_empty() {
    [[ ! $(find "/proc/self/fd/$spool_fd/" -mindepth 1 -print -quit 2>&1) ]]
}

# Of a parent with a setgid bit or a default ACL it has more than it should.
spool_prepare() {
    attempt chmod -- u=rwx,g-s,go= "/proc/self/fd/$spool_fd/."
    { : >"/proc/self/fd/$spool_fd/$spool_mark"; } 2>/dev/null
}

# What is in it is removed through the descriptor, whatever has its name by now.
spool_remove() {
    [[ $spool ]] || return 0
    if [[ $spool_fd ]]; then
        # If not at once: a tree whose directories their owner may not write.
        (cd "/proc/self/fd/$spool_fd" && { spool_empty || { chmod -R u+rwX . && spool_empty; }; }) \
            2>/dev/null
    fi
    # Nothing but what is empty: it may be another one that has the name by now.
    rmdir -- "$spool" 2>/dev/null
    spool=
}

spool_empty() {
    if [[ $spool_keep && -s $spool_keep ]]; then
        find . -mindepth 1 -maxdepth 1 ! -name "$spool_keep" ! -name "$spool_mark" -exec rm -rf -- {} +
    else
        find . -mindepth 1 -maxdepth 1 -exec rm -rf -- {} +
    fi
}

# Prints what the pipe has left to be printed, the last thing a command does.
result_print() {
    local result
    result=$(<"$spool/result") || exit
    spool_remove
    print "$result"
}

# result_write DESCRIPTOR: leaves the digest for result_print().
result_write() {
    local digest
    read -r _ digest _ <<<"$1"
    printf '%s\n' "$digest" | store "$spool/result" || exit
}
