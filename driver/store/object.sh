# shellcheck shell=bash
#
# The objects of a manifest or a chunk map: the whole text, or a delta against an earlier one. An object is a
# skippable frame of random bytes, and the text compressed by zstd; its name is the digest of that.

part core/json core/pipe store/documents store/snapshot

# The new objects: files in the spool.
objects_new=()

# The snapshot that deltas are made against: its key, empty if there is none, and the digests of its manifest and chunk
# map. Their objects are in manifest.base and chunks.base in the spool.
declare -gA base=()

# number_base VARIABLE NUMBER: sets the variable to the number without its last octal digit that is not zero: the
# snapshot whose manifest this one's is a delta of. So the manifest of snapshot 1000 is made of four objects.
number_base() {
    local place=1
    while (($2 && $2 / place % 8 == 0)); do
        place=$((place * 8))
    done
    printf -v "$1" '%d' $(($2 - $2 / place % 8 * place))
}

# The longest row of objects that a manifest is made of.
object_row=8

# Chooses the base: the snapshot with number_base(), or the last one before it that is complete, or else the oldest
# one. If its own row of deltas is long, there is no base. Snapshots with an object that a check found
# damaged are left out.
objects_begin() {
    local least
    objects_new=()
    spool_empty_files manifest.base chunks.base
    number_base least "$number"
    least=$least row=$object_row base=$spool/ awk -F '\t' '
        pass == 1 { unbased[$1] }
        pass == 2 && !($1 in unbased) { complete[$1] }
        pass != 3 || !($1 in complete) { next }
        $2 == "snapshot" { numbers[$1] = $3 + 0; digests[$1] = $8 " " $9 }
        $2 == "manifest" { rows[$1]++ }
        $2 == "manifest" || $2 == "chunks" { objects[$1, $2] = objects[$1, $2] $3 " " $4 "\n" }
        END {
            for (key in numbers) {
                before = numbers[key] <= ENVIRON["least"] + 0
                if (best == "" || before > best_before || before == best_before && (before ? key > best : key < best)) {
                    best = key
                    best_before = before
                }
            }
            if (best == "" || rows[best] >= ENVIRON["row"])
                exit
            printf "%s", objects[best, "manifest"] >(ENVIRON["base"] "manifest.base")
            printf "%s", objects[best, "chunks"] >(ENVIRON["base"] "chunks.base")
            print best, digests[best]
        }' pass=1 "$spool/unbased" pass=2 "$spool/complete" pass=3 "$spool/table" >"$spool/base" || die 1 'awk failed'
    read -r "base[key]" "base[manifest]" "base[chunks]" <"$spool/base"
    return 0
}

# objects_make KIND FILE DIGEST: makes the object of a manifest or a chunk map, and writes the names and sizes of
# the objects that the text is made of to KIND.objects in the spool: those of the last snapshot if it has the
# same text, else a delta or the whole text, whichever is smaller.
objects_make() {
    local delta='' whole='' limit=0 rows
    if [[ $3 == "${snapshot[tree]}" || $3 == "${snapshot[chunks]-}" ]] &&
        ! grep -qxF -- "${snapshot[key]}" "$spool/unbased"; then
        snapshot_lines "$1" 1 2 >"$spool/$1.objects"
        return
    fi
    if object_delta "$1" "$2"; then
        object_make delta "$spool/$1.delta"
        read -r _ limit <"$spool/$1.base"
    fi
    # Less than a quarter of the whole object that the row begins with: a whole one would not be smaller.
    if [[ ! $delta ]] || ((${delta#* } * 4 >= limit)); then
        object_make whole "$2"
    fi
    if [[ ! $whole || ($delta && ${delta#* } -lt ${whole#* }) ]]; then
        read -r -d '' rows <"$spool/$1.base"
        object_use "$delta" "$rows"$'\n'
    else
        object_use "$whole"
    fi >"$spool/$1.objects"
}

# object_make VARIABLE FILE: makes the object of the text, and sets the variable to its name and its size.
object_make() {
    local object=$spool/object statuses summary digest='' size=''
    { object_nonce && exec zstd -q -c; } <"$2" | "$shasum_tee" -q --json -o "$spool/object.summary" >"$object"
    statuses=${PIPESTATUS[*]}
    [[ $statuses == '0 0' ]] || spool_failed 'the manifest cannot be compressed'
    summary=$(<"$spool/object.summary")
    json_value digest "$summary" digest
    json_value size "$summary" size
    attempt mv -T -- "$object" "$spool/${digest#sha256:}.zst"
    printf -v "$1" 'manifests/%s.zst %s' "${digest#sha256:}" "$size"
}

# Prints the skippable frame.
object_nonce() {
    local i random bytes=''
    read -r random </proc/sys/kernel/random/uuid
    random=${random//-/}
    for ((i = 0; i < 32; i += 2)); do
        bytes+="\\x${random:i:2}"
    done
    printf '\x50\x2a\x4d\x18\x10\0\0\0%b' "$bytes"
}

# object_use LINE [ROWS]: prints the objects of a text, ROWS and this one, which is a new one.
object_use() {
    local name=${1%% *}
    printf '%s%s\n' "${2-}" "$1"
    objects_new+=("$spool/${name##*/}")
}

# object_delta KIND FILE: writes the delta to KIND.delta in the spool; returns 1 if there is none.
object_delta() {
    local digest=${base[$1]} kept
    [[ ${base[key]} && $digest != - ]] || return
    kept=$state/manifests/${digest#sha256:}
    if [[ -e $kept ]]; then
        ! delta_make "$1" "$kept" "$2" || return 0
        attempt rm -f -- "$kept"
    fi
    (snapshot_read "${base[key]}" && snapshot_manifest "$1" "$spool/$1.old") && delta_make "$1" "$spool/$1.old" "$2"
}

# delta_make KIND OLD NEW: fails unless OLD has the digest of the base.
delta_make() {
    local digest
    (exec "$mtreediff" -- "$2" "$3") >"$spool/$1.delta" || return
    { read -r _ && read -r _ digest _; } <"$spool/$1.delta"
    [[ sha256:$digest == "${base[$1]}" ]]
}

# Removes the texts in the state that no later one will be a delta of: only those of the numbers from which
# number_base() leads to 0.
manifests_forget() {
    local next=$number numbers=' ' file keep
    while ((next)); do
        number_base next "$next"
        numbers+="$next "
    done
    keep=$(numbers=$numbers awk -F '\t' '
        $2 == "snapshot" && index(ENVIRON["numbers"], " " $3 " ") { print $8, $9 }' "$spool/table")
    for file in "$state/manifests"/*; do
        [[ ! -e $file || $keep == *"${file##*/}"* ]] || attempt rm -f -- "$file"
    done
}
