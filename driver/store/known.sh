# shellcheck shell=bash
#
# The packs that a sync builds on: their contents are known, and not stored again. They are in the snapshots that are kept
# and complete; a pack that is doomed or bad is left out. To compact the store, a second walk leaves out more: packs of
# which little is used, and small packs when there are many. What the directory still has of them is stored again.

part store/documents store/snapshot

# A pack of less live bytes than this share of its bytes, in percent, in every snapshot, is left out in compaction.
known_live_least=50

# Packs of fewer bytes than these belong to a tier. A tier that has more packs than known_tier_most is merged.
known_tiers='524288 4194304 33554432'
known_tier_most=8

# Writes the packs to build on to "known" in the spool: PACK INDEX_DIGEST SIZE LIVE TOTAL USED. LIVE is of the snapshot that
# uses most of the pack; USED is 1 if the last snapshot uses it.
known_choose() {
    last=$(tail -n 1 -- "$spool/complete") awk -F '\t' '
        FILENAME == ARGV[1] && $1 ~ "^bad/" { bad[substr($1, 5, 64)] }
        FILENAME == ARGV[2] { complete[$1] }
        FILENAME != ARGV[3] { next }
        $2 == "doomed" && $3 ~ "^packs/" { bad[substr($3, 7, 64)] }
        $2 == "pack" && $1 in complete {
            digest[$3] = $6; size[$3] = $4; total[$3] = $8
            if ($7 > live[$3] + 0)
                live[$3] = $7
            if ($1 == ENVIRON["last"])
                used[$3]
        }
        END {
            for (pack in digest)
                if (!(pack in bad))
                    print pack, digest[pack], size[pack], live[pack], total[pack], pack in used
        }' "$spool/listing" "$spool/complete" "$spool/table" | sort >"$spool/known" ||
        die 1 'the packs cannot be chosen: awk failed'
}

# Whether packs are to be compacted; writes those that are to be left out to "left" in the spool.
known_compact() {
    least=$known_live_least tiers=$known_tiers most=$known_tier_most awk '
        BEGIN { tiers = split(ENVIRON["tiers"], tier, " ") }
        !$6 { next }
        $4 * 100 < ENVIRON["least"] * $5 { print $1; next }
        {
            for (i = 1; i <= tiers; i++)
                if ($3 < tier[i]) {
                    packs[i] = packs[i] $1 "\n"
                    count[i]++
                    break
                }
        }
        END {
            for (i in count)
                if (count[i] > ENVIRON["most"])
                    printf "%s", packs[i]
        }' "$spool/known" >"$spool/left"
    [[ -s $spool/left ]]
}

# known_prepare [LEFT]: makes the state's directory of indexes hold just those of "known", without those in the file LEFT.
known_prepare() {
    local have wanted pack digest
    attempt mkdir -p -- "$state/known"
    sort -- "${1:-/dev/null}" | join -v 1 "$spool/known" - | cut -d ' ' -f 1,2 >"$spool/wanted"
    (cd -- "$state/known" && printf '%s\n' *.index) | sed 's/[.]index$//' >"$spool/have"
    while read -r pack; do
        [[ $pack == '*' ]] || attempt rm -f -- "$state/known/$pack.index"
    done < <(cut -d ' ' -f 1 -- "$spool/wanted" | comm -13 - "$spool/have")
    join -v 1 "$spool/wanted" "$spool/have" >"$spool/absent"
    indexes_fetch "$spool/absent" "$state/known"
}

# Verifies the indexes in the state directory, which a snapshot is about to rely on: removes the wrong ones and returns 1 if
# there are any.
known_verify() {
    local wrong
    wrong=$(cd -- "$state/known" && awk '{ sub("sha256:", "", $2); print $2 "  " $1 ".index" }' "$spool/wanted" |
        sha256sum -c --quiet --ignore-missing 2>/dev/null | sed -n 's/^\([0-9a-f]*[.]index\): .*/\1/p')
    [[ $wrong ]] || return 0
    (cd -- "$state/known" && rm -f -- $wrong)
    warn "$(printable "$state")/known: damaged indexes were removed; they are fetched again"
    return 1
}
