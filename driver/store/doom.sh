# shellcheck shell=bash
#
# What forget and gc share: documents in doomed/, which say what gc may delete.

part core/json store/documents store/name

# How far the time of a document may be ahead of the clock of the store, in seconds. An S3 store rounds up to
# a minute.
doom_tolerance=300

# What forget --all dooms besides the snapshots: that no snapshot is left is then no sign of a loss.
doom_all=snapshots/all

# At most so many objects are in one document, which is then far smaller than documents may be.
doom_most=100000

# doom_read: lists the store and reads the documents of `reference`.
doom_read() {
    target_list "$reference" "$spool/listing"
    documents_load "$reference"
}

# doom_expect [KEY]...: ends the driver unless all listed documents were read and understood, for they say
# what is needed. A snapshot that is forgotten, or one of these KEYs, needs nothing.
doom_expect() {
    local problem
    problem=$(form="^(snapshots|doomed)/$document_form\$" except=$* awk -F '\t' '
        FILENAME == ARGV[1] && $1 ~ ENVIRON["form"] { listed[$1] }
        FILENAME == ARGV[1] && $1 !~ ENVIRON["form"] && $1 ~ "^(snapshots|doomed)/[0-9]+-.*[.]json$" {
            print $1 ": its name is not understood; is it of a newer version?"
        }
        FILENAME == ARGV[1] { next }
        { read[$1] }
        $2 == "malformed" { problem[$1] = $3 }
        $2 == "doomed" { forgotten[$3] }
        END {
            split(ENVIRON["except"], keys, " ")
            for (i in keys)
                forgotten[keys[i]]
            for (key in listed)
                if (!(key in forgotten) && (key in problem || !(key in read)))
                    print key ": " (key in problem ? problem[key] : "is listed, but could not be read")
        }' "$spool/listing" "$spool/table" | sort | sed -n 1p) || die 1 'the documents cannot be compared: awk failed'
    [[ ! $problem ]] || die 3 "$(target_name "$reference")/$problem; nothing was changed"
}

# doom_write FILE: writes documents to the store that name the objects in the lines of FILE.
doom_write() {
    local number time id name file
    document_number number doomed
    time=$(date -u +%Y-%m-%dT%H:%M:%SZ)
    attempt split -a 4 -l "$doom_most" -- "$1" "$spool/doomed-"
    for file in "$spool"/doomed-*; do
        document_number_check "$number" doomed 'nothing was changed'
        document_id id
        document_file name "$number" "$time" "$id"
        jq -Rcn --arg name "$reference" --arg time "$time" \
            '{schema_version: 1, name: $name, time: $time, objects: [inputs]}' <"$file" | store "$spool/$name" || exit
        [[ -s $spool/$name ]] || die 1 'the document cannot be written by jq'
        target_put "$reference/doomed" "$spool/$name"
        attempt rm -f -- "$file" "$spool/$name"
        number=$((number + 1))
    done
}
