# shellcheck shell=bash
#
# zlsnap snapshots: the snapshots of a name, or of all names of a store.

part core/options core/pipe core/progress core/times store/documents store/name

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
    spool_empty_files rows names
    if [[ $reference ]]; then
        target_list "$reference" "$spool/listing"
        [[ -s $spool/listing ]] || die 1 "$(reference_print "$reference"): $(target_name '') has no such name"
        snapshots_of "$reference"
    else
        target_list '' "$spool/all"
        mapfile -t names < <(names_list "$spool/all")
        for reference in "${names[@]}"; do
            awk -F '\t' -v OFS='\t' -v prefix="$reference/" \
                'index($1, prefix) == 1 { print substr($1, length(prefix) + 1), $2, $3 }' "$spool/all" >"$spool/listing"
            snapshots_of "$reference"
        done
    fi
    if [[ ${option[json]-} ]]; then snapshots_json; else snapshots_table; fi >"$spool/text" ||
        spool_failed 'the snapshots cannot be listed: awk or jq failed'
    documents_print text
}

# names_list FILE: prints the names that have objects in a listing of the whole store.
names_list() {
    awk -F / 'NF == 4 && $3 ~ /^(packs|manifests|snapshots|doomed|bad)$/ { print $1 "/" $2 }' "$1" | uniq
}

# snapshots_of NAME: adds its snapshots to "rows": NAME KEY STATE PROBLEM and, unless the document is malformed, its line
# of the table.
snapshots_of() {
    documents_load "$1"
    printf '%s\t%s\n' "$1" "$(reference_print "$1")" >>"$spool/names"
    name=$1 awk -F '\t' -v OFS='\t' '
        FILENAME == ARGV[1] { state[$1] = "complete" }
        FILENAME == ARGV[2] { state[$1] = "damaged"; problem[$1] = $2 }
        FILENAME == ARGV[3] { state[$1] = "forgotten" }
        FILENAME == ARGV[4] { state[$1] = "broken"; problem[$1] = $2 }
        FILENAME == ARGV[5] && $2 == "snapshot" { print ENVIRON["name"], $1, state[$1], problem[$1], $0; delete state[$1] }
        END {
            for (key in state)
                if (state[key] == "broken")
                    print ENVIRON["name"], key, "broken", problem[key]
        }' "$spool/complete" "$spool/damaged" "$spool/forgotten" "$spool/broken" "$spool/table" |
        sort >>"$spool/rows" || spool_failed 'the snapshots cannot be listed: awk failed'
}

# Prints "rows" as JSON.
snapshots_json() {
    local encoded name names=()
    while IFS=$'\t' read -r encoded _; do
        reference_decode name "$encoded"
        names+=("$encoded" "$name")
    done <"$spool/names"
    jq -Rac '($ARGS.positional | [range(0; length; 2) as $i | {key: .[$i], value: .[$i + 1]}] | from_entries) as $names
        | split("\t") | {name: $names[.[0]], key: .[1], state: .[2]}
        + if .[3] != "" then {problem: .[3]} else {} end
        + if length > 4 then {sequence: (.[6] | tonumber), time: .[7], id: .[8], host: (.[9] | fromjson),
            directory: (.[10] | fromjson), tree_digest: .[11], entries: (.[13] | tonumber), size_bytes: (.[14] | tonumber),
            added_bytes: (.[15] | tonumber), options: (.[16] | fromjson)} else {} end' "$spool/rows" --args -- "${names[@]}"
}

# Prints "rows" in columns. Of a malformed document, the time and the ID are those of its name.
snapshots_table() {
    cut -f 2 -- "$spool/rows" | cut -d - -f 2 | times_local >"$spool/times" || spool_failed 'the spool cannot be written'
    awk -F '\t' "$awk_size"'
        # In the C locale a character beyond ASCII has several bytes: the first one counts.
        function width(text) {
            gsub(/[\200-\277]/, "", text)
            return length(text)
        }
        function column(number, text) {
            cell[NR, number] = text
            if (width(text) > widest[number])
                widest[number] = width(text)
        }
        function pad(row, number) {
            return sprintf("%*s", widest[number] - width(cell[row, number]), "")
        }
        FILENAME == ARGV[1] { shown[$1] = $2; next }
        FILENAME == ARGV[2] { times[FNR] = $1; next }
        {
            split($2, part, "-")
            column(1, shown[$1])
            column(2, times[FNR] "  " substr(part[3], 1, 12))
            if (NF > 4) {
                column(3, $14 ($14 == 1 ? " entry  " : " entries"))
                column(4, size($15))
                column(5, "+" size($16))
            }
            if ($3 != "complete")
                column(6, $3 ($4 == "" ? "" : ": " ($2 ~ "^doomed/" ? $2 ": " : "") $4))
        }
        END {
            for (row = 1; row <= NR; row++) {
                if (!((row, 1) in cell))
                    continue
                printf "%s%s  %s", cell[row, 1], pad(row, 1), cell[row, 2]
                for (i = 3; i <= 5; i++)
                    printf "  %s%s", pad(row, i), cell[row, i]
                print "  " cell[row, 6]
            }
        }' "$spool/names" "$spool/times" "$spool/rows" | sed 's/ *$//'
}
