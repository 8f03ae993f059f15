# shellcheck shell=bash
#
# Looking at a snapshot: only its document and its manifest are read, no pack.

part core/options core/spool store/join

# The entries to show, set by view_read(); all if there is none.
view_paths=()

# Reads the operands SERVICE/INSTANCE[@ID|@TIME] STORE [PATH]...
view_read() {
    # Two layers, for instance.
    [[ ! -f ${operands[1]} ]] || usage_error "extra operand '$(printable "${operands[1]}")'"
    [[ ! ${passed[*]} ]] || usage_error "a snapshot does not have the option '${passed[0]%%=*}'"
    options_refuse 'a snapshot' no-verify
    view_paths=("${operands[@]:2}")
    reference_read_which "${operands[0]}"
    target_open "${operands[1]}"
    snapshot_expect_check
    programs_expect zstd jq awk sha256sum
    programs_find tarunpack mtreediff
}

# view_run FUNCTION ARGUMENT...: runs a function as a job, with a spool.
view_run() {
    local status
    spool_make "$(temporary_place)" "zlsnap-$command"
    run "$@"
    status=$?
    spool_remove
    return "$status"
}

# Writes the manifest of the snapshot to the spool.
view_open() {
    snapshot_find
    snapshot_manifest manifest "$spool/manifest"
}

# view_list ARGUMENT...: prints the entries by tarunpack --list with these arguments.
view_list() {
    stage_from "$spool/manifest" stage "$tarunpack" ${option[quiet]+-q} --list --from-manifest "$@" -- "${view_paths[@]}"
}

# view_entries ARGUMENT...: the command, zlsnap list or mtree.
view_entries() {
    view_read
    view_run view_print "$@"
}

view_print() {
    local status
    view_open
    (view_list "$@")
    status=$?
    ((status != 141)) || return 141 # the reader closed the pipe
    verdict "$status" tarunpack
}
