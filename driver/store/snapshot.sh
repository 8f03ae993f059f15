# shellcheck shell=bash
#
# One snapshot of a name: which one is meant, and its manifest and chunk map.

part store/decompress store/documents store/name

# The snapshot, set by snapshot_choose() and snapshot_read(): the fields of its line in the table, by name.
declare -gA snapshot=()

# snapshot_choose: reads the snapshot that `reference_which` means; ends the driver if there is none.
snapshot_choose() {
    local key
    snapshot_resolve
    if [[ ! $reference_which ]]; then
        snapshot_warn
        key=$(tail -n 1 -- "$spool/complete")
        [[ $key ]] || snapshot_missing 'has no complete snapshot'
    else
        key=$(grep -- "Z-${reference_which}[0-9a-f]*[.]json\$" "$spool/complete") || key=$(snapshot_broken)
        [[ $key ]] || snapshot_missing "has no complete snapshot $reference_which"
        [[ $key != *$'\n'* ]] || die 1 "$(reference_print "$reference")@$reference_which: several snapshots begin so"
    fi
    snapshot_read "$key"
}

# snapshot_resolve: if `reference_which` is a time, makes it the ID of the snapshot that it means; ends the driver if
# there is none.
snapshot_resolve() {
    local key
    [[ ! $reference_which =~ ^[0-9a-f]{0,12}$ ]] || return 0
    key=$(snapshot_before "$reference_which") || exit
    [[ $key ]] || snapshot_missing "has no complete snapshot of $(printable "$reference_which") or before"
    reference_which=${key: -17:12}
}

# Prints the keys of broken snapshots of the ID that is meant, with a warning: other packs may have what is
# missing.
snapshot_broken() {
    local key problem
    which="Z-${reference_which}[0-9a-f]*[.]json\$" awk -F '\t' -v OFS='\t' '
        FILENAME == ARGV[1] { if ($2 == "snapshot") snapshots[$1]; next }
        $1 in snapshots && $1 ~ ENVIRON["which"]' "$spool/table" "$spool/broken" >"$spool/meant"
    while IFS=$'\t' read -r key problem; do
        warn "$(reference_print "$reference"): $key is broken: $problem"
        printf '%s\n' "$key"
    done <"$spool/meant"
}

# What a TIME may be: a day, or a time of a day, with a zone or in local time.
snapshot_time_form='^([0-9]{4}-[0-9]{2}-[0-9]{2})([T ]([0-9]{2}:[0-9]{2})(:[0-9]{2})?(Z|[+-][0-9]{2}:[0-9]{2})?)?$'

# snapshot_before TIME: prints the key of the last snapshot that is not after the time; of a day or a minute,
# not after its end.
snapshot_before() {
    local day clock second zone time=''
    if [[ $1 =~ $snapshot_time_form ]]; then
        day=${BASH_REMATCH[1]} clock=${BASH_REMATCH[3]} second=${BASH_REMATCH[4]} zone=${BASH_REMATCH[5]}
        time=$(date -d "$day ${clock:-00:00}${second:-:00}$zone" +%s 2>/dev/null)
    fi
    [[ $time ]] || usage_error \
        "'$(printable "$1")' is neither the ID of a snapshot nor a time, such as 2026-11-29 or 2026-11-29T12:00:00Z"
    ((time <= EPOCHSECONDS)) || usage_error "the time '$(printable "$1")' is in the future"
    time=$(date -d "$day ${clock:-23:59}${second:-:59}$zone" +%s)
    time=$(date -u -d "@$time" +%Y%m%dT%H%M%SZ)
    time=$time awk '{ split($0, part, "-") } part[2] <= ENVIRON["time"]' "$spool/complete" | tail -n 1
}

# Warns if a snapshot after the last complete one is broken.
snapshot_warn() {
    local last broken
    last=$(tail -n 1 -- "$spool/complete")
    [[ $last ]] || return 0
    while IFS=$'\t' read -r broken problem; do
        [[ ! $broken > $last || $broken != snapshots/* ]] ||
            warn "$(reference_print "$reference"): $broken is broken: $problem"
    done <"$spool/broken"
}

# snapshot_missing PROBLEM
snapshot_missing() {
    local problem
    [[ -s $spool/complete || -s $spool/broken ]] ||
        die 1 "$(reference_print "$reference"): $(target_name '') has no such name; zlsnap snapshots lists the names"
    problem=$(grep '^snapshots/' -- "$spool/broken" | tail -n 1)
    [[ ! $problem || -s $spool/complete ]] ||
        die 1 "$(reference_print "$reference"): $1: ${problem%%$'\t'*} is broken: ${problem#*$'\t'}"
    die 1 "$(reference_print "$reference"): $1; zlsnap snapshots lists the snapshots"
}

# snapshot_read KEY: sets `snapshot`; KEY may be empty.
snapshot_read() {
    snapshot_write "$1"
    snapshot_take
}

# snapshot_write KEY: writes the line of the snapshot to "snapshot" in the spool; nothing if KEY is empty.
snapshot_write() {
    key=$1 awk -F '\t' -v OFS='\t' '
        $1 == ENVIRON["key"] && $2 == "snapshot" { line = $0 }
        $1 == ENVIRON["key"] && $2 == "signed" { signed = "yes" }
        END { if (line != "") print line, signed }' "$spool/table" >"$spool/snapshot" || spool_failed 'the documents cannot be read: awk failed'
}

# Sets `snapshot` to what snapshot_write() has written.
snapshot_take() {
    IFS=$'\t' read -r "snapshot[key]" _ "snapshot[sequence]" "snapshot[time]" "snapshot[id]" "snapshot[host]" \
        "snapshot[directory]" "snapshot[tree]" "snapshot[chunks]" "snapshot[entries]" "snapshot[size]" "snapshot[added]" \
        "snapshot[options]" "snapshot[signed]" <"$spool/snapshot" || snapshot[options]='[]'
}

# snapshot_lines KIND NUMBER...: prints the lines of this kind of the snapshot: these fields, with spaces between.
# The first field behind KEY and KIND is number 1.
snapshot_lines() {
    key=${snapshot[key]} kind=$1 numbers=${*:2} awk -F '\t' '
        BEGIN { count = split(ENVIRON["numbers"], number, " ") }
        $1 == ENVIRON["key"] && $2 == ENVIRON["kind"] {
            for (i = 1; i <= count; i++)
                printf "%s%s", $(number[i] + 2), i < count ? " " : "\n"
        }' "$spool/table"
}

# snapshot_manifest KIND FILE: writes the manifest (KIND is "manifest") or the chunk map ("chunks") of the
# snapshot to the file, out of the objects of the store, and verifies its digest. The file is empty if the
# snapshot has no chunk map.
snapshot_manifest() {
    local digest=${snapshot[tree]} objects
    [[ $1 == manifest ]] || digest=${snapshot[chunks]}
    : >"$2" || spool_failed 'the spool cannot be written'
    [[ $digest != - ]] || return 0
    mapfile -t objects < <(snapshot_lines "$1" 1)
    attempt mkdir -p -- "$spool/manifests"
    target_get "$reference" "$spool/manifests" "${objects[@]}"
    manifest_objects_check "${objects[@]}"
    manifest_build "$2" "${objects[@]/#/"$spool/"}" ||
        die 3 "$(target_name "$reference/${snapshot[key]}"): its ${1/chunks/chunk map} cannot be rebuilt: $(said_last "$spool/said")"
    manifest_check "$2" "$digest" || die 4 "$(target_name "$reference/${snapshot[key]}"): its $1 has not the digest that \
the document says"
}

# manifest_objects_check OBJECT...: ends the driver unless the objects were fetched and have their digests as names.
manifest_objects_check() {
    local object wrong
    for object; do
        [[ -e $spool/$object ]] || die 1 "$(target_name "$reference/$object"): is missing"
    done
    wrong=$(cd -- "$spool" && for object; do
        printf '%s  %s\n' "${object:10:64}" "$object"
    done | sha256sum -c --quiet 2>/dev/null) && return
    object=${wrong%%:*}
    [[ $wrong == *': FAILED'* && $wrong != *': FAILED open or read'* ]] || die 1 "$(target_name "$reference/$object"): cannot be read"
    die 4 "$(target_name "$reference/$object"): is damaged: its digest is not its name"
}

# manifest_check FILE DIGEST: whether the file has this digest.
manifest_check() {
    local digest
    digest=$(sha256sum <"$1") || die 1 "$1: cannot be read"
    [[ sha256:${digest%% *} == "$2" ]]
}

# indexes_fetch FILE DIR: FILE has lines PACK INDEX_DIGEST. Fetches their indexes to DIR, decompresses and
# verifies them. A missing one, or one that is damaged, is left out, with a warning.
indexes_fetch() {
    local pack digest wrong names=() right=()
    while read -r pack _; do
        names+=("packs/$pack.index.zst")
    done <"$1"
    ((${#names[@]})) || return 0
    attempt mkdir -p -- "$spool/indexes"
    target_get "$reference" "$spool/indexes" "${names[@]}"
    while read -r pack digest _; do
        if [[ ! -e $spool/indexes/$pack.index.zst ]]; then
            warn "$(target_name "$reference/packs/$pack.index.zst"): is missing"
        elif index_unpack "$spool/indexes/$pack.index.zst" "$spool/indexes/$pack.index"; then
            printf '%s  %s.index\n' "${digest#sha256:}" "$pack"
        else
            warn "$(target_name "$reference/packs/$pack.index.zst"): is damaged"
        fi
    done <"$1" >"$spool/indexes.sums" || spool_failed 'the spool cannot be written'
    wrong=$(cd -- "$spool/indexes" && exec sha256sum -c --quiet -- ../indexes.sums 2>/dev/null) ||
        [[ $wrong || ! -s $spool/indexes.sums ]] || die 1 'sha256sum failed'
    while read -r digest pack; do
        if [[ $wrong != *"$pack: FAILED"* ]]; then
            right+=("$spool/indexes/$pack")
        else
            pack=${pack%.index}
            warn "$(target_name "$reference/packs/$pack.index.zst"): is damaged"
        fi
    done <"$spool/indexes.sums"
    ((${#right[@]} == 0)) || attempt mv -f -t "$2" -- "${right[@]}"
    rm -rf -- "$spool/indexes"
}
