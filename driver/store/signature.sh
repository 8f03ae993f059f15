# shellcheck shell=bash
#
# Signatures of snapshots: filters of the user that sign and verify a text which names the snapshot and the
# digests of all that it contains. The signature is kept in the document.

part core/messages core/programs store/snapshot

# The options, for options_read().
signature_options='verify:'

# The command of --sign, set by sync; empty for none.
signing=

usage_signature() {
    cat <<'END'
      --verify=COMMAND         a command that verifies the signature of the snapshot, in
                               the file $ZLSNAP_SIGNATURE, of the text on its standard
                               input (default: $ZLSNAP_VERIFY)
END
}

# signature_text NAME SEQUENCE TIME ID TREE CHUNKS OPTIONS: prints the text that is signed.
signature_text() {
    printf '%s\n' 'zlsnap snapshot 1' "name $1" "sequence $2" "time $3" "id $4" "tree_digest $5" \
        "chunks_digest ${6:--}" "options $7"
}

# signature_make COMMAND FILE: signs the text on standard input.
signature_make() {
    local statuses name
    name=$(target_name "$reference")
    filter_expect "$1" --sign "$name"
    sh -c "$1" 2>&"$messages" {messages}>&- | store "$2"
    statuses=("${PIPESTATUS[@]}")
    ((statuses[1] == 0)) || exit 1
    ((statuses[0] == 0)) || die 1 "$name: $(filter_end_text --sign "${statuses[0]}"); not synced"
    [[ -s $2 ]] || die 1 "$name: the command of --sign printed no signature; not synced"
}

# Verifies the signature of the chosen snapshot if --verify is given.
signature_verify() {
    local command=${option[verify]-${ZLSNAP_VERIFY-}}
    [[ $command ]] || return 0
    attempt mkdir -p -- "$spool/snapshots" || exit
    target_get "$reference" "$spool/snapshots" "${snapshot[key]}"
    signature_check "$command"
    rm -rf -- "${spool:?}/snapshots"
}

# signature_check COMMAND: verifies the signature of the chosen snapshot, whose document was fetched.
signature_check() {
    local command=$1 status
    filter_expect "$command" --verify "$(target_name "$reference/${snapshot[key]}")"
    jq -j '.signature // ""' "$spool/${snapshot[key]}" >"$spool/signature" 2>/dev/null ||
        die 3 "$(target_name "$reference/${snapshot[key]}"): is not JSON"
    [[ -s $spool/signature ]] || die 4 "$(target_name "$reference/${snapshot[key]}"): is not signed"
    signature_text "$reference" "${snapshot[sequence]}" "${snapshot[time]}" "${snapshot[id]}" "${snapshot[tree]}" \
        "${snapshot[chunks]}" "${snapshot[options]}" | ZLSNAP_SIGNATURE=$spool/signature sh -c "$command" >/dev/null 2>&"$messages" {messages}>&-
    status=${PIPESTATUS[1]}
    ((status != 126 && status != 127)) ||
        die 1 "$(target_name "$reference/${snapshot[key]}"): $(filter_end_text --verify "$status")"
    ((status == 0)) || die 4 "$(target_name "$reference/${snapshot[key]}"): its signature is not valid: the command of --verify \
$(end_text "$status")"
}
