# shellcheck shell=bash
#
# zlsnap list and mtree: print the contents of a layer, by tarunpack --list; or those of a snapshot in a store.

part core/options layer/layer store/signature store/target

usage_list() {
    cat <<'END'
Usage: zlsnap list [OPTION]... LAYER
   or: zlsnap list [OPTION]... SERVICE/INSTANCE[@ID|@TIME] STORE [PATH]...
List the entries of a layer, or of a snapshot in a store, in the format of tar -tv. A
whiteout is shown as the name that it deletes. With PATH, list only these entries,
everything below them and the directories above them. No contents are read from a store.

If LAYER is '-', it is read from standard input. The exit status says whether the layer is
valid and has the digest in LAYER.json, if that exists.

      --names                  print only the names, as tar -t does
  -v, --verbose                as tar -tv does; this is the default
      --json                   print a JSON object for each entry, one a line
  -e, --expect=DIGEST          expect this digest instead of the one in LAYER.json; of a
                               snapshot, this tree digest
      --no-verify              expect no digest of a layer
END
    usage_signature
    usage_limits
    usage_target_read
}

usage_mtree() {
    cat <<'END'
Usage: zlsnap mtree [OPTION]... LAYER
   or: zlsnap mtree [OPTION]... SERVICE/INSTANCE[@ID|@TIME] STORE [PATH]...
Print the mtree(5) manifest of a layer, or of a snapshot in a store: what tarpack
--manifest printed for the directory. PATH and the exit status are as for zlsnap list. If
LAYER is '-', it is read from standard input.

      --time                   print modification times, too; the SHA-256 of this is the
                               tree digest of a snapshot
  -e, --expect=DIGEST          expect this digest instead of the one in LAYER.json; of a
                               snapshot, this tree digest
      --no-verify              expect no digest of a layer
END
    usage_signature
    usage_limits
    usage_target_read
}

command_list() {
    options_read "expect: no-verify names json verbose $signature_options $target_read_options $limit_options" "$@"
    if [[ ${option[json]-} ]]; then
        [[ ! ${option[names]-} ]] || usage_error '--names and --json exclude each other'
        print_entries --json
    elif [[ ${option[names]-} ]]; then
        print_entries
    else
        print_entries --verbose --whiteouts=overlay
    fi
}

command_mtree() {
    options_read "expect: no-verify time $signature_options $target_read_options $limit_options" "$@"
    print_entries "--manifest${option[time]+=time}"
}

# print_entries ARGUMENT...: prints them by tarunpack --list with these arguments.
print_entries() {
    local expected
    if ((${#operands[@]} > 1)); then
        part store/view
        view_entries "$@"
        return
    fi
    operands_expect LAYER
    target_options_refuse "$signature_options $target_read_options"
    layer_open "${operands[0]}"
    [[ -e $layer_json || ${option[expect]+given} ]] || option['no-verify']=yes
    expected_read expected
    unpack "$expected" --list "$@" "${passed[@]}" || digest_recognise "$?"
}
