# shellcheck shell=bash
#
# zlsnap list and mtree: what is in a layer, as tarunpack --list reads it.

part core/options layer/layer

usage_list() {
    cat <<'END'
Usage: zlsnap list [OPTION]... LAYER
List the entries of a layer as they are read, in the form of tar -tv; a whiteout as the
name that it deletes. The exit status tells whether the layer is sound, and has the digest
that is in LAYER.json if there is one. With '-' as LAYER, standard input is listed.

      --names           only the names, as tar -t does
  -v, --verbose         as tar -tv does: that is the default
      --json            one JSON object a line
  -e, --expect=DIGEST   this is the digest; LAYER.json is not read
      --no-verify       without a digest

For tarunpack:
      --max-stream=N, --max-size=N, --max-entries=N, --max-path=N, --max-depth=N,
      --max-pax=N, --max-xattr=N
END
}

usage_mtree() {
    cat <<'END'
Usage: zlsnap mtree [OPTION]... LAYER
Print the mtree(5) manifest of a layer; of a layer that zlsnap made it is the one that
tarpack --manifest writes of the directory. The exit status is that of zlsnap list, and
'-' is standard input.

  -e, --expect=DIGEST   this is the digest; LAYER.json is not read
      --no-verify       without a digest

For tarunpack:
      --max-stream=N, --max-size=N, --max-entries=N, --max-path=N, --max-depth=N,
      --max-pax=N, --max-xattr=N
END
}

command_list() {
    options_read "expect: no-verify names json verbose $limit_options" "$@"
    operands_expect LAYER
    if [[ ${option[json]-} ]]; then
        [[ ! ${option[names]-} ]] || usage_error '--names and --json exclude each other'
        passed+=(--json)
    elif [[ ! ${option[names]-} ]]; then
        passed+=(--verbose --whiteouts=overlay)
    fi
    print_entries
}

command_mtree() {
    options_read "expect: no-verify $limit_options" "$@"
    operands_expect LAYER
    passed+=(--manifest)
    print_entries
}

print_entries() {
    local expected
    layer_open "${operands[0]}"
    [[ -e $layer_json || ${option[expect]+given} ]] || option['no-verify']=yes
    expected_read expected
    unpack "$expected" --list "${passed[@]}"
}
