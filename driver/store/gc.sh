# shellcheck shell=bash
#
# zlsnap gc: deletes what no snapshot needs any more, in two steps and without locks, so that syncs may run
# meanwhile:
#
#   1. What is older than the grace period, and no kept snapshot needs, is listed in a document in doomed/.
#   2. What has been doomed for the grace period is deleted, unless a snapshot needs it after all: then it is struck
#      off, and has to be doomed anew.
#
# A sync that looked at the store before an object was doomed may build on it. It ends within the grace
# period, so that step 2 sees its snapshot. A sync that looks later does not build on what is doomed. One that
# takes longer notices, when it lists the store a last time, that an object is missing.
#
# The order of deletion. First the documents of forgotten snapshots: what only they need is either doomed
# already, by the first gc after they were forgotten, or it is doomed by the next one; so it outlives them,
# and no document ever names an object that gc has deleted. At last the documents in doomed/: without them a
# forgotten snapshot would be kept again. Of a name of which forget --all has forgotten all snapshots, their documents are
# deleted after the other objects. gc may be killed at any moment; the next one does what is left.

part core/options core/pipe core/progress core/times store/doom store/leftovers store/snapshots

usage_gc() {
    cat <<'END'
Usage: zlsnap gc [OPTION]... [SERVICE/INSTANCE] STORE
Delete what no snapshot of a name, or of all names, needs any more: forgotten snapshots,
contents that only they had, and what interrupted syncs left in the store. Prints what is
doomed, and deletes what an earlier gc, or forget, has doomed, if that is longer ago than
the grace period, and if no snapshot needs it after all. Other commands may run meanwhile.

      --grace=AGE              N, Nm, Nh or Nd: seconds, minutes, hours, days (default
                               1d). It must be longer than any sync, copy or restore
                               takes. With 0, nothing else may run
  -n, --dry-run                only print what would be done
      --allow-remove-all       also delete the contents of names that have no snapshot
      --json                   print a JSON object for each object, one a line, and for
                               the summary
  -q, --quiet                  print problems only
END
    usage_target
    usage_progress
}

# The grace period, and when the work on a name began, by SECONDS.
gc_grace=
gc_began=

# The time of the store's clock, set by gc_clock().
gc_now=

command_gc() {
    options_read "grace: dry-run allow-remove-all json $progress_option $target_options" "$@"
    local status=0
    age_read gc_grace grace "${option[grace]-1d}"
    if ((${#operands[@]} == 2)); then
        reference_read "${operands[0]}"
        operands=("${operands[1]}")
    fi
    operands_expect STORE
    target_open "${operands[0]}"
    progress_read
    programs_expect jq sort split
    spool_make "$(temporary_place)" zlsnap-gc
    run gc_all "$reference" || status=$?
    spool_remove
    return "$status"
}

# gc_all NAME: of all names if it is empty. An error in one name does not stop the others.
gc_all() {
    local names=("$1") status=0
    spool_empty_files actions waits gone
    [[ ! ${option[quiet]-} ]] || exec >/dev/null
    target_list "$1" "$spool/all"
    if [[ ! $1 ]]; then
        mapfile -t names < <(names_list "$spool/all")
        gc_foreign "$spool/all" "${names[@]}"
    elif [[ ! -s $spool/all ]]; then
        die 1 "$(reference_print "$1"): $(target_name '') has no such name"
    fi
    for reference in "${names[@]}"; do
        (gc_name "$1") || status=$?
    done
    reference=$1
    (gc_leftovers && leftovers_prune) || status=$?
    gc_sum
    return "$status"
}

# gc_foreign LISTING NAME...: counts the objects of the whole store that have none of these names.
gc_foreign() {
    printf '%s\n' "${@:2}" | awk -F '\t' -v OFS='\t' '
        NR == FNR { names[$1]; next }
        { split($1, part, "/") }
        !((part[1] "/" part[2]) in names) && $1 !~ "^probe-" { print "foreign", $1, $2 }' - "$1" >>"$spool/actions"
}

# gc_name PREFIX: both steps for `reference`. The listing of PREFIX is in "all".
gc_name() {
    gc_began=$SECONDS
    documents_known=
    phase_say "$(reference_print "$reference"): reading documents"
    prefix=${1:-$reference/} awk -F '\t' -v OFS='\t' '
        BEGIN { whole = ENVIRON["prefix"] !~ "/$" }
        whole || index($1, ENVIRON["prefix"]) == 1 {
            print whole ? $1 : substr($1, length(ENVIRON["prefix"]) + 1), $2, $3
        }' "$spool/all" >"$spool/listing"
    documents_load "$reference"
    doom_expect
    # What there would be to do if all were old: mostly nothing, and then the store is not asked for its
    # clock.
    gc_now=9999999999
    gc_judge
    gc_take foreign >>"$spool/actions"
    gc_has || return 0
    gc_clock
    gc_clock_check
    gc_judge
    gc_has || {
        gc_wait
        return
    }
    gc_kept_check
    gc_doom
    if gc_has forget delete strike finish || [[ $gc_grace -eq 0 ]]; then
        gc_delete
    fi
    gc_wait
}

# --------------------------------------------------------------------------- judging

# gc_judge: writes what is to be done to "judged".
gc_judge() {
    now=$gc_now grace=$gc_grace form=$document_form all=$doom_all awk "$(<"$parts/store/gc.awk")$documents_needs" \
        "$spool/listing" "$spool/table" | sort >"$spool/judged" || die 1 'what to delete cannot be decided: awk failed'
}

# gc_take ACTION: prints these lines of "judged".
gc_take() {
    grep "^$1"$'\t' "$spool/judged"
}

# gc_has [ACTION]...: whether there is one of these actions in "judged"; by default, of those that change the
# store.
gc_has() {
    local actions=$*
    [[ $actions ]] || actions='doom forget delete strike finish'
    grep -qE "^(${actions// /|})"$'\t' "$spool/judged"
}

# Sets gc_now. The store is asked once, by an object that is put and deleted; a dry run trusts our clock.
gc_clock() {
    local said now asked
    if [[ ! -s $spool/now ]]; then
        now=$(cut -f 3 -- "$spool/listing" | sort -rn | head -n 1)
        if [[ ! ${option[dry-run]-} ]]; then
            said=$(messages_join && target_now now "$reference" && echo "$now") ||
                die 1 "$(target_name "$reference"): nothing was deleted: ${said#zlsnap: }"
            now=$said
        elif ((now < EPOCHSECONDS)); then
            now=$EPOCHSECONDS
        fi
        echo "$now $SECONDS" | store "$spool/now" || exit
    fi
    read -r now asked <"$spool/now"
    gc_now=$((now + SECONDS - asked))
}

# Ends the driver if the clock of the store is behind the times in it.
gc_clock_check() {
    local key limit=$((gc_now + doom_tolerance))
    key=$(limit=$limit awk -F '\t' '$3 > ENVIRON["limit"] + 0 { print $1 }' "$spool/listing" | sed -n 1p)
    [[ $key ]] || key=$(gc_take kept | limit=$(date -u -d "@$limit" +%Y%m%dT%H%M%SZ) awk -F '\t' '
        { split($2, part, "-") }
        part[2] > ENVIRON["limit"] { print $2 }' | sed -n 1p)
    [[ ! $key ]] || die 1 "$(target_name "$reference")/$key: its time lies in the future, or the clock of the store is \
wrong; nothing was deleted"
}

# Ends the driver if all snapshots of a name are gone: their documents may have been lost. Without objects that does not
# matter.
gc_kept_check() {
    [[ ! ${option[allow-remove-all]-} ]] && gc_has doom delete strike || return 0
    gc_has kept retired || die 1 "$(reference_print "$reference"): has no snapshot, \
but other objects; nothing was deleted; --allow-remove-all deletes them"
}

# Adds what has to wait to "waits": KEY TIME. What has just been doomed waits, too.
gc_wait() {
    until=$((gc_now + gc_grace)) awk -F '\t' '
        $1 == "wait" { print $2, $4 }
        $1 == "doom" { print $2, ENVIRON["until"] }' "$spool/judged" >>"$spool/waits" || spool_failed 'the spool cannot be written'
}

# --------------------------------------------------------------------------- both steps

# The first step.
gc_doom() {
    gc_take doom | cut -f 2 >"$spool/doom"
    [[ -s $spool/doom ]] || return 0
    [[ ${option[dry-run]-} ]] || doom_write "$spool/doom"
    # With no grace period all of it is deleted at once.
    ((gc_grace == 0)) || gc_print doom doomed
}

# The second step: by a new listing, and the documents in it.
gc_delete() {
    if [[ ${option[dry-run]-} ]]; then
        gc_doom_pretend
    else
        documents_known=$spool/read
        documents_keep
        doom_read
        doom_expect
    fi
    gc_judge
    gc_kept_check
    if gc_has retired; then
        gc_remove delete deleted
        gc_remove forget deleted
    else
        gc_remove forget deleted
        gc_remove delete deleted
    fi
    gc_print strike 'struck off'
    gc_remove finish
    gc_has kept || printf '%s\n' "$reference" >>"$spool/gone"
}

# In a dry run: the document that the first step would write.
gc_doom_pretend() {
    local key="doomed/dry-run"
    [[ -s $spool/doom ]] || return 0
    printf '%s\t0\t%s\n' "$key" "$gc_now" >>"$spool/listing"
    key=$key awk -v OFS='\t' '{ print ENVIRON["key"], "doomed", $1 }' "$spool/doom" >>"$spool/table"
}

# gc_remove ACTION [WORD]: deletes these objects, and prints them after this word.
gc_remove() {
    local keys
    mapfile -t keys < <(gc_take "$1" | cut -f 2)
    while ((${#keys[@]})); do
        phase_say "$(reference_print "$reference"): deleting, ${#keys[@]} left"
        gc_hurry
        [[ ${option[dry-run]-} ]] || target_delete "$reference" "${keys[@]:0:target_batch}"
        keys=("${keys[@]:target_batch}")
    done
    [[ ! ${2-} ]] || gc_print "$1" "$2"
}

# Ends the driver if this run is so slow that what it has read may be out of date.
gc_hurry() {
    ((gc_grace == 0 || (SECONDS - gc_began) * 2 <= gc_grace)) || die 1 "$(reference_print "$reference"): gc took longer \
than half of the grace period; nothing more was deleted; run it again"
}

# --------------------------------------------------------------------------- output

# gc_print ACTION WORD: prints the objects, and counts them.
gc_print() {
    local name
    phase_say ''
    reference_decode name "$reference"
    gc_take "$1" | tee -a -- "$spool/actions" | if [[ ${option[json]-} ]]; then
        jq -Rac --arg name "$name" --arg word "$2" \
            'split("\t") | {name: $name, action: $word, object: .[1], size_bytes: (.[2] | tonumber)}'
    else
        name=$(reference_print "$reference") word=$2 awk -F '\t' "$awk_size"'
            { printf "%s  %-10s  %s  %s\n", ENVIRON["name"], ENVIRON["word"], $2, size($3) }' | sed 's/ *$//'
    fi
}

# Reads "waits" and prints how many snapshots and objects wait, and the time until which, in seconds.
gc_waits() {
    awk '
        { if ($1 ~ "^snapshots/") snapshots++; else objects++ }
        $2 > until { until = $2 }
        END { printf "%d %d %d\n", snapshots, objects, until }' "$spool/waits"
}

# Prints what waits, and until when.
gc_print_waits() {
    local snapshots objects until verb=wait what=()
    read -r snapshots objects until < <(gc_waits)
    ((snapshots == 0)) || what+=("$(count_text "$snapshots" 'forgotten snapshot')")
    ((objects == 0)) || what+=("$(count_text "$objects" object)")
    ((${#what[@]})) || return 0
    ((snapshots + objects > 1)) || verb=waits
    print "${what[0]}${what[1]+ and ${what[1]}} $verb until $(time_local "@$(((until + 59) / 60 * 60))")"
}

# Prints the last lines.
gc_sum() {
    local action count bytes
    local -A counts=([doom]=0 [delete]=0 [forget]=0 [strike]=0 [foreign]=0) sizes=([doom]=0 [delete]=0 [forget]=0)
    while read -r action count bytes; do
        counts[$action]=$count sizes[$action]=$bytes
    done < <(awk -F '\t' '{ n[$1]++; sum[$1] += $3 } END { for (a in n) printf "%s %d %d\n", a, n[a], sum[a] }' \
        "$spool/actions")
    phase_say ''
    if [[ ${option[json]-} ]]; then
        gc_sum_json
    else
        gc_print_waits
        print "$(count_text $((counts[forget] + counts[delete])) object) deleted ($(size_text $((sizes[forget] + sizes[delete])))), \
${counts[doom]} doomed ($(size_text "${sizes[doom]}")), ${counts[strike]} struck off${option[dry-run]+; a dry run: nothing \
was changed}"
    fi
    case ${counts[foreign]} in
    0) ;;
    1) warn "$(target_name "$reference"): 1 object is not zlsnap's and was left alone" ;;
    *) warn "$(target_name "$reference"): ${counts[foreign]} objects are not zlsnap's and were left alone" ;;
    esac
}

# Prints the sums of gc_sum() as JSON.
gc_sum_json() {
    local numbers
    numbers="$((counts[forget] + counts[delete])) $((sizes[forget] + sizes[delete])) ${counts[doom]} ${sizes[doom]} \
${counts[strike]} ${counts[foreign]} $(gc_waits)"
    print "$(jq -nc --arg numbers "$numbers" --arg dry "${option[dry-run]-}" '
        [$numbers | splits(" +") | tonumber] as $n | {deleted: $n[0], deleted_bytes: $n[1], doomed: $n[2], doomed_bytes: $n[3],
        struck_off: $n[4], foreign: $n[5], waiting_snapshots: $n[6], waiting_objects: $n[7],
        waiting_until: (if $n[8] > 0 then $n[8] | todate else null end), dry_run: ($dry != "")}')"
}
