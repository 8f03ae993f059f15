# shellcheck shell=bash
#
# zlsnap digest: prints the tree digest of a directory.

part core/options layer/tree

usage_digest() {
    cat <<'END'
Usage: zlsnap digest [OPTION]... DIR
Print the tree digest of a directory: the SHA-256 of the manifest that tarpack --manifest
prints. It covers names, types, modes, owners, xattrs, links, sizes, contents and
whiteouts, but not modification times, and is the same on every file system.

      --time            cover modification times, too: the tree digest of a snapshot
      --cache=FILE      store digests of files in FILE, and read only the files that have
                        changed since
END
    usage_tarpack_content
}

command_digest() {
    options_read "time +cache: $tarpack_options" "$@"
    operands_expect DIR
    excludes_check
    programs_find tarpack shasum-tee
    run digest_pipe "${operands[0]}"
}
