# shellcheck shell=bash
#
# The objects of a manifest or a chunk map: the whole text, or a delta against an earlier one. An object is a
# skippable frame of random bytes, and the text compressed by zstd; its name is the digest of that.

part core/pipe store/documents store/snapshot

# number_base NUMBER: prints the number without its last octal digit that is not zero: the snapshot whose
# manifest this one's is a delta of. So the manifest of snapshot 1000 is made of four objects.
number_base() {
    local place=1
    while (($1 && $1 / place % 8 == 0)); do
        place=$((place * 8))
    done
    echo $(($1 - $1 / place % 8 * place))
}

# The longest row of objects that a manifest is made of.
object_row=8

# objects_make KIND FILE DIGEST: makes the object of a manifest or a chunk map in "new", and writes the names
# and sizes of the objects that the text is made of to KIND.objects in the spool: those of the last snapshot
# if it has the same text, else a delta or the whole text, whichever is smaller.
objects_make() {
    local list=$spool/$1.objects whole='' delta='' limit=0
    if [[ $3 == "${snapshot[tree]}" || $3 == "${snapshot[chunks]-}" ]] &&
        ! grep -qxF -- "${snapshot[key]}" "$spool/unbased"; then
        snapshot_lines "$1" | tr '\t' ' ' >"$list"
        return
    fi
    : >"$list"
    object_delta "$1" "$2"
    if [[ -s $list ]]; then
        delta=$(object_make "$spool/$1.delta") || exit
        read -r _ limit <"$list"
    fi
    # Less than a quarter of the whole object that the row begins with: a whole one would not be smaller.
    if [[ ! $delta ]] || ((${delta#* } * 4 >= limit)); then
        whole=$(object_make "$2") || exit
    fi
    if [[ ! $whole || ($delta && ${delta#* } -lt ${whole#* }) ]]; then
        printf '%s\n' "$delta" >>"$list"
        object_drop "$whole"
    else
        printf '%s\n' "$whole" >"$list"
        object_drop "$delta"
    fi
}

# object_make FILE: prints the name and the size of the object.
object_make() {
    local digest object=$spool/new/object.$BASHPID size
    { printf '\x50\x2a\x4d\x18\x10\0\0\0' && head -c 16 /dev/urandom && zstd -q -c; } <"$1" >"$object" ||
        die 1 'the spool cannot be written'
    digest=$(attempt sha256sum <"$object") || exit
    file_size size "$object"
    attempt mv -T -- "$object" "$spool/new/${digest:0:64}.zst"
    printf 'manifests/%s.zst %s\n' "${digest:0:64}" "$size"
}

# object_drop LINE: removes an object that is not used; LINE may be empty.
object_drop() {
    local name=${1%% *}
    [[ ! $name ]] || attempt rm -f -- "$spool/new/${name##*/}"
}

# object_delta KIND FILE: writes the delta to KIND.delta in the spool, and the objects of its base to
# KIND.objects. There is none if no snapshot can be the base.
object_delta() {
    local key digest base=$spool/$1.base
    key=$(base_choose) || die 1 'awk failed'
    [[ $key ]] || return 0
    digest=$(base_lines "$1" "$key") || exit
    [[ $digest != - ]] || return 0
    zstd -q -dc -- "$state/manifests/${digest#sha256:}.zst" >"$base" 2>/dev/null && delta_make "$@" "$digest" && return
    attempt rm -f -- "$state/manifests/${digest#sha256:}.zst"
    (snapshot_read "$key" && snapshot_manifest "$1" "$base") && delta_make "$@" "$digest" || return 0
}

# delta_make KIND FILE DIGEST: fails unless the base has this digest.
delta_make() {
    local old
    (exec "$mtreediff" -- "$spool/$1.base" "$2") >"$spool/$1.delta" || return
    { read -r _ && read -r _ old _; } <"$spool/$1.delta"
    [[ sha256:$old == "$3" ]] && mv -fT -- "$spool/$1.base.objects" "$spool/$1.objects"
}

# Prints the key of the snapshot that is the base: the one with number_base(), or the last one before it that
# is complete, or else the oldest one. None if its own row of deltas is long. Snapshots of which a check has
# found an object damaged are left out.
base_choose() {
    base=$(number_base "$number") row=$object_row awk -F '\t' '
        FILENAME == ARGV[1] { unbased[$1]; next }
        FILENAME == ARGV[2] { if (!($1 in unbased)) complete[$1]; next }
        !($1 in complete) { next }
        $2 == "snapshot" { numbers[$1] = $3 + 0 }
        $2 == "manifest" { rows[$1]++ }
        END {
            for (key in numbers) {
                before = numbers[key] <= ENVIRON["base"] + 0
                if (best == "" || before > best_before || before == best_before && (before ? key > best : key < best)) {
                    best = key
                    best_before = before
                }
            }
            if (rows[best] < ENVIRON["row"])
                print best
        }' "$spool/unbased" "$spool/complete" "$spool/table"
}

# base_lines KIND KEY: prints the digest of the manifest or chunk map of a snapshot, and writes its objects to
# KIND.base.objects.
base_lines() {
    kind=$1 key=$2 out=$spool/$1.base.objects awk -F '\t' '
        $1 != ENVIRON["key"] { next }
        $2 == "snapshot" { print ENVIRON["kind"] == "chunks" ? $9 : $8 }
        $2 == ENVIRON["kind"] { print $3, $4 >ENVIRON["out"] }' "$spool/table" || die 1 'awk failed'
}

# --------------------------------------------------------------------------- in the state directory

# manifest_keep FILE DIGEST: keeps a text that later ones will be deltas of.
manifest_keep() {
    attempt zstd -q -f -1 -o "$spool/kept" -- "$1"
    attempt mv -fT -- "$spool/kept" "$state/manifests/${2#sha256:}.zst"
}

# Removes the texts that no later one will be a delta of: only those of the numbers from which number_base()
# leads to 0.
manifests_forget() {
    local next=$number numbers=' ' file keep
    while ((next)); do
        next=$(number_base "$next")
        numbers+="$next "
    done
    keep=$(numbers=$numbers awk -F '\t' '
        $2 == "snapshot" && index(ENVIRON["numbers"], " " $3 " ") { print $8, $9 }' "$spool/table")
    for file in "$state/manifests"/*.zst; do
        [[ $keep == *"$(basename -- "$file" .zst)"* ]] || attempt rm -f -- "$file"
    done
}
