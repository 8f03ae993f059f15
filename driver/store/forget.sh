# shellcheck shell=bash
#
# zlsnap forget: says which snapshots are not needed any more. It deletes nothing, and writes one document.

part core/options core/pipe core/times store/doom store/snapshot

# The rules, each with an option --keep-RULE=N.
forget_rules='last hourly daily weekly monthly yearly'

usage_forget() {
    cat <<'END'
Usage: zlsnap forget [OPTION]... SERVICE/INSTANCE[@ID|@TIME]... STORE
Forget snapshots: those of each name that no rule keeps, or the one with this ID or not
after this time. They are not listed any more; gc deletes them, and what only they need,
after its grace period. Prints which snapshots are kept, by which rules, and which are
forgotten.

For each host and directory, a rule keeps the newest snapshot of each of the last N hours,
days, weeks, months or years that have one, in local time. Broken and damaged snapshots do
not count, and are forgotten only by their ID. The newest sound snapshot of a name always
stays.

      --keep-last=N            keep the last N snapshots
      --keep-hourly=N          keep one for each of the last N hours
      --keep-daily=N           the same for days
      --keep-weekly=N          for weeks, which begin on Monday
      --keep-monthly=N         for months
      --keep-yearly=N          for years
      --all                    forget all snapshots of the name: gc then removes the name
  -n, --dry-run                only print what would be done
      --json                   print a JSON object for each snapshot, one a line
  -q, --quiet                  print problems only
END
    usage_target
}

# What the operands say, set by forget_read(): the names in their order, and for each the IDs; an empty ID
# means that the rules apply.
forget_names=()
declare -gA forget_ids=()

command_forget() {
    local rule options=
    for rule in $forget_rules; do
        options+=" keep-$rule:"
    done
    options_read "all dry-run json $options $target_options" "$@"
    ((${#operands[@]} != 1)) || usage_error 'missing operand STORE'
    forget_read "${operands[@]:0:${#operands[@]}-1}"
    operands=("${operands[@]: -1}")
    operands_expect SERVICE/INSTANCE
    target_open "${operands[0]}"
    programs_expect jq sort split
    spool_make "$(temporary_place)" zlsnap-forget
    run forget_all || exit
    spool_remove
}

# forget_read OPERAND...
forget_read() {
    local operand rule rules=
    for rule in $forget_rules; do
        [[ ! ${option[keep-$rule]+given} ]] || rules=yes
        number_check "keep-$rule" "${option[keep-$rule]-1}" 1 99999
        export "keep_$rule=${option[keep-$rule]-0}"
    done
    for operand; do
        reference_read_which "$operand"
        [[ ! ${option[all]-} || ! $rules && ! $reference_which ]] || usage_error \
            "option '--all' forgets a whole name: it goes neither with a rule nor with one snapshot"
        [[ $reference_which || $rules || ${option[all]-} ]] || usage_error \
            "'$(printable "$operand")' needs an option such as --keep-daily=7, or the ID of a snapshot, NAME@ID"
        [[ ! $reference_which || ! $rules ]] || usage_error \
            "'$(printable "$operand")' is one snapshot: the rules are for names"
        [[ $reference_which =~ ^[0-9a-f]{0,12}$ || $reference_which =~ $snapshot_time_form ]] ||
            usage_error "'$(printable "$reference_which")' is neither the ID of a snapshot nor a time"
        [[ ${forget_ids[$reference]-} ]] || forget_names+=("$reference")
        forget_ids[$reference]+=${reference_which/ /T}' '
    done
}

forget_all() {
    local ids
    [[ ! ${option[quiet]-} ]] || exec >/dev/null
    for reference in "${forget_names[@]}"; do
        read -ra ids <<<"${forget_ids[$reference]}"
        forget_name "${ids[@]}"
    done
    [[ ! ${option[dry-run]-} || ${option[json]-} ]] || print 'a dry run: nothing was changed'
}

# forget_name [ID]...: forgets these snapshots of `reference`, or those that no rule keeps.
forget_name() {
    local newest
    doom_read
    [[ -s $spool/listing ]] || die 1 "$(reference_print "$reference"): $(target_name '') has no such name"
    documents_sound >"$spool/counted" || spool_failed 'the spool cannot be written'
    newest=$(tail -n 1 -- "$spool/counted")
    [[ $newest ]] || newest=$(tail -n 1 -- "$spool/complete")
    if [[ ${option[all]-} ]]; then
        forget_everything
    elif (($#)); then
        forget_find "$@"
    else
        doom_expect
        forget_decide
    fi
    awk -F '\t' '$2 == "" { print $1 }' "$spool/decided" | sort >"$spool/doom"
    [[ ! ${option[all]-} ]] || printf '%s\n' "$doom_all" >>"$spool/doom" || spool_failed 'the spool cannot be written'
    [[ ! -s $spool/doom || ${option[dry-run]-} ]] || doom_write "$spool/doom"
    forget_print
    [[ ! ${option[all]-} || ${option[json]-} || ${option[dry-run]-} ]] ||
        print "$(reference_print "$reference"): all snapshots are forgotten; gc removes the name after its grace period"
}

# Writes the keys of all snapshots that are not forgotten to "decided", also of broken and malformed ones.
forget_everything() {
    local keys
    mapfile -t keys < <(form="^snapshots/$document_form\$" awk -F '\t' '
        FILENAME == ARGV[1] { if ($2 == "doomed") forgotten[$3]; next }
        $1 ~ ENVIRON["form"] && !($1 in forgotten) { print $1 }' "$spool/table" "$spool/listing")
    doom_expect "${keys[@]}"
    : >"$spool/decided"
    ((${#keys[@]} == 0)) || printf '%s\t\n' "${keys[@]}" >"$spool/decided" || spool_failed 'the spool cannot be written'
}

# forget_find ID...: writes the keys of these snapshots to "decided".
forget_find() {
    local id key keys=()
    for reference_which; do
        snapshot_resolve
        id=$reference_which
        key=$(id=$id form="^snapshots/$document_form\$" awk -F '\t' '
            FILENAME == ARGV[1] && $2 == "doomed" { forgotten[$3] }
            FILENAME == ARGV[2] && $1 ~ ENVIRON["form"] && $1 ~ ("Z-" ENVIRON["id"]) && !($1 in forgotten) { print $1 }
            ' "$spool/table" "$spool/listing") || die 1 'the listing cannot be read: awk failed'
        [[ $key ]] || die 1 "$(reference_print "$reference")@$id: there is no such snapshot, or it is forgotten already"
        [[ $key != *$'\n'* ]] || die 1 "$(reference_print "$reference")@$id: several snapshots begin so"
        [[ $key != "$newest" ]] || die 1 \
            "$(reference_print "$reference")@$id: is the newest sound snapshot, which always stays; --all forgets the whole name"
        keys+=("$key")
    done
    doom_expect "${keys[@]}"
    printf '%s\t\n' "${keys[@]}" | sort -u >"$spool/decided"
}

# --------------------------------------------------------------------------- rules

# Writes KEY and the rules that keep it, for each sound snapshot, to "decided".
forget_decide() {
    awk -F '\t' -v OFS='\t' '
        FILENAME == ARGV[1] { counted[$1] }
        FILENAME == ARGV[2] && $2 == "snapshot" && $1 in counted {
            split($1, part, "-")
            print part[2], $1, $6, $7
        }' "$spool/counted" "$spool/table" | sort -r >"$spool/candidates"
    cut -f 1 -- "$spool/candidates" |
        sed -E 's/^(....)(..)(..)T(..)(..)(..)Z$/\1-\2-\3 \4:\5:\6Z/' |
        date -f - +$'%s\t%Y-%m-%dT%H\t%G-W%V' >"$spool/dates" ||
        die 3 "$(target_name "$reference")/snapshots: a name has an invalid time"
    forget_future
    paste -- "$spool/candidates" "$spool/dates" | cut -f 2,3,4,6,7 |
        newest=$newest awk -f "$parts/store/retention.awk" >"$spool/decided" || die 1 'the rules failed: awk failed'
}

# Ends the driver if the time of a snapshot lies in the future: it would be taken for the newest. The clock of
# the store cannot be behind what it says of its objects, so most stores do not have to be asked.
forget_future() {
    local latest key now
    read -r latest key < <(paste -- "$spool/dates" "$spool/candidates" | cut -f 1,5 | sort -rn)
    now=$(cut -f 3 -- "$spool/listing" | sort -rn | head -n 1)
    ((${latest:-0} > now + doom_tolerance)) || return 0
    target_now now "$reference"
    ((latest <= now + doom_tolerance)) || die 1 "$(target_name "$reference")/$key: its time lies in the future; \
nothing was forgotten; to forget it: zlsnap forget NAME@ID"
}

# --------------------------------------------------------------------------- output

# Prints what was decided.
forget_print() {
    awk -F '\t' -v OFS='\t' '
        FILENAME == ARGV[1] { host[$1] = $6; directory[$1] = $7; next }
        {
            split($1, part, "-")
            print $1, substr(part[3], 1, 12), part[2], $2, host[$1], directory[$1]
        }' <(awk -F '\t' '$2 == "snapshot"' "$spool/table") "$spool/decided" | sort |
        if [[ ${option[json]-} ]]; then forget_json; else forget_text; fi >"$spool/text" ||
        spool_failed 'the decisions cannot be listed: awk or jq failed'
    documents_print text
}

forget_json() {
    local name
    reference_decode name "$reference"
    jq -Rac --arg name "$name" '
        split("\t") | {name: $name, key: .[0], id: .[1],
            time: (.[2] | sub("(?<y>....)(?<m>..)(?<d>..)T(?<H>..)(?<M>..)"; "\(.y)-\(.m)-\(.d)T\(.H):\(.M):")),
            host: (if .[4] == "" then null else .[4] | fromjson end),
            directory: (if .[5] == "" then null else .[5] | fromjson end),
            action: (if .[3] == "" then "forget" else "keep" end), reasons: (.[3] | split(", "))}'
}

forget_text() {
    cat >"$spool/rows" && cut -f 3 -- "$spool/rows" | times_local | paste - "$spool/rows" |
        name=$(reference_print "$reference") awk -F '\t' 'NF > 1 {
        print ENVIRON["name"] "  " $1 "  " $3 "  " ($5 == "" ? "forget" : "keep    " $5)
    }'
}
