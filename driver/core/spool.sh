# shellcheck shell=bash
#
# The spool: a private, locked directory in which a command writes its files before it renames them.

part core/processes

# The spool's path, empty if there is none, and a descriptor of it, which holds the lock. The spool is
# removed when the driver ends.
spool=
spool_fd=

# A file in the spool that is kept if it is not empty: the next run resumes from it.
spool_keep=

# What to do if nothing can be written to the spool.
spool_advice='free space there'

# A file that marks a directory as a spool, where others could have created one of the same name.
spool_mark=.zlsnap-spool

# Prints the directory for a spool whose files are not renamed to another place.
temporary_place() {
    local dir=${TMPDIR:-/tmp}
    printf '%s' "${dir%/}/"
}

# Ends the driver if /proc is missing: a spool is emptied by its descriptor's name there.
proc_expect() {
    [[ -d /proc/self/fd ]] || die 1 '/proc is not mounted, which this command needs'
}

# spool_make PLACE NAME: makes and locks the spool. PLACE, which ends in a slash, is the directory where
# NAME will be, so that publishing is a rename. The lock tells other runs that the spool is in use.
spool_make() {
    local tries problem
    proc_expect
    signals_take
    at_end=spool_remove
    for ((tries = 0; tries < 5; tries++)); do
        spool_fd=
        # No signal between creating it and knowing its name.
        spool=$(trap '' TERM INT HUP QUIT && exec mktemp -d -- "$1.${2:0:240}.zlsnap-XXXXXX" 2>&1) || {
            problem=${spool##*: } spool=
            die 1 "$(printable "$1"): no directory can be made there: $problem"
        }
        # In a shared directory another process may have replaced it: a directory that is not empty, or
        # not ours, is never emptied.
        spool_hold "$spool" && spool_is_empty && spool_prepare && return
        # A cleaner removed it before it was locked; if it is still there, it could not be opened.
        [[ $spool_fd ]] || ! rmdir -- "$spool" 2>/dev/null || die 1 \
            "$(printable "$1"): the directory made there cannot be opened: too many open files?"
        spool=
    done
    die 1 "$(printable "$1"): the directory made there was replaced or removed by another process"
}

# spool_resume PLACE NAME SUFFIX FILE: like spool_make(), but always with the same SUFFIX, of six
# characters, and FILE in the spool is kept until it is complete.
spool_resume() {
    local name=$1.${2:0:240}.zlsnap-$3
    proc_expect
    signals_take
    at_end=spool_remove
    [[ -d $name ]] || attempt mkdir -m 700 -- "$name"
    spool_hold "$name" || die 1 "$(printable "$name"): in use by another run, or owned by another user"
    [[ -f /proc/self/fd/$spool_fd/$spool_mark ]] || spool_is_empty ||
        die 1 "$(printable "$name"): not the directory of an interrupted run"
    spool=$name spool_keep=$4
    spool_prepare || die 1 "$(printable "$name"): cannot be written"
}

# spool_hold DIR: opens and locks the directory; fails unless it is ours and still has this name.
spool_hold() {
    { exec {spool_fd}<"$1"; } 2>/dev/null || return
    flock -n "$spool_fd" 2>/dev/null
    [[ $? -ne 1 && -O $1 && ! -L $1 && $1 -ef /proc/self/fd/$spool_fd ]]
}

spool_is_empty() {
    local file
    [[ -r /proc/self/fd/$spool_fd/. ]] || return
    for file in "/proc/self/fd/$spool_fd"/{*,.[!.]*,..?*}; do
        [[ ! -e $file && ! -L $file ]] || return
    done
}

# A parent with a setgid bit gives it to the directory.
spool_prepare() {
    [[ ! -g /proc/self/fd/$spool_fd/. ]] || attempt chmod -- g-s "/proc/self/fd/$spool_fd/."
    { : >"/proc/self/fd/$spool_fd/$spool_mark"; } 2>/dev/null
}

# The spool is emptied through its descriptor: another directory may have its name by now.
spool_remove() {
    [[ $spool ]] || return 0
    if [[ $spool_fd ]]; then
        # The second try is for directories that their owner may not write.
        spool_empty || { chmod -R u+rwX "/proc/self/fd/$spool_fd/." && spool_empty; }
    fi 2>/dev/null
    rmdir -- "$spool" 2>/dev/null
    spool=
}

spool_empty() {
    local file files=()
    for file in "/proc/self/fd/$spool_fd"/{*,.[!.]*,..?*}; do
        [[ $spool_keep && -s $spool/$spool_keep && ${file##*/} == @("$spool_keep"|"$spool_mark") ]] || files+=("$file")
    done
    rm -rf -- "${files[@]}"
}

# spool_empty_files NAME...: makes empty files in the spool.
spool_empty_files() {
    local name
    for name; do
        : >"$spool/$name" || spool_failed 'the spool cannot be written'
    done
}

# spool_failed PROBLEM: ends the driver after a program failed that writes to the spool: with the reason if it is that
# nothing can be written there, else with PROBLEM.
spool_failed() {
    spool_check
    die 1 "$1"
}

# Ends the driver if nothing can be written to the spool.
spool_check() {
    local output
    output=$({ head -c 65536 /dev/zero >"$spool/probe"; } 2>&1) && return
    output=${output%%$'\n'*}
    die 1 "$(printable "$spool"): ${output##*: }; $spool_advice"
}

# result_write DESCRIPTOR: stores the digest of a manifest as the result of the command.
result_write() {
    local digest
    read -r _ digest _ <<<"$1"
    printf '%s\n' "$digest" | store "$spool/result" || exit
}

# Prints the result, the last step of a command.
result_print() {
    local result
    result=$(<"$spool/result") || exit
    spool_remove
    print "$result"
}
