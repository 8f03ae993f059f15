# shellcheck shell=bash
#
# zlsnap push and pull: layers and images to and from a registry, layers to and from an S3 store.

part core/options core/progress store/layer image/registry

usage_push() {
    cat <<'END'
Usage: zlsnap push [OPTION]... LAYER s3://BUCKET[/PREFIX]
   or: zlsnap push [OPTION]... LAYER|oci:DIR[:TAG] docker://HOST[:PORT]/NAME[:TAG]
Copy a layer to an S3 store, as PREFIX/DIGEST.tar.zst and PREFIX/DIGEST.meta.json; what is
there already is not sent again, and what an interrupted push has sent neither. Prints the
name that pull takes. Or copy an image from an image layout, or a layer as an image of its
own, to a registry. Prints the digest of the manifest. All digests are verified first.

For an S3 store:
END
    usage_s3_push
    cat <<'END'

For a registry:
      --compression=zstd|gzip  of a LAYER: gzip for clients that can't read zstd
      --arch=ARCH              of a LAYER: as for zlsnap oci
      --annotation=KEY=VALUE   of a LAYER: as for zlsnap oci; repeatable
END
    usage_registry
    usage_progress
}

usage_pull() {
    cat <<'END'
Usage: zlsnap pull [OPTION]... s3://BUCKET[/PREFIX]/DIGEST[.tar.zst] LAYER
   or: zlsnap pull [OPTION]... docker://HOST[:PORT]/NAME[:TAG|@DIGEST] LAYER
   or: zlsnap pull [OPTION]... docker://HOST[:PORT]/NAME[:TAG|@DIGEST] oci:DIR[:TAG]
Copy a layer from an S3 store, or an image from a registry: one that has a single layer to
the file LAYER, with LAYER.json beside it as zlsnap create writes it; any to an image
layout. Nothing appears unless all digests hold. A pull from an S3 store that was
interrupted is continued. Prints LAYER.json, or the digest of the manifest.

For an S3 store:
END
    usage_s3
    cat <<'END'

For a registry:
END
    usage_registry
    usage_progress
}

# remote_expect REMOTE OTHER HINT: ends the driver unless REMOTE is a URL of a registry or a store. HINT is for
# a user who gave the other operand as a URL.
remote_expect() {
    local problem
    [[ $1 != s3://* && $1 != docker://* ]] || return 0
    problem="'$(printable "$1")' is no image in a registry, docker://HOST/NAME:TAG, and nothing in an \
S3 store, s3://BUCKET/PREFIX"
    [[ $2 != s3://* && $2 != docker://* ]] || problem+="; $3"
    usage_error "$problem"
}

command_push() {
    options_read "compression: arch: +annotation: $registry_options $s3_push_options \
        $progress_option" "$@"
    operands_expect SOURCE DESTINATION
    progress_read
    remote_expect "${operands[1]}" "${operands[0]}" 'zlsnap pull copies from there'
    if [[ ${operands[1]} == s3://* ]]; then
        options_refuse 'an S3 store' compression arch authfile cert-dir tls-verify retries
        [[ ! ${passed[*]} ]] || usage_error "an S3 store knows no option '--annotation'"
        push_to_s3 "${operands[@]}"
    else
        options_refuse 'a registry' config part-size max-parts
        push_to_registry "${operands[@]}"
    fi
}

command_pull() {
    options_read "$registry_options config: $progress_option" "$@"
    operands_expect SOURCE DESTINATION
    progress_read
    remote_expect "${operands[0]}" "${operands[1]}" 'zlsnap push copies to there'
    if [[ ${operands[0]} == s3://* ]]; then
        options_refuse 'an S3 store' authfile cert-dir tls-verify retries
        pull_from_s3 "${operands[@]}"
    else
        options_refuse 'a registry' config
        pull_from_registry "${operands[@]}"
    fi
}

# options_refuse PLACE NAME...: ends the driver if one of these options was given: PLACE does not have it.
options_refuse() {
    local name
    for name in "${@:2}"; do
        [[ ! ${option[$name]+given} ]] || usage_error "$1 knows no option '--$name'"
    done
}

# The options that push and pull have for a registry.
usage_registry() {
    cat <<'END'
      --authfile=FILE          the credentials, as skopeo login stores them (default:
                               $REGISTRY_AUTH_FILE, or skopeo's own)
      --cert-dir=DIR           certificates for TLS
      --tls-verify=false       without TLS, or with a certificate that nobody knows
      --retries=N              try again so often where the network fails (default 3)
END
}
