# shellcheck shell=bash
#
# zlsnap restore: a snapshot out of a store becomes a directory.
#
#   manifest, chunk map, indexes | tarjoin | [shasum-tee --progress |] tarunpack

part core/options core/progress store/join

usage_restore() {
    cat <<'END'
Usage: zlsnap restore [OPTION]... SERVICE/INSTANCE[@ID|@TIME] STORE DIR [PATH]...
Restore a snapshot, the last one or the one with this ID or not after this time, to the
directory DIR, which must be absent or empty, unless --replace or --merge is given. TIME
is YYYY-MM-DD[THH:MM[:SS][Z|+HH:MM]], local without a zone; a day or a minute means its
end. With PATH, restore only these entries, everything below them and the directories
above them; then --merge adds them to what is in DIR, and --replace is refused. DIR is
not changed unless all contents have their digests.

  -e, --expect=DIGEST          expect this tree digest of the snapshot
END
    usage_signature
    usage_target_read
    cat <<'END'

For tarunpack:
      --replace, --merge, --whiteouts=overlay|apply|keep|raw, --userxattr, --same-owner,
      --no-same-owner, --uid-map=IN:OUT:N, --gid-map=IN:OUT:N, --strict, --no-devices,
      --xattrs-include=GLOB, --no-xattrs, --no-holes, --no-sync, --summary=FILE,
      -j, --jobs=N, -v, --verbose, --max-stream=N, --max-size=N, --max-entries=N,
      --max-path=N, --max-depth=N, --max-pax=N, --max-xattr=N
END
    usage_progress
}

command_restore() {
    options_read "expect: $signature_options $target_read_options $progress_option $tarunpack_options" "$@"
    local dir paths=()
    ((${#operands[@]} <= 3)) || paths=("${operands[@]:3}")
    operands=("${operands[@]:0:3}")
    operands_expect SERVICE/INSTANCE STORE DIR
    dir=${operands[2]}
    reference_read_which "${operands[0]}"
    target_open "${operands[1]}"
    progress_read
    snapshot_expect_check
    ((${#paths[@]} == 0)) || restore_paths_check "$dir" "${paths[@]}"
    programs_expect zstd jq sha256sum
    programs_find tarunpack tarjoin mtreediff
    [[ ! $drawn ]] || programs_find shasum-tee
    spool_make "$(temporary_place)" zlsnap-restore
    run restore_all "$dir" "${paths[@]}" || exit
    spool_remove
}

# restore_paths_check DIR PATH...: with PATHs, a directory is never replaced: it would lose everything else.
restore_paths_check() {
    local merge='' path
    for path in "${@:2}"; do
        # As tarjoin would say in the middle of a pipe.
        [[ $path && /$path/ != */../* && ! $path =~ [^/]{256} ]] ||
            usage_error "'$(printable "$path")': no entry of a snapshot can have this path"
    done
    [[ " ${passed[*]} " != *' --replace '* ]] ||
        usage_error '--replace would remove everything but PATH; use --merge, or a new directory'
    [[ " ${passed[*]} " != *' --merge '* ]] || merge=yes
    [[ $merge || ! -d $1 || ! $(find "$1/" -mindepth 1 -print -quit 2>&1) ]] ||
        die 1 "$(printable "$1"): is not empty (--merge adds PATH to it)"
}

# restore_all DIR PATH...
restore_all() {
    local status
    snapshot_open
    join_prepare "${@:2}"
    restore_pipe "$1" || {
        status=$?
        join_elsewhere || return "$status"
        warn "$(reference_print "$reference"): once more, with all packs of the name"
        restore_pipe "$1"
    }
}

# restore_pipe DIR
restore_pipe() {
    local statuses names=(tarjoin shasum-tee tarunpack)
    : >"$spool/after"
    if [[ $drawn ]]; then
        progress_expect "${snapshot[size]}"
        stage_from "$spool/manifest" join_stage | stage "$shasum_tee" "${progress[@]}" -o /dev/null | restore_stage "$1"
        statuses=${PIPESTATUS[*]}
    else
        names=(tarjoin tarunpack)
        stage_from "$spool/manifest" join_stage | restore_stage "$1"
        statuses=${PIPESTATUS[*]}
    fi
    join_status=${statuses%% *}
    after_tell "$statuses"
    verdict "$statuses" "${names[@]}" || return
    summary_say "$1" "${snapshot[entries]}" "${snapshot[size]}" '' "${snapshot[tree]}"
}

# restore_stage DIR: a stage that unpacks the tar.
restore_stage() {
    local last=stage_after
    # Names are printed at once.
    [[ " ${passed[*]} " != *' --verbose '* ]] || last=stage
    "$last" "$tarunpack" ${option[quiet]+-q} "${passed[@]}" -- "$1"
}
