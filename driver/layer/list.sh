# shellcheck shell=bash
#
# zlsnap list and mtree: print the contents of a layer, by tarunpack --list.

part core/options layer/layer

usage_list() {
    cat <<'END'
Usage: zlsnap list [OPTION]... LAYER
List the entries of a layer in the format of tar -tv. A whiteout is shown as the name that
it deletes. The exit status says whether the layer is valid and has the digest in
LAYER.json, if that exists. If LAYER is '-', it is read from standard input.

      --names           print only the names, as tar -t does
  -v, --verbose         as tar -tv does; this is the default
      --json            print a JSON object for each entry, one a line
  -e, --expect=DIGEST   expect this digest instead of the one in LAYER.json
      --no-verify       expect no digest
END
    usage_limits
}

usage_mtree() {
    cat <<'END'
Usage: zlsnap mtree [OPTION]... LAYER
Print the mtree(5) manifest of a layer. For a layer that zlsnap made, this is what
tarpack --manifest printed for the directory. The exit status is as for zlsnap list. If
LAYER is '-', it is read from standard input.

  -e, --expect=DIGEST   expect this digest instead of the one in LAYER.json
      --no-verify       expect no digest
END
    usage_limits
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
