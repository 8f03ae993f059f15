# shellcheck shell=bash
#
# Damage in a store: contents of a pack are read back, and what is damaged is noted in the store, so that later syncs
# do not build on it.

part core/json core/spool store/target

# pack_read PACK INDEX DIR: verifies contents of the pack in DIR, those whose lines of its INDEX are on standard input,
# with a manifest in which each content is a file. Their names are their places, so that the pack is read in its order.
# Returns the status of tarjoin, which says why in "unread".
pack_read() {
    local statuses
    rm -rf -- "${spool:?}/read"
    attempt mkdir -- "$spool/read"
    attempt ln -t "$spool/read" -- "$2"
    sort -k 2,2 | awk '
        BEGIN { print "#mtree\n. type=dir mode=0755 uid=0 gid=0 time=0.000000000" }
        { printf "./%s type=file mode=0644 uid=0 gid=0 size=%d sha256digest=%s time=0.000000000\n", $2, $3, $1 }' |
        "$tarjoin" --indexes="$spool/read" --packs="$3" 2>"$spool/unread" >/dev/null
    statuses=("${PIPESTATUS[@]}")
    return "${statuses[2]}"
}

# damage_file OBJECT PROBLEM: makes the note about a damaged pack or manifest, bad/HEX.json in the spool; prints its
# path. HEX is the digest in the name of the object.
damage_file() {
    local hex=${1#*/}
    hex=${hex:0:64}
    jq -nc --arg name "$reference" --arg time "$(date -u +%Y-%m-%dT%H:%M:%SZ)" --arg object "$1" --arg hex "$hex" \
        --arg problem "$2" '{schema_version: 1, name: $name, time: $time, object: $object, problem: $problem}
            + if $object | startswith("packs/") then {pack: $hex} else {} end' >"$spool/bad/$hex.json" ||
        die 1 'the notes about damage cannot be written by jq'
    printf '%s' "$spool/bad/$hex.json"
}

# damage_is_known PROBLEM: whether an object that has this problem is damaged. What could not be read may be readable
# for another user, unless the disk is damaged.
damage_is_known() {
    [[ $1 != 'cannot be read: '* || $1 == *'Input/output error' ]]
}

# said_last FILE: prints what a program said last, without its name.
said_last() {
    local said
    said=$(tail -n 1 -- "$1" | tr -d '\t')
    printf '%s' "${said#*: }"
}
