# shellcheck shell=bash
#
# Images in archives: oci-archive:FILE[:TAG], an image layout in a tar, and docker-archive:FILE[:TAG], what docker save
# writes. The archive is unpacked by tarunpack into the spool; what docker save wrote becomes an image layout there.

part core/programs core/pipe core/spool core/names image/image image/layout layer/measured

# archive_split FILE TAG REFERENCE: sets the variable FILE to the file, "-" for standard input, and TAG to the tag or
# nothing. FILE ends at the first colon, as with skopeo.
archive_split() {
    # Names that no caller gives to its variables.
    local split_rest=${3#*:} split_file split_tag=
    split_file=${split_rest%%:*}
    [[ $split_rest != *:* ]] || split_tag=${split_rest#*:}
    [[ $split_file ]] || usage_error "'$(printable "$3")' names no file"
    if is_input "$split_file"; then
        split_file=-
    elif [[ $split_file == -* ]]; then
        split_file=./$split_file
    fi
    [[ $split_rest != *:* || $split_tag =~ ^$tag_characters+$ ]] ||
        usage_error "'$(printable "$split_tag")' is not a valid tag"
    printf -v "$1" '%s' "$split_file"
    printf -v "$2" '%s' "$split_tag"
}

# archive_expect REFERENCE: ends the driver if the archive cannot be read. Does nothing for other images.
archive_expect() {
    local file shown
    is_archive "$1" || return 0
    archive_split file _ "$1"
    programs_find tarunpack shasum-tee
    if [[ $file == - ]]; then
        input_take 'an archive is'
        return
    fi
    shown=$(printable "$file")
    [[ -e $file ]] || die 1 "$shown: no such file"
    [[ ! -d $file ]] || die 1 "$shown: is a directory, not an archive of an image"
    [[ -r $file ]] || die 1 "$shown: permission denied"
}

# archive_open REFERENCE TAG: unpacks the archive, and sets image_dir to an image layout and the variable TAG to the
# image's tag in it.
archive_open() {
    local archive archive_tag
    archive_split archive archive_tag "$1"
    archive_unpack "$archive"
    archive=$spool/archive
    if [[ $1 == docker-archive:* ]]; then
        if [[ ! -e $archive/manifest.json && ! -e $archive/repositories && -e $archive/index.json ]]; then
            die 1 "$image: is not an archive of docker save; use oci-archive:"
        fi
        archive_convert "$archive_tag"
        image_dir=$spool/converted archive_tag=
    else
        [[ -e $archive/index.json || ! -e $archive/manifest.json ]] ||
            die 1 "$image: is an archive of docker save; use docker-archive:"
        image_dir=$archive
    fi
    printf -v "$2" '%s' "$archive_tag"
}

# archive_unpack FILE: unpacks it as $spool/archive. Only files and directories are kept, and of what docker save wrote
# symbolic links, which archive_file() follows.
archive_unpack() {
    local file=$1 type word limits=(--max-entries=100000 --max-depth=64) unwanted=(! -type f ! -type d) status
    if [[ $file == - ]]; then
        # It is read twice: first for the compression.
        file=$spool/input
        stage_from - store "$file" || exit
    fi
    compression_read type "$file"
    [[ $type == tar ]] || programs_expect "$type"
    for word in "${passed[@]}"; do
        [[ $word != --max-* ]] || limits+=("$word")
    done
    stage_from "$file" decompress "$type" | stage "$tarunpack" -q --no-sync --no-same-owner --no-xattrs \
        --no-devices --whiteouts=keep "${limits[@]}" -- "$spool/archive"
    verdict "${PIPESTATUS[*]}" "$type" tarunpack || {
        status=$?
        [[ $status != 3 ]] || say "$image: this archive is malformed"
        exit "$status"
    }
    rm -f -- "$spool/input"
    attempt chmod -R u+rwX -- "$spool/archive"
    [[ $image != docker-archive:* ]] || unwanted+=(! -type l)
    attempt find "$spool/archive" "${unwanted[@]}" -delete
}

# Removes what archive_open() made, when the layers are unpacked.
archive_remove() {
    attempt rm -rf -- "/proc/self/fd/$spool_fd/archive" "/proc/self/fd/$spool_fd/converted"
}

# archive_file VARIABLE NAME: sets the variable to the path of a file in the archive. docker save writes a layer that
# is there twice as a symbolic link to the other one, which must not lead out of the archive.
archive_file() {
    local found root shown
    shown=$(printable "$2")
    path_of root realpath -- "$spool/archive"
    # Nothing outside is looked at.
    path_of found realpath -m -- "$spool/archive/$2"
    [[ $found == "$root"/* ]] || die 3 "$image: $shown is not a file in it"
    [[ -e $found ]] || die 1 "$image: there is no $shown in it"
    [[ -f $found ]] || die 3 "$image: $shown is not a file in it"
    printf -v "$1" '%s' "$found"
}

# archive_document VARIABLE NAME: sets the variable to the text of a document in the archive.
archive_document() {
    local path
    archive_file path "$2"
    document_expect_small "$path" "$(printable "$2")"
    printf -v "$1" '%s' "$(<"$path")"
}

# archive_blob VARIABLE MEDIA-TYPE FILE: adds the file as a blob to the image layout; sets the variable to its
# descriptor.
archive_blob() {
    local report
    report=$("$shasum_tee" -q --json -o /dev/fd/3 <"$3" 3>&1 >/dev/null) || exit
    measured_read "$report"
    attempt ln -fT -- "$3" "$spool/converted/blobs/sha256/${measured[compressed_digest]#*:}"
    printf -v "$1" '%s' "$2 ${measured[compressed_digest]} ${measured[compressed_size_bytes]}"
}

# The image that $tag means in manifest.json: its config and its layers, a line each. A tag is compared in the form
# that docker shows, without the default registry, and with the default tag.
archive_filter='
    def familiar: ltrimstr("index.docker.io/") | ltrimstr("docker.io/") | ltrimstr("library/")
        | if test(":[^/]*\\z") then . else "\(.):latest" end;
    check(length == 1 and (.[0] | type) == "array"; "is not one JSON array")
    | .[0] | check(all(.[]; type == "object"); "is malformed")
    | check(all(.[]; [keys_unsorted[] | ascii_downcase] | length == (unique | length)); "has keys that differ in case only")
    | check(all(.[]; (.Config | text) and ((.Layers // []) | strings) and ((.RepoTags // []) | strings)); "is malformed")
    | [to_entries[] | select($tag == "" or $tag == "@\(.key)" or any(.value.RepoTags[]?; familiar == ($tag | familiar)))
        | .value] as $named
    | check($named != []; "!has no image" + if $tag == "" then "" else " called \($tag)" end)
    | check(($named | unique_by([.Config, .Layers]) | length) == 1;
        "!has \($named | length) images: choose one by its tag, docker-archive:FILE:TAG, or its number, FILE:@0 ("
        + ([$named[].RepoTags[]?] | join(", ")) + ")")
    | $named[0] | .Config, .Layers[]?'

# archive_convert TAG: makes an image layout of what docker save wrote.
archive_convert() {
    local lines config document digest
    attempt mkdir -p -- "$spool/converted/blobs/sha256"
    printf '{"imageLayoutVersion":"1.0.0"}\n' | store "$spool/converted/oci-layout" || exit
    if [[ ! -e $spool/archive/manifest.json && -e $spool/archive/repositories ]]; then
        part image/legacy
        legacy_convert "$1"
        return
    fi
    archive_document document manifest.json
    lines=$(documents_parse manifest.json "of(\"manifest.json\"; $archive_filter)" --slurp --arg tag "$1" \
        <<<"$document") || exit
    mapfile -t lines <<<"$lines"
    archive_document document "${lines[0]}"
    archive_file config "${lines[0]}"
    archive_blob config "$config_media_type" "$config"
    read -r _ digest _ <<<"$config"
    archive_manifest "$config" "${lines[@]:1}"
    image_id=$digest
}

# archive_manifest CONFIG LAYER...: adds the manifest and the index.
archive_manifest() {
    local name file type blob layers=''
    for name in "${@:2}"; do
        archive_file file "$name"
        compression_read type "$file"
        case $type in
        gzip | zstd) type=$layer_media_type.tar+$type ;;
        *) type=$layer_media_type.tar ;;
        esac
        archive_blob blob "$type" "$file"
        layers+=${layers:+,}$(descriptor_json "$blob")
    done
    printf '{"schemaVersion":2,"mediaType":"%s","config":%s,"layers":[%s]}' "$manifest_media_type" \
        "$(descriptor_json "$1")" "$layers" | store "$spool/converted/manifest" || exit
    archive_blob blob "$manifest_media_type" "$spool/converted/manifest"
    index_make "$blob" image | store "$spool/converted/index.json" || exit
}
