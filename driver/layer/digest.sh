# shellcheck shell=bash
#
# zlsnap digest: the SHA-256 of a directory's manifest.

part core/options layer/tree

usage_digest() {
    cat <<'END'
Usage: zlsnap digest [OPTION]... DIR
Print the digest of a directory: the SHA-256 of the manifest that tarpack --manifest
writes. It is the same for the same names, types, modes, owners, xattrs, links, sizes,
contents and whiteouts, on every file system; modification times do not count.

      --cache=FILE      remember digests in FILE, and read only what changed since it was
                        written

For tarpack:
      --whiteouts=oci|raw, --exclude=GLOB, -X, --exclude-from=FILE,
      -x, --one-file-system, --owner=UID, --group=GID, --uid-map=IN:OUT:N,
      --gid-map=IN:OUT:N, --xattrs-include=GLOB, --xattrs-exclude=GLOB, --no-xattrs,
      --live, -j, --jobs=N, -v, --verbose
END
}

command_digest() {
    options_read "+cache: $tarpack_options" "$@"
    operands_expect DIR
    excludes_check
    programs_find tarpack shasum-tee
    run digest_pipe "${operands[0]}"
}
