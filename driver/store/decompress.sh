# shellcheck shell=bash
#
# Objects that are decompressed to a file: manifests, chunk maps and indexes. An attacker with access to the
# store can make 100 KB of zstd that decompress to gigabytes, so their size is limited, far above that of real ones.

part core/spool core/verdict store/damage

# The limit for a manifest or a chunk map, in KiB: so much, and so many KiB for each KiB of its objects. Those of a million
# empty files with long names, the most compressible ones, have about 60.
text_least=262144
text_ratio=256

# The limit for an index, in KiB for each KiB: of the 87 bytes of a line, the digest has 32 that cannot be compressed.
index_ratio=4

# decompress_limit KIB: no program that this subshell starts writes more to a file. A lower limit of the user stays.
decompress_limit() {
    ulimit -S -f "$1" || return 0
}

# decompress_failed KIB FILE STATUS...: after a program failed that wrote the FILE with this limit: returns 1 if its input
# was wrong, with the reason in "said"; else ends the driver.
decompress_failed() {
    local size status
    file_size size "$2"
    if ((size >= $1 * 1024)); then
        echo "it decompresses to more than $1 KiB" >"$spool/said"
        return 1
    fi
    spool_check
    for status in "${@:3}"; do
        ((status < 126 || status == 141)) || die 1 "$(target_name "$reference"): zstd or mtreediff $(end_text "$status")"
    done
    return 1
}

# manifest_build FILE OBJECT...: makes a manifest or a chunk map of its objects, paths of files: the first one is whole,
# the next ones are deltas. Returns 1 if one is wrong, with the reason in "said".
manifest_build() {
    local file=$1 object size statuses limit=$text_least
    : >"$file" || spool_failed 'the spool cannot be written'
    for object in "${@:2}"; do
        file_size size "$object"
        limit=$((limit + size * text_ratio / 1024))
        if [[ -s $file ]]; then
            zstd -q -dc 2>"$spool/said" <"$object" |
                (decompress_limit "$limit" && exec "$mtreediff" --apply -- "$file") 2>>"$spool/said" >"$file.new"
        else
            (decompress_limit "$limit" && exec zstd -q -dc) 2>"$spool/said" <"$object" >"$file.new"
        fi
        statuses=("${PIPESTATUS[@]}")
        [[ "${statuses[*]}" =~ ^0( 0)?$ ]] || decompress_failed "$limit" "$file.new" "${statuses[@]}" || return
        attempt mv -fT -- "$file.new" "$file"
    done
}

# index_unpack OBJECT FILE: decompresses an index; returns 1 if that fails, with the reason in "said".
index_unpack() {
    local size limit status
    file_size size "$1"
    limit=$((64 + size * index_ratio / 1024))
    (decompress_limit "$limit" && exec zstd -q -dc) <"$1" >"$2" 2>/dev/null && return
    status=$?
    echo 'zstd cannot decompress it' >"$spool/said"
    decompress_failed "$limit" "$2" "$status"
}
