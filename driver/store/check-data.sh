# shellcheck shell=bash
#
# The part of zlsnap check that reads packs, and notes in the store which objects are damaged.

part core/pipe core/spool store/damage store/target

# About how many bytes of packs are fetched at a time.
check_batch=268435456

# How many packs of the name have been read.
check_packs_done=0

# Verifies the packs.
check_packs() {
    local object size bytes=0 batch=()
    check_packs_done=0
    awk -F '\t' -v OFS='\t' '
        FILENAME == ARGV[1] { sizes[$1] = $2; next }
        /^packs/ && !/index/ { print $1, sizes[$1] }' "$spool/listing" "$spool/whole" | sort -u >"$spool/packs.list"
    while IFS=$'\t' read -r object size; do
        if ((bytes && bytes + size > check_batch)); then
            check_packs_read "${batch[@]}"
            bytes=0 batch=()
        fi
        bytes=$((bytes + size + 1))
        batch+=("$object")
    done <"$spool/packs.list"
    ((bytes == 0)) || check_packs_read "${batch[@]}"
}

# check_packs_read OBJECT...
check_packs_read() {
    local object
    check_fetch "$@"
    for object; do
        check_packs_done=$((check_packs_done + 1))
        phase_say "$(reference_print "$reference"): reading pack $check_packs_done of $(wc -l <"$spool/packs.list")"
        [[ $check_at == "$spool" && ! -e $spool/$object ]] || check_pack "$object"
    done
    [[ $check_at != "$spool" ]] || rm -rf -- "${spool:?}/packs"
}

# check_pack OBJECT
check_pack() {
    local digest pack=${1:6:64}
    if ! digest=$({ sha256sum <"$check_at/$1"; } 2>&1); then
        found 1 "$1" "cannot be read: ${digest##*: }"
    elif [[ ${digest%% *} != "$pack" ]]; then
        found 4 "$1" 'is damaged: its digest is not its name'
    elif [[ -e $spool/known/$pack.index ]]; then
        check_pack_contents "$pack" && printf '%s\n' "$pack" >>"$spool/sound"
    fi
}

# check_pack_contents PACK: reads each content that the index promises.
check_pack_contents() {
    local status
    tail -n +2 -- "$spool/known/$1.index" | pack_read "$1" "$spool/known/$1.index" "$check_at/packs"
    status=$?
    case $status in
    0) return ;;
    3 | 4) found "$status" "packs/$1.zst" "is damaged: $(said_last "$spool/unread")" ;;
    *) die 1 "$(said_last "$spool/unread")" ;;
    esac
    return 1
}

# --------------------------------------------------------------------------- notes in the store

# Writes bad/HEX.json for each damaged pack and manifest, whose name is HEX, and removes it for those that are
# sound again. That the store cannot be written is a warning.
check_note() {
    local bad sound
    [[ ${option[read-data]-} && ! ${option[dry-run]-} ]] || return 0
    attempt mkdir -- "$spool/bad"
    check_notes
    mapfile -t sound < <(grep -F -f "$spool/sound" "$spool/listing" | grep -o '^bad/[0-9a-f]*[.]json')
    bad=("$spool/bad"/*.json)
    if ! (
        messages_join
        [[ ! -e ${bad[0]} ]] || target_put "$reference/bad" "${bad[@]}"
        ((${#sound[@]} == 0)) || target_delete "$reference" "${sound[@]}"
    ) >"$spool/said"; then
        warn "the damage cannot be noted in the store: $(said_last "$spool/said")"
    fi
    rm -rf -- "$spool/bad"
}

# Makes the files.
check_notes() {
    local object problem
    while IFS=$'\t' read -r _ object problem; do
        damage_is_known "$problem" || continue
        [[ $object =~ ^(packs|manifests)/([0-9a-f]{64}) ]] || continue
        ! grep -q "^bad/${BASH_REMATCH[2]}[.]json" "$spool/listing" || continue
        damage_file "$object" "$problem" >"$spool/note" || exit
    done <"$spool/damage"
}
