# shellcheck shell=bash
#
# A sync reads back a share of the contents that it builds on, each time others: so damage in a pack, or an index that
# promises what its pack does not have, is found while the directory still has the contents. A damaged pack is noted as
# check does, and the sync stores again what the directory has of it.

part store/damage store/known store/target

# About how many bytes of contents are read back. A pack of at most 64 MiB has to be fetched for it unless the store is a
# local directory: then only every so many snapshots.
readback_bytes=2097152
readback_fetch_every=16

# Whether this sync has still to read contents back.
readback_wanted=yes

# Reads back contents of one of the packs that the last snapshot uses. If the pack is damaged it is noted in the store,
# and the subshell exits with send_again.
readback() {
    local at pack offset status problem words
    target_place at "$reference/packs"
    [[ $at ]] || ((number % readback_fetch_every == 0)) || return 0
    read -r pack offset < <(readback_choose)
    [[ $pack ]] || return 0
    if [[ ! $at ]]; then
        at=$spool/readback
        attempt mkdir -p -- "$at"
        readback_fetch
    fi
    # The listing before the document will say that it is missing.
    [[ -e $at/$pack.zst ]] || return 0
    readback_lines "$pack" "$offset" | pack_read "$pack" "$state/known/$pack.index" "$at"
    status=$?
    rm -rf -- "$spool/readback"
    ((status)) || return 0
    # If it is the index in the state that is damaged, packs_find() says so.
    words=$(sha256sum <"$state/known/$pack.index")
    grep -q "^$pack sha256:${words:0:64} " "$spool/known" || return 0
    words=$(said_last "$spool/unread")
    problem="is damaged: ${words##*: }"
    ((status == 3 || status == 4)) || problem="cannot be read: ${words##*: }"
    readback_failed "packs/$pack.zst" "$problem"
}

# Fetches the pack. If it is sealed and damaged, it may be the command of --open that says so.
readback_fetch() {
    local said
    said=$(messages_join && target_get "$reference/packs" "$at" "$pack.zst") && return
    [[ $said != *'the command of --open '@(failed|was killed)* ]] ||
        readback_failed "packs/$pack.zst" 'is damaged: the command of --open fails'
    die 1 "${said#zlsnap: }"
}

# Prints a pack whose index is known, and a place in its contents, by chance: each as often as it has contents.
readback_choose() {
    (cd -- "$state/known" && printf '%s\n' *.index) | chance=$((RANDOM << 15 | RANDOM)) most=$readback_bytes awk '
        FILENAME == "-" { there[substr($1, 1, 64)]; next }
        $6 && $1 in there { size[++packs] = $5; name[packs] = $1; sum += $5 }
        END {
            place = int(sum * ENVIRON["chance"] / 2 ^ 30)
            for (i = 1; i <= packs && place >= size[i]; i++)
                place -= size[i]
            if (i > packs)
                exit
            last = size[i] - ENVIRON["most"]
            if (place > last)
                place = last < 0 ? 0 : last
            print name[i], place
        }' - "$spool/known"
}

# readback_lines PACK OFFSET: prints the lines of its index from this place on.
readback_lines() {
    offset=$2 most=$readback_bytes awk '
        NR > 1 && $2 + $3 > ENVIRON["offset"] && $2 < ENVIRON["offset"] + ENVIRON["most"]' "$state/known/$1.index"
}

# readback_failed OBJECT PROBLEM
readback_failed() {
    local note
    damage_is_known "$2" || { warn "$(target_name "$reference/$1"): $2" && return; }
    warn "$(target_name "$reference/$1"): $2; what the directory still has of it is stored again; \
zlsnap check --read-data finds more damage"
    attempt mkdir -p -- "$spool/bad"
    note=$(damage_file "$1" "$2") || exit
    target_move "$reference/bad" "$note"
    exit "$send_again"
}
