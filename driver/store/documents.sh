# shellcheck shell=bash
#
# The documents of a name: which snapshots it has, what they need, and which of them are complete. A document
# is one JSON object, written once and never changed. Here it becomes lines of text, with tabs, which awk
# joins with the listing of the store. The first field is the key of the document:
#
#   KEY snapshot SEQUENCE TIME ID HOST DIRECTORY TREE CHUNKS ENTRIES SIZE ADDED OPTIONS
#   KEY signed                    if it has a signature
#   KEY manifest OBJECT SIZE      its manifest: first a whole one, then deltas to be applied
#   KEY chunks OBJECT SIZE        the same for its chunk map
#   KEY pack PACK SIZE INDEX_SIZE INDEX_DIGEST LIVE TOTAL
#   KEY doomed OBJECT             of a document in doomed/: gc may delete the object, or a snapshot is forgotten
#   KEY document SIZE             of each document; SIZE is that of the listing
#   KEY malformed PROBLEM
#
# CHUNKS is "-" if no file is large. HOST, DIRECTORY and OPTIONS are JSON, so that they contain no tab and no
# newline.

part core/json core/spool store/target

# The table of documents that were read before, compressed by zstd, whose checksum it has: a file in the state
# directory, or empty.
documents_known=

# The form of the names of documents, without their directory. They are sorted as text, so that all numbers have one length.
document_form='[0-9]{8}-[0-9]{8}T[0-9]{6}Z-[0-9a-f]{12}[.]json'

# document_number VARIABLE DIR: sets the variable to the number of the next document in DIR: one more than the
# highest that documents_load() found, of broken and forgotten ones, too; 0 if there is none.
document_number() {
    local dir highest
    printf -v "$1" 0
    while IFS=$'\t' read -r dir highest; do
        [[ $dir != "$2" ]] || printf -v "$1" '%d' $((10#$highest + 1))
    done <"$spool/highest"
}

# document_number_check NUMBER DIR CONSEQUENCE: ends the driver if numbers have no more digits.
document_number_check() {
    (($1 <= 99999999)) || die 1 "$(target_name "$reference/$2"): has a document with the number 99999999, behind which \
no other can follow; $3; it is not of zlsnap: remove it"
}

# document_id VARIABLE: sets the variable to a new ID.
document_id() {
    local random
    read -r random </proc/sys/kernel/random/uuid
    random=${random//-/}
    printf -v "$1" '%s' "${random:0:12}"
}

# document_file VARIABLE NUMBER TIME ID: sets the variable to the name of the document, see document_form; TIME
# is as in the document.
document_file() {
    printf -v "$1" '%08d-%s-%s.json' "$2" "${3//[-:]/}" "$4"
}

# For awk programs that read the table: calls their function need(OBJECT, SIZE, DIGEST) for each object that the snapshot
# $1 needs; DIGEST is that of an index, else empty.
documents_needs='
    $2 == "manifest" || $2 == "chunks" { need($3, $4) }
    $2 == "pack" { need("packs/" $3 ".zst", $4); need("packs/" $3 ".index.zst", $5, $6) }
'

# documents_load PREFIX: reads all documents of a name, whose listing is in the spool, and judges them. Writes
# in the spool:
#
#   table       the lines above
#   missing     the keys of the documents that it had to read, since documents_known did not have them
#   dropped     the keys of those that documents_known had, but the store has not any more
#   highest     DIR NUMBER: the highest number of the documents in this directory
#   complete    the keys of snapshots that are kept and complete, in their order
#   damaged     KEY PROBLEM: of those that need an object that check has found damaged
#   broken      KEY PROBLEM: of snapshots that are kept and lack an object; and of malformed documents
#   forgotten   the keys of snapshots that are not kept
documents_load() {
    local missing
    spool_empty_files table missing dropped
    zstd -q -dc -- "$documents_known" >"$spool/table.known" 2>/dev/null || : >"$spool/table.known"
    documents_judge "$spool/table.known" "$spool/table"
    mapfile -t missing <"$spool/missing"
    if ((${#missing[@]})); then
        documents_fetch "$1" "${missing[@]}"
        documents_judge "$spool/table"
    fi
}

# documents_keep: writes the table for later runs.
documents_keep() {
    attempt zstd -q -f -1 -o "$spool/table.kept" -- "$spool/table"
    attempt mv -fT -- "$spool/table.kept" "$documents_known"
}

# documents_fetch PREFIX KEY...: adds these documents to the table. One that is gone meanwhile is left out.
documents_fetch() {
    local kind keys
    for kind in snapshots doomed; do
        mapfile -t keys < <(printf '%s\n' "${@:2}" | grep "^$kind/")
        ((${#keys[@]})) || continue
        attempt mkdir -- "$spool/$kind"
        target_get "$1" "$spool/$kind" "${keys[@]}"
        find "$spool/$kind" -type f -size -64M ! -empty -print0 | name=$1 kind=$kind documents_flatten || exit
        find "$spool/$kind" -type f \( -empty -o ! -size -64M \) \
            -printf "$kind/%P\\tmalformed\\tit is empty or larger than 63 MiB\\n" >>"$spool/table" ||
            spool_failed 'the spool cannot be written'
        rm -rf -- "${spool:?}/$kind"
    done
}

# Appends the lines of the files whose names are on standard input. jq stops where one of them is no JSON, and
# joins what is cut with the next one. What else lets it fail says nothing about a document.
documents_flatten() {
    local files file status sealed=
    [[ $target_unseal ]] || sealed='; if the name is sealed, give --open'
    mapfile -d '' -t files
    ((${#files[@]})) || return 0
    : >"$spool/flat"
    if documents_lines "${files[@]}" >"$spool/lines" 2>/dev/null && documents_count "${#files[@]}"; then
        mv -T -- "$spool/lines" "$spool/flat"
    else
        for file in "${files[@]}"; do
            documents_lines "$file" >"$spool/lines" 2>/dev/null
            status=$?
            ((status == 0 || status == 5)) ||
                spool_failed "the documents of the store cannot be read: jq $(end_text "$status")"
            if ((status)); then
                printf '%s\tmalformed\tit is not JSON%s\n' "$kind/${file##*/}" "$sealed" >"$spool/lines"
            elif ! documents_count 1; then
                printf '%s\tmalformed\tit is not one JSON object\n' "$kind/${file##*/}" >"$spool/lines"
            fi
            cat "$spool/lines" >>"$spool/flat" || spool_failed 'the spool cannot be written'
        done
    fi
    awk -F '\t' -v OFS='\t' 'NR == FNR { size[$1] = $2; next } $2 == "document" { $3 = size[$1] } { print }' \
        "$spool/listing" "$spool/flat" >>"$spool/table" || spool_failed 'the documents cannot be read: awk failed'
}

# documents_count NUMBER: whether "lines" has just one document for each of so many keys.
documents_count() {
    number=$1 awk -F '\t' '$2 == "document" { count += seen[$1]++ ? 2 : 1 } END { exit count != ENVIRON["number"] }' "$spool/lines"
}

# documents_lines FILE...
documents_lines() {
    jq -rn --arg name "$name" --arg kind "$kind" "$json_definitions $document_definitions"'
        inputs | . as $document | input_filename | split("/")[-1] | "\($kind)/\(.)" as $key
        | [$document] | (if $kind == "snapshots" then snapshot_problem($name; $key) else doomed_problem($name) end) as $problem
        | $document
        | [$key, "document"],
          if $problem then [$key, "malformed", $problem]
          elif $kind == "doomed" then .objects[] as $object | [$key, "doomed", $object]
          else
              [$key, "snapshot", .sequence, .time, .id, (.host, .directory | tojson), .tree_digest, .chunks_digest // "-", .entries,
                  .size_bytes, .added_bytes, (.options | tojson)],
              (if .signature // "" != "" then [$key, "signed"] else empty end),
              (.manifest[] as $o | [$key, "manifest", $o.object, $o.size_bytes]),
              (.chunks[] as $o | [$key, "chunks", $o.object, $o.size_bytes]),
              (.packs[] as $p | [$key, "pack", $p.pack, $p.size_bytes, $p.index_size_bytes, $p.index_digest,
                  $p.live_bytes, $p.total_bytes])
          end
        | map(tostring) | join("\t")' "$@"
}

document_definitions='
    def hex($n): type == "string" and test("\\A[0-9a-f]{\($n)}\\z");
    def manifests: type == "array" and all(type == "object" and (.size_bytes | count)
        and (.object | type == "string" and test("\\Amanifests/[0-9a-f]{64}\\.zst\\z")));
    def packs: type == "array" and all(type == "object" and (.pack | hex(64)) and (.index_digest | digest)
        and (.size_bytes | count) and (.index_size_bytes | count) and (.live_bytes | count) and (.total_bytes | count));
    def document_name:
        (.sequence | tostring | ("00000000"[length:] + .)) + "-" + (.time | gsub("[-:]"; "")) + "-" + .id + ".json";
    def snapshot_problem($name; $key):
        problem(wrong("name"; . == $name), wrong("sequence"; count), wrong("id"; hex(12)), wrong("time"; text),
            wrong("host"; type == "string"), wrong("directory"; type == "string"),
            wrong("signature"; . == null or type == "string"), wrong("options"; type == "array" and all(type == "string")),
            wrong("tree_digest"; digest), wrong("chunks_digest"; . == null or digest), wrong("entries"; count),
            wrong("size_bytes"; count), wrong("added_bytes"; count), wrong("manifest"; manifests and length > 0),
            wrong("chunks"; manifests), wrong("packs"; packs))
        // (.[0] | if $key != "snapshots/\(document_name)" then "it belongs to snapshots/\(document_name)" else null end);
    def doomed_problem($name):
        problem(wrong("name"; . == $name), wrong("objects"; type == "array" and all(type == "string"
            and test("\\A(packs|manifests|snapshots|bad|doomed)/[A-Za-z0-9.-]+\\z"))));
'

# documents_print FILE: prints a file of the spool, the output of a command. If the reader has closed the pipe, it ends
# the driver without a message.
documents_print() {
    local status
    cat -- "$spool/$1"
    status=$?
    ((status != 141)) || exit 141
    ((status == 0)) || die 1 'cannot write to standard output'
}

# Prints the keys of complete snapshots that are not damaged, in their order.
documents_sound() {
    cut -f 1 -- "$spool/damaged" | comm -23 -- "$spool/complete" -
}

# documents_judge TABLE [TAKEN]: compares what the snapshots need with the listing. With TAKEN, TABLE is of an
# earlier listing: the lines of documents that are still listed, with the size that they had, are taken to that
# file; the others are "missing", as are malformed ones, which are read again.
documents_judge() {
    spool_empty_files highest complete damaged broken forgotten
    dir=$spool/ taken=${2-} form="^(snapshots|doomed)/$document_form\$" awk -F '\t' -v OFS='\t' '
        function need(object, size, digest) {
            if (!($1 in damaged) && ("bad/" substr(object, index(object, "/") + 1, 64) ".json") in sizes)
                damaged[$1] = object " was found damaged by an earlier check"
            if ($1 in broken || (object in sizes && sizes[object] == size))
                return
            broken[$1] = object in sizes ? object " has " sizes[object] " bytes, not " size : object " is missing"
        }
        BEGIN { dir = ENVIRON["dir"]; taken = ENVIRON["taken"] }
        pass == 1 { sizes[$1] = $2 }
        pass == 1 && $1 ~ ENVIRON["form"] { keys[++count] = $1 }
        pass == 2 && $2 == "document" { known[$1] = $1 in sizes && sizes[$1] == $3 }
        pass == 2 && $2 == "malformed" { known[$1] = 0 }
        pass != 3 || taken != "" && !known[$1] { next }
        taken != "" { print >taken }
        $2 == "snapshot" { snapshots[$1] }
        '"$documents_needs"'
        $2 == "doomed" { doomed[$3] }
        $2 == "malformed" { malformed[$1] = $3 }
        END {
            for (i = 1; i <= count; i++) {
                key = keys[i]
                split(key, part, "[/-]")
                numbers[part[1]] = part[2]
                if (taken != "" && sizes[key] > 66060288) {
                    malformed[key] = "it is empty or larger than 63 MiB"
                    print key, "malformed", malformed[key] >taken
                }
                if (taken != "" && !known[key] && !(key in malformed))
                    print key >(dir "missing")
                else if (key in malformed)
                    print key, malformed[key] >(dir "broken")
                else if (key in snapshots && key in doomed)
                    print key >(dir "forgotten")
                else if (key in snapshots && key in broken)
                    print key, broken[key] >(dir "broken")
                else if (key in snapshots) {
                    print key >(dir "complete")
                    if (key in damaged)
                        print key, damaged[key] >(dir "damaged")
                }
            }
            for (name in numbers)
                print name, numbers[name] >(dir "highest")
            if (taken != "")
                for (key in known)
                    if (!(key in sizes))
                        print key >(dir "dropped")
        }' pass=1 "$spool/listing" pass=2 "${2:+$1}" pass=3 "$1" ||
        spool_failed 'the documents cannot be compared with the listing: awk failed'
}
