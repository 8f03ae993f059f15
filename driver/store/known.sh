# shellcheck shell=bash
#
# The packs that a sync builds on: their contents are known, and not stored again. They are in the snapshots
# that are kept and complete; a pack that is doomed or bad is left out. To compact the store, a second walk
# leaves out more: packs of which little is used, and small packs when there are many. What the directory
# still has of them is stored again.

part store/documents store/snapshot

# A pack of less live bytes than this share of its bytes, in percent, in every snapshot, is left out in
# compaction.
known_live_least=50

# Packs of fewer bytes than these belong to a tier. A tier that has more packs than known_tier_most is merged.
known_tiers='524288 4194304 33554432'
known_tier_most=8

# Writes the packs to build on to "known" in the spool: PACK INDEX_DIGEST SIZE LIVE TOTAL USED. LIVE is of the
# snapshot that uses most of the pack; USED is 1 if the last snapshot uses it. The other packs that the last
# snapshot uses are in "repair", with damaged objects of its manifest and chunk map. The snapshots that have
# such objects are in "unbased": no delta is made against them. Packs that compaction is to leave out are in "left".
known_choose() {
    spool_empty_files repair unbased left
    repair=$spool/repair unbased=$spool/unbased left=$spool/left \
        least=$known_live_least tiers=$known_tiers most=$known_tier_most awk -F '\t' '
        FILENAME == ARGV[1] && $1 ~ "^bad/" { bad[substr($1, 5, 64)] }
        FILENAME == ARGV[1] && $1 ~ "^packs/[^.]*[.]zst$" { packs[++count] = substr($1, 7, 64) }
        FILENAME == ARGV[2] { complete[last = $1] }
        FILENAME != ARGV[3] { next }
        $2 == "doomed" && $3 ~ "^packs/" { bad[substr($3, 7, 64)] }
        ($2 == "manifest" || $2 == "chunks") && substr($3, 11, 64) in bad {
            print $1 >ENVIRON["unbased"]
            if ($1 == last)
                print $3 >ENVIRON["repair"]
        }
        $2 == "pack" && $1 in complete {
            digest[$3] = $6; size[$3] = $4; total[$3] = $8
            if ($7 > live[$3] + 0)
                live[$3] = $7
            if ($1 == last)
                used[$3]
        }
        # A pack that the last snapshot uses: little of it, or one of its tier.
        function judge(pack,  i) {
            if (live[pack] * 100 < ENVIRON["least"] * total[pack]) {
                print pack >ENVIRON["left"]
                return
            }
            for (i = 1; i <= tiers && size[pack] >= tier[i]; i++)
                ;
            members[i] = members[i] pack "\n"
            number[i]++
        }
        END {
            tiers = split(ENVIRON["tiers"], tier, " ")
            for (i = 1; i <= count; i++) {
                pack = packs[i]
                if (pack in used && !(pack in bad))
                    judge(pack)
                if (pack in digest && !(pack in bad))
                    print pack, digest[pack], size[pack], live[pack], total[pack], pack in used
                else if (pack in used)
                    print pack >ENVIRON["repair"]
            }
            for (i = 1; i <= tiers; i++)
                if (number[i] > ENVIRON["most"] + 0)
                    printf "%s", members[i] >ENVIRON["left"]
        }' "$spool/listing" "$spool/complete" "$spool/table" >"$spool/known" ||
        die 1 'the packs cannot be chosen: awk failed'
}

# The state has the plan of the last sync: the options of the last snapshot, and a line PACK INDEX_DIGEST for
# each index in known/, sorted. Returns 1 if there is none, or if known/ has other indexes; else takes the
# options.
known_guess() {
    local options='' pack wanted=() have=("$state/known"/*.index)
    { read -r options && while read -r pack _; do
        wanted+=("$state/known/$pack.index")
    done; } 2>/dev/null <"$state/plan"
    [[ $options && ${have[*]} == "${wanted[*]-"$state/known/*.index"}" ]] || return
    # Options that are refused are reported later, if this is still the last snapshot.
    [[ $options == "$shaping_json" ]] || (options_take "$options") {messages}>/dev/null && options_take "$options"
}

# known_plan: prints the plan that fits the last snapshot and "known".
known_plan() {
    local pack digest
    printf '%s\n' "${snapshot[options]}"
    while read -r pack digest _; do
        printf '%s %s\n' "$pack" "$digest"
    done <"$spool/known"
}

# Whether known_guess() was wrong; the plan that fits is in the spool.
known_has_changed() {
    local right guessed
    IFS='' read -r -d '' right <"$spool/plan"
    IFS='' read -r -d '' guessed <"$state/plan"
    [[ $right != "$guessed" ]]
}

# Makes known/ hold just the indexes of "known", and writes the plan.
known_prepare() {
    attempt mkdir -p -- "$state/known"
    attempt rm -f -- "$state/plan"
    (cd -- "$state/known" && printf '%s\n' *.index) | sed 's/[.]index$//' >"$spool/have"
    (cd -- "$state/known" && cut -d ' ' -f 1 -- "$spool/known" | comm -13 - "$spool/have" | sed 's/$/.index/' |
        xargs -r rm -f --) || die 1 "$(printable "$state")/known: cannot be emptied"
    join -v 1 "$spool/known" "$spool/have" >"$spool/absent"
    indexes_fetch "$spool/absent" "$state/known"
    known_plan >"$state/plan" || spool_failed "$(printable "$state"): cannot be written"
}

# Adds the new packs to the plan, as the next sync will find them in the document.
known_extend() {
    {
        printf '%s\n' "$shaping_json"
        awk '{ print $1, $(FILENAME == ARGV[1] ? 2 : 4) }' "$spool/known" "$spool/packs" | sort -u
    } >"$state/plan" || spool_failed "$(printable "$state"): cannot be written"
}

# Leaves the packs of "left" out of known/ until known_return(), and those that the last snapshot does not
# use, which may have the same contents: the next walk stores these again.
known_leave() {
    local pack indexes=()
    attempt mkdir -- "$spool/aside"
    while read -r pack; do
        [[ ! -e $state/known/$pack.index ]] || indexes+=("$state/known/$pack.index")
    done < <(awk 'NR == FNR { left[$1]; next } !$6 || $1 in left { print $1 }' "$spool/left" "$spool/known")
    ((${#indexes[@]} == 0)) || attempt mv -- "${indexes[@]}" "$spool/aside/"
}

known_return() {
    local indexes=("$spool/aside"/*)
    [[ ! -e ${indexes[0]} ]] || attempt mv -- "${indexes[@]}" "$state/known/"
}

# Verifies the indexes of known/, which a snapshot is about to rely on; removes those that are wrong, and
# returns 1 if there are any: the tree has to be walked again.
known_verify() {
    local wrong
    wrong=$(cd -- "$state/known" && awk '{ sub("sha256:", "", $2); print $2 "  " $1 ".index" }' "$spool/known" |
        sha256sum -c --quiet --ignore-missing 2>/dev/null)
    [[ $wrong ]] || return 0
    (cd -- "$state/known" && printf '%s\n' "$wrong" | sed 's/: [A-Z ]*$//' | xargs rm -f --)
    warn "$(printable "$state")/known: had damaged indexes, which are fetched again"
    return 1
}
