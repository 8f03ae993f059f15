# Writes the document of a new snapshot to standard output, and its lines to the table; see store/documents. Input:
#
#   pass=1   KEY SIZE TIME of the objects that the store had before
#   pass=2   KEY VALUE: the first keys of the document; the values are JSON
#   pass=3   OBJECT SIZE: the manifest
#   pass=4   OBJECT SIZE: the chunk map
#   pass=5   PACK SIZE INDEX_SIZE INDEX_DIGEST LIVE TOTAL
#
# ENVIRON: key, of the document; the files table; expected, for OBJECT SIZE of all that the snapshot needs; and sum, for the
# bytes of those that the store did not have, and the size of the document. Fails if a line is not understood.

function expect(object, size) {
    print object, size >ENVIRON["expected"]
    if (!(object in listed))
        added += size
}

# An object of the manifest or the chunk map.
function object(kind) {
    if ($0 !~ /^manifests\/[0-9a-f]+[.]zst [0-9]+$/ || length($1) != 78)
        exit failed = 1
    expect($1, $2)
    rows = rows ENVIRON["key"] OFS kind OFS $1 OFS $2 "\n"
    return "{\"object\":\"" $1 "\",\"size_bytes\":" $2 "}"
}

function pack() {
    if ($0 !~ /^[0-9a-f]+ [0-9]+ [0-9]+ sha256:[0-9a-f]+ [0-9]+ [0-9]+$/ || length($1) != 64 || length($4) != 71)
        exit failed = 1
    expect("packs/" $1 ".zst", $2)
    expect("packs/" $1 ".index.zst", $3)
    rows = rows ENVIRON["key"] OFS "pack" OFS $1 OFS $2 OFS $3 OFS $4 OFS $5 OFS $6 "\n"
    return "{\"pack\":\"" $1 "\",\"size_bytes\":" $2 ",\"index_size_bytes\":" $3 ",\"index_digest\":\"" $4 \
        "\",\"live_bytes\":" $5 ",\"total_bytes\":" $6 "}"
}

# The text of a JSON string without escapes, "-" for null.
function text(value) {
    return value == "null" ? "-" : substr(value, 2, length(value) - 2)
}

# Adds an item to the text of an array.
function item(array, value) {
    return array (array == "" ? "" : ",") value
}

BEGIN { OFS = "\t" }

pass == 1 { listed[$1] }
pass == 2 { value[$1] = $2; keys = item(keys, "\"" $1 "\":" $2) }
pass == 3 { manifest = item(manifest, object("manifest")) }
pass == 4 { chunks = item(chunks, object("chunks")) }
pass == 5 { packs = item(packs, pack()) }

END {
    if (failed || manifest == "")
        exit 1
    added = sprintf("%.0f", added)
    document = "{" keys ",\"added_bytes\":" added ",\"manifest\":[" manifest "],\"chunks\":[" chunks "],\"packs\":[" packs "]}"
    print document
    print ENVIRON["key"], "snapshot", value["sequence"], text(value["time"]), text(value["id"]), value["host"], value["directory"], \
        text(value["tree_digest"]), text(value["chunks_digest"]), value["entries"], value["size_bytes"], added, \
        value["options"] >>ENVIRON["table"]
    if ("signature" in value)
        print ENVIRON["key"], "signed" >>ENVIRON["table"]
    printf "%s", rows >>ENVIRON["table"]
    print added, length(document) + 1 >ENVIRON["sum"]
}
