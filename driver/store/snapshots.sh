# shellcheck shell=bash
#
# zlsnap snapshots: the snapshots of a name, or of all names of a store.

part core/options core/pipe store/documents store/name

usage_snapshots() {
    cat <<'END'
Usage: zlsnap snapshots [OPTION]... [SERVICE/INSTANCE] STORE
List the snapshots of a name, or of all names, the oldest first: name, time, ID, entries,
size, and bytes that it added to the store. A snapshot that lacks an object is shown as
broken, one that needs an object that check has found damaged, as damaged.

      --json                   print a JSON object for each snapshot, one a line
END
    usage_target_read
}

command_snapshots() {
    options_read "json $target_read_options" "$@"
    local name=
    if ((${#operands[@]} == 2)); then
        name=${operands[0]}
        operands=("${operands[1]}")
    fi
    operands_expect STORE
    [[ ! $name ]] || reference_read "$name"
    target_open "${operands[0]}"
    programs_expect jq awk
    spool_make "$(temporary_place)" zlsnap-snapshots
    run snapshots_all || exit
    spool_remove
}

snapshots_all() {
    local names
    if [[ $reference ]]; then
        target_list "$reference" "$spool/listing"
        [[ -s $spool/listing ]] || die 1 "$(reference_print "$reference"): $target_url has no such name"
        snapshots_of "$reference"
        return
    fi
    target_list '' "$spool/all"
    mapfile -t names < <(names_list "$spool/all")
    for reference in "${names[@]}"; do
        awk -F '\t' -v OFS='\t' -v prefix="$reference/" \
            'index($1, prefix) == 1 { print substr($1, length(prefix) + 1), $2, $3 }' "$spool/all" >"$spool/listing"
        snapshots_of "$reference"
    done
}

# names_list FILE: prints the names that have objects in a listing of the whole store.
names_list() {
    awk -F / 'NF == 4 && $3 ~ /^(packs|manifests|snapshots|doomed|bad)$/ { print $1 "/" $2 }' "$1" | uniq
}

# snapshots_of NAME: prints its snapshots.
snapshots_of() {
    documents_load "$1"
    awk -F '\t' -v OFS='\t' '
        FILENAME == ARGV[1] { state[$1] = "complete" }
        FILENAME == ARGV[2] { state[$1] = "damaged"; problem[$1] = $2 }
        FILENAME == ARGV[3] { state[$1] = "forgotten" }
        FILENAME == ARGV[4] { state[$1] = "broken"; problem[$1] = $2 }
        FILENAME == ARGV[5] && $2 == "snapshot" { print $1, state[$1], problem[$1], $0; delete state[$1] }
        END {
            for (key in state)
                if (state[key] == "broken")
                    print key, "broken", problem[key]
        }' "$spool/complete" "$spool/damaged" "$spool/forgotten" "$spool/broken" "$spool/table" |
        sort >"$spool/rows" || spool_failed 'the snapshots cannot be listed: awk failed'
    if [[ ${option[json]-} ]]; then snapshots_json "$1"; else snapshots_table "$1"; fi <"$spool/rows" >"$spool/text" ||
        spool_failed 'the snapshots cannot be listed: awk or jq failed'
    documents_print text
}

# snapshots_json NAME
snapshots_json() {
    jq -Rc --arg name "$1" 'split("\t") | {name: $name, key: .[0], state: .[1]}
        + if .[2] != "" then {problem: .[2]} else {} end
        + if length > 3 then {sequence: (.[5] | tonumber), time: .[6], id: .[7], host: (.[8] | fromjson),
            directory: (.[9] | fromjson), tree_digest: .[10], entries: (.[12] | tonumber), size_bytes: (.[13] | tonumber),
            added_bytes: (.[14] | tonumber), options: (.[15] | fromjson)} else {} end'
}

# snapshots_table NAME
snapshots_table() {
    name=$(reference_print "$1") awk -F '\t' '
        function size(bytes,  unit) {
            for (unit = 0; bytes >= 1024 && unit < 5; unit++)
                bytes /= 1024
            return sprintf(unit ? "%.1f %s" : "%d %s", bytes, substr("bytesKiB  MiB  GiB  TiB  PiB", unit * 5 + 1, 5))
        }
        NF < 4 { printf "%s  %s  %s: %s\n", ENVIRON["name"], $1, $2, $3; next }
        {
            time = $7
            sub("T", " ", time)
            printf "%s  %s  %s  %9d entries  %14s  +%s%s\n", ENVIRON["name"], time, $8, $13, size($14), size($15),
                $2 == "complete" ? "" : "  " $2 ($3 ? ": " $3 : "")
        }' | sed 's/ *$//'
}
