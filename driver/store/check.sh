# shellcheck shell=bash
#
# zlsnap check: whether the store still has all that its documents name. Problems are collected as lines,
# STATUS OBJECT PROBLEM with tabs between, and printed with the snapshots that they break.
#
#   listing, documents      every object is there with its size
#   manifests               have their names as digests; rebuilt, each has the digest that its document says
#   indexes                 decompressed, have the digests that the documents say, and have every content of the manifest
#   packs (--read-data)     have their names as digests; each content that the index promises is there with its digest

part core/options core/pipe core/progress store/signature store/snapshot store/snapshots store/check-data store/check-report

usage_check() {
    cat <<'END'
Usage: zlsnap check [OPTION]... [SERVICE/INSTANCE[@ID|@TIME]] STORE
Check the snapshots of a store, of a name, or one snapshot: their documents, manifests and
indexes, and whether every object is there with its size. Prints each problem with the
snapshots that it breaks, and a summary.

      --read-data              read the packs, too, and verify every content; note damaged
                               packs and manifests in the store, so that the next sync
                               does not build on them
  -n, --dry-run                write nothing into the store
      --json                   print a JSON object for each problem, one a line, and for
                               the summary
  -q, --quiet                  print problems only
END
    usage_signature
    usage_target
    usage_progress
}

command_check() {
    options_read "read-data dry-run json $signature_options $progress_option $target_options" "$@"
    if ((${#operands[@]} == 2)); then
        reference_read_which "${operands[0]}"
        operands=("${operands[1]}")
    fi
    operands_expect STORE
    target_open "${operands[0]}"
    progress_read
    programs_expect zstd jq sha256sum awk sort
    programs_find tarjoin mtreediff
    spool_make "$(temporary_place)" zlsnap-check
    run check_all || exit
    spool_remove
}

# The directory that has the objects of the name that were fetched, or all of them.
check_at=

check_all() {
    local names=("$reference")
    spool_empty_files problems numbers
    if [[ ! $reference ]]; then
        target_list '' "$spool/all"
        mapfile -t names < <(names_list "$spool/all")
        check_count_foreign "${names[@]}" >>"$spool/numbers"
    fi
    for reference in "${names[@]}"; do
        check_name
    done
    check_summary
}

# Checks the name `reference`.
check_name() {
    local dir
    target_place check_at "$reference"
    check_at=${check_at:-$spool}
    check_load
    # The listing is not of one moment: a sync may have put a pack behind it and the document before it.
    [[ ! -s $spool/found ]] || check_load
    check_report
    check_signatures
    check_report
    phase_say "$(reference_print "$reference"): reading manifests and indexes"
    check_manifests
    check_report
    check_indexes
    check_report
    check_snapshots
    check_report
    [[ ! ${option[read-data]-} ]] || check_packs
    check_report
    check_note
    check_count >>"$spool/numbers"
    for dir in manifests packs known only; do
        rm -rf -- "${spool:?}/$dir"
    done
}

# found STATUS OBJECT PROBLEM
found() {
    printf '%s\t%s\t%s\n' "$@" >>"$spool/found"
}

# --------------------------------------------------------------------------- documents and the listing

# Reads the listing and the documents of the name. Writes in the spool:
#
#   kept, chosen   the keys of the snapshots that are kept; and of those that are checked
#   whole          the objects of chosen snapshots that are there with their sizes
#   found          problems
#
# and makes these empty: "harmed", the keys of snapshots that have a problem; "damage", the problems of the
# name; "sound", the digests of objects that have been verified.
check_load() {
    target_list "$reference" "$spool/listing"
    [[ -s $spool/listing ]] || die 1 "$(reference_print "$reference"): $(target_name '') has no such name"
    documents_load "$reference"
    snapshot_resolve
    attempt sort -s -t $'\t' -k 1,1 -o "$spool/table" -- "$spool/table"
    spool_empty_files harmed damage sound
    awk -F '\t' '
        FILENAME == ARGV[1] { forgotten[$1]; next }
        $2 == "snapshot" && !($1 in forgotten) { print $1 }' "$spool/forgotten" "$spool/table" | sort >"$spool/kept"
    grep -- "Z-${reference_which}[0-9a-f]*[.]json\$" "$spool/kept" >"$spool/chosen"
    check_listed >"$spool/found" || die 1 'the documents cannot be compared with the listing: awk failed'
    if [[ $reference_which && ! -s $spool/chosen && ! -s $spool/found ]]; then
        die 1 "$(reference_print "$reference"): has no snapshot $reference_which; zlsnap snapshots lists the snapshots"
    fi
}

# Prints the problems that the documents and the listing show; writes "whole".
check_listed() {
    : >"$spool/whole"
    which="Z-${reference_which}[0-9a-f]*[.]json\$" data=${option[read-data]-} whole=$spool/whole awk -F '\t' -v OFS='\t' '
        function need(object, size, digest,  hex) {
            if ((object, size) in seen)
                return
            seen[object, size]
            hex = substr(object, index(object, "/") + 1, 64)
            if (!(object in sizes))
                print 1, object, "is missing"
            else if (sizes[object] != size)
                print 3, object, "has " sizes[object] " bytes, not " size
            else {
                if (object ~ /^packs/ && object !~ /index/ && !ENVIRON["data"] && ("bad/" hex ".json") in sizes)
                    print 4, object, "was found damaged by an earlier check"
                print object >ENVIRON["whole"]
            }
        }
        FILENAME == ARGV[1] { sizes[$1] = $2; if ($1 ~ /^snapshots\//) documents++; next }
        FILENAME == ARGV[2] { chosen[$1]; next }
        $2 == "malformed" && $1 ~ (ENVIRON["which"] "|^doomed/") { print 3, $1, "is malformed: " $3 }
        !($1 in chosen) { next }
        '"$documents_needs"'
        END {
            if (!documents)
                print 1, "snapshots", "no document is there: the first sync was interrupted, or all were lost"
        }' "$spool/listing" "$spool/chosen" "$spool/table"
}

# check_fetch OBJECT...: fetches the objects of one directory unless they can be read in place. That one
# cannot be fetched is a problem.
check_fetch() {
    local object said
    [[ $check_at == "$spool" && $# -gt 0 ]] || return 0
    attempt mkdir -p -- "$spool/${1%%/*}"
    (messages_join && target_get "$reference" "$spool/${1%%/*}" "$@") >/dev/null && return
    for object; do
        [[ ! -e $spool/$object ]] || continue
        said=$(messages_join && target_get "$reference" "$spool/${object%%/*}" "$object")
        if [[ $said == *'the command of --open '@(failed|was killed)* ]]; then
            found 4 "$object" 'is damaged: the command of --open fails'
        elif [[ $said ]]; then
            found 1 "$object" "cannot be read: ${said##*: }"
        fi
    done
}

# check_unreadable OBJECT: whether it cannot be read, which is a problem; of one that could not be fetched, it
# is known.
check_unreadable() {
    local said
    [[ $check_at != "$spool" || -e $check_at/$1 ]] || return 0
    said=$(cat -- "$check_at/$1" 2>&1 >/dev/null) && return 1
    found 1 "$1" "cannot be read: ${said##*: }"
}

# With --verify, whether the documents have a valid signature.
check_signatures() {
    local command=${option[verify]-${ZLSNAP_VERIFY-}} keys key said status
    mapfile -t keys <"$spool/chosen"
    [[ $command && ${#keys[@]} -gt 0 ]] || return 0
    phase_say "$(reference_print "$reference"): verifying signatures"
    attempt mkdir -p -- "$spool/snapshots"
    target_get "$reference" "$spool/snapshots" "${keys[@]}"
    for key in "${keys[@]}"; do
        snapshot_read "$key"
        said=$(messages_join && signature_check "$command")
        status=$?
        case $status in
        0) ;;
        [34]) found "$status" "$key" "${said##*"$key: "}" ;;
        *) die 1 "${said#zlsnap: }" ;;
        esac
    done
    rm -rf -- "${spool:?}/snapshots"
}

# --------------------------------------------------------------------------- manifests and indexes

# Whether the manifests and chunk maps have their names as digests.
check_manifests() {
    local objects object
    mapfile -t objects < <(grep '^manifests/' "$spool/whole" | sort -u)
    check_fetch "${objects[@]}"
    printf '%s\n' "${objects[@]}" | (cd -- "$check_at" && xargs -r -d '\n' sha256sum --) |
        awk '{ print (index($2, $1) ? "sound" : "damaged") "\t" $2 }' >"$spool/sums"
    for object in "${objects[@]}"; do
        case $(grep -- "$object" "$spool/sums") in
        sound*) printf '%s\n' "${object:10:64}" >>"$spool/sound" ;;
        damaged*) found 4 "$object" 'is damaged: its digest is not its name' ;;
        *) check_unreadable "$object" ;;
        esac
    done
}

# Whether the indexes have the digests that the documents say, and are indexes. Sound ones become
# known/PACK.index in the spool.
check_indexes() {
    local pack digest total objects
    attempt mkdir -p -- "$spool/known"
    awk -F '\t' -v OFS='\t' '
        FILENAME == ARGV[1] { whole[$1]; next }
        FILENAME == ARGV[2] { chosen[$1]; next }
        $2 == "pack" && $1 in chosen && ("packs/" $3 ".index.zst") in whole { print $3, $6, $8 }
        ' "$spool/whole" "$spool/chosen" "$spool/table" | sort -u >"$spool/indexes"
    mapfile -t objects < <(cut -f 1 -- "$spool/indexes" | sed 's|.*|packs/&.index.zst|' | sort -u)
    check_fetch "${objects[@]}"
    while IFS=$'\t' read -r pack digest total; do
        check_index "$pack" "$digest" "$total"
    done <"$spool/indexes"
    [[ $check_at != "$spool" ]] || rm -rf -- "${spool:?}/packs"
}

# check_index PACK DIGEST TOTAL
check_index() {
    local object=packs/$1.index.zst index=$spool/known/$1.index
    ! check_unreadable "$object" || return 0
    if ! index_unpack "$check_at/$object" "$index"; then
        found 3 "$object" "is malformed: $(<"$spool/said")"
    elif ! manifest_check "$index" "$2"; then
        found 4 "$object" 'is damaged: it does not have the digest that the document says'
    elif ! pack=$1 total=$3 awk "$check_index_form" "$index"; then
        found 3 "$object" 'is malformed: it is not the sorted index of its pack'
    else
        return
    fi
    attempt rm -f -- "$index"
}

# Whether a file is an index: lines of one length, in the order of the digests, and every content is within
# the pack.
# shellcheck disable=SC2016 # for awk
check_index_form='
    length($0) != 86 || NF != 3 { exit wrong = 1 }
    NR == 1 { size = $3; if ($1 != "#index" || $2 != ENVIRON["pack"] || size + 0 != ENVIRON["total"]) exit wrong = 1; next }
    length($1) != 64 || $1 ~ /[^0-9a-f]/ || $1 "" <= last || ($2 $3) ~ /[^0-9]/ || $3 < 1 || $2 + $3 > size + 0 { exit wrong = 1 }
    { last = $1 "" }
    END { exit wrong || NR == 0 }'

# --------------------------------------------------------------------------- snapshots

# Whether the manifests of the snapshots have their digests, and whether every content is in a pack of the
# snapshot.
check_snapshots() {
    local keys key kind sound
    mapfile -t keys < <(sort -u -- "$spool/harmed" | comm -23 "$spool/chosen" -)
    for key in "${keys[@]}"; do
        snapshot_read "$key"
        sound=yes
        for kind in manifest chunks; do
            check_rebuild "$kind" "$spool/$kind" || sound=
        done
        [[ ! $sound ]] || check_contents_known
    done
}

# check_rebuild KIND FILE: makes the manifest or chunk map of the snapshot; returns 1 with a problem unless it
# has its digest.
check_rebuild() {
    local digest=${snapshot[tree]} objects word=manifest
    [[ $1 == manifest ]] || digest=${snapshot[chunks]} word='chunk map'
    : >"$2" || spool_failed 'the spool cannot be written'
    [[ $digest != - ]] || return 0
    mapfile -t objects < <(snapshot_lines "$1" 1)
    if ! manifest_build "$2" "${objects[@]/#/"$check_at/"}"; then
        found 3 "${snapshot[key]}" "is malformed: its $word cannot be rebuilt: $(said_last "$spool/said")"
        return 1
    fi
    manifest_check "$2" "$digest" && return
    found 4 "${snapshot[key]}" "is damaged: its $word does not have the digest that it says"
    return 1
}

# Whether every content of the manifest is in a pack of the snapshot, by its indexes.
check_contents_known() {
    local packs arguments=() status
    rm -rf -- "${spool:?}/only"
    attempt mkdir -- "$spool/only"
    mapfile -t packs < <(snapshot_lines pack 1)
    packs=("${packs[@]/%/.index}")
    ((${#packs[@]} == 0)) || attempt ln -t "$spool/only" -- "${packs[@]/#/"$spool/known/"}"
    [[ ! -s $spool/chunks ]] || arguments=(--chunks="$spool/chunks")
    "$tarjoin" --needs --indexes="$spool/only" "${arguments[@]}" <"$spool/manifest" >"$spool/needs" 2>"$spool/said"
    status=$?
    case $status in
    0) ;;
    3 | 4) found 3 "${snapshot[key]}" "does not name all packs that it needs: $(said_last "$spool/said")" ;;
    *) die 1 "$(said_last "$spool/said")" ;;
    esac
}
