# shellcheck shell=bash
#
# What zlsnap check prints.

part core/json core/progress core/spool store/documents

# Prints the problems in "found" with the snapshots that they break, and moves them to "problems".
check_report() {
    [[ -s $spool/found ]] || return 0
    phase_say ''
    name=$(reference_print "$reference") harmed=$spool/harmed awk -F '\t' -v OFS='\t' '
        function need(object, size, digest,  id) {
            id = substr($1, length($1) - 16, 12)
            if (!(object in known) || (object, id) in seen)
                return
            seen[object, id]
            ids[object] = ids[object] (ids[object] ? " " : "") id
            print $1 >ENVIRON["harmed"]
        }
        FILENAME == ARGV[1] { line[++count] = $0; known[$2]; next }
        FILENAME == ARGV[2] { kept[$1]; next }
        !($1 in kept) { next }
        $2 == "snapshot" { need($1) }
        '"$documents_needs"'
        END {
            for (i = 1; i <= count; i++) {
                split(line[i], field, "\t")
                print ENVIRON["name"], line[i], ids[field[2]]
            }
        }' "$spool/found" "$spool/kept" "$spool/table" >"$spool/lines" || die 1 'the problems cannot be listed: awk failed'
    { cat -- "$spool/lines" >>"$spool/problems" && cat -- "$spool/found" >>"$spool/damage"; } ||
        spool_failed 'the spool cannot be written'
    : >"$spool/found"
    if [[ ${option[json]-} ]]; then check_problems_json; else check_problems_text; fi <"$spool/lines" >"$spool/text"
    cat -- "$spool/text" || die 1 'cannot write to standard output'
}

# Reads NAME STATUS OBJECT PROBLEM IDS.
check_problems_text() {
    awk -F '\t' '{
        count = split($5, id, " ")
        text = $1 ": " $3 ": " $4
        for (i = 1; i <= count && i <= 3; i++)
            text = text (i > 1 ? ", " : count > 1 ? "; breaks snapshots " : "; breaks snapshot ") id[i]
        print text (count > 3 ? " and " count - 3 " more" : "")
    }'
}

check_problems_json() {
    jq -Rc 'split("\t") | {name: .[0], object: .[2], problem: .[3], status: (.[1] | tonumber),
        snapshots: (.[4] | split(" "))}'
}

# check_count: prints the numbers of a name: snapshots, broken ones, packs, manifests, objects that no
# document names, and foreign ones.
check_count() {
    form="^((snapshots|doomed)/$document_form|packs/[0-9a-f]{64}([.]index)?[.]zst|manifests/[0-9a-f]{64}[.]zst|bad/[0-9a-f]{64}[.]json)\$" \
        awk -F '\t' '
        FILENAME == ARGV[1] { kept[$1]; next }
        FILENAME == ARGV[2] { chosen[$1]; snapshots++; next }
        FILENAME == ARGV[3] { if ($1 in chosen) broken[$1]; next }
        FILENAME == ARGV[4] && !($1 in kept) { next }
        '"$documents_needs"'
        FILENAME == ARGV[4] { next }
        function need(object, size, digest) {
            used[object]
            if (!($1 in chosen) || (object in counted) || object ~ /index/)
                return
            counted[object]
            if (object ~ /^packs/) packs++; else manifests++
        }
        $1 !~ ENVIRON["form"] { foreign++; next }
        /^(packs|manifests)/ && !($1 in used) { unused++ }
        END { print snapshots + 0, length(broken), packs + 0, manifests + 0, unused + 0, foreign + 0 }
        ' "$spool/kept" "$spool/chosen" "$spool/harmed" "$spool/table" "$spool/listing" ||
        die 1 'the objects cannot be counted: awk failed'
}

# check_count_foreign NAME...: prints the numbers for the objects of the store that belong to none of these
# names.
check_count_foreign() {
    printf '%s\n' "$@" | awk -F / '
        FILENAME == "-" { names[$0]; next }
        !(($1 "/" $2) in names) { foreign++ }
        END { print 0, 0, 0, 0, 0, foreign + 0 }' - "$spool/all"
}

# Prints the sum of the numbers; returns the highest status of a problem.
check_summary() {
    local numbers status data=false
    [[ ! ${option[read-data]-} ]] || data=true
    phase_say ''
    status=$(cut -f 2 -- "$spool/problems" | sort -n | tail -n 1)
    numbers=$(awk -v problems="$(wc -l <"$spool/problems")" '
        { for (i = 1; i <= 6; i++) sum[i] += $i }
        END { for (i = 1; i <= 6; i++) printf "%d ", sum[i]; print problems }' "$spool/numbers")
    if [[ ${option[json]-} ]]; then
        print "$(jq -nc --arg numbers "$numbers" --argjson data "$data" '
            [$numbers | split(" ")[] | tonumber] as $n | {snapshots: $n[0], broken: $n[1], packs: $n[2], manifests: $n[3],
            unused: $n[4], foreign: $n[5], problems: $n[6], data_read: $data}')"
    elif [[ ! ${option[quiet]-} ]]; then
        # shellcheck disable=SC2086 # numbers
        print "$(printf '%s: snapshots %d, broken %d, packs %d, manifests %d, unused objects %d, foreign objects %d, problems %d' \
            "$(printable "$target_url")" $numbers)"
    fi
    return "${status:-0}"
}
