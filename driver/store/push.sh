# shellcheck shell=bash
#
# zlsnap push and pull: copy layers and images to and from a registry, and layers to and from an S3 store.

part core/options core/progress store/s3 store/signature store/target

usage_push() {
    cat <<'END'
Usage: zlsnap push [OPTION]... LAYER s3://BUCKET[/PREFIX]
   or: zlsnap push [OPTION]... LAYER|IMAGE docker://HOST[:PORT]/NAME[:TAG]
Copy a layer to an S3 store, as PREFIX/DIGEST.tar.zst and PREFIX/DIGEST.meta.json, and
print the URL for pull. A layer that is there is not sent again, and an interrupted upload
is resumed. Or copy an image, oci:DIR[:TAG], oci-archive:FILE[:TAG] or
docker-archive:FILE[:TAG], or a layer as an image, to a registry, and print the digest of
its manifest. All digests are verified before anything is sent.

For an S3 store:
END
    usage_s3_push
    cat <<'END'

For a registry:
      --compression=zstd|gzip, --arch=ARCH, --annotation=KEY=VALUE
                               for a LAYER, as for zlsnap oci
END
    usage_registry
    usage_progress
}

usage_pull() {
    cat <<'END'
Usage: zlsnap pull [OPTION]... s3://BUCKET[/PREFIX]/DIGEST[.tar.zst] LAYER
   or: zlsnap pull [OPTION]... docker://HOST[:PORT]/NAME[:TAG|@DIGEST] LAYER
   or: zlsnap pull [OPTION]... docker://HOST[:PORT]/NAME[:TAG|@DIGEST] oci:DIR[:TAG]
   or: zlsnap pull [OPTION]... SERVICE/INSTANCE[@ID|@TIME] STORE LAYER
Copy a layer from an S3 store to LAYER and LAYER.json, and print LAYER.json; an
interrupted download is resumed. Or copy an image from a registry to an image layout, and
print the digest of its manifest; or an image with one layer to LAYER and LAYER.json.
Nothing appears unless all digests match.

With three operands: make a LAYER and LAYER.json of a snapshot in a store. Its tar is the
one that zlsnap create would have made of the directory then; the date in LAYER.json is
that of the snapshot, or SOURCE_DATE_EPOCH.

For a snapshot:
  -e, --expect=DIGEST          expect this tree digest of the snapshot
  -l, --level=N, -T, --threads=N, --long[=N], --rsyncable
                               as for zlsnap create
END
    usage_signature
    usage_target_read
    cat <<'END'

For a registry:
END
    usage_registry
    usage_progress
}

# The options of push and pull for a registry.
registry_options='platform: authfile: cert-dir: tls-verify: retries:'

usage_registry() {
    cat <<'END'
      --platform=OS/ARCH[/VARIANT]
                               of an image for several platforms, copy the one for this
                               platform (default: that of this machine)
      --authfile=FILE          credentials, as written by skopeo login (default:
                               $REGISTRY_AUTH_FILE, or skopeo's default)
      --cert-dir=DIR           certificates for TLS
      --tls-verify=false       allow HTTP, and certificates that are not trusted
      --retries=N              retries after network errors (default 3)
END
}

# remote_expect REMOTE OTHER HINT: ends the driver unless REMOTE is a URL of a registry or a store. HINT is
# for a user who gave the other operand as a URL.
remote_expect() {
    local problem
    [[ $1 != s3://* && $1 != docker://* ]] || return 0
    problem="'$(printable "$1")' is neither an image in a registry, docker://HOST/NAME:TAG, nor an S3 \
URL, s3://BUCKET/PREFIX"
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
        options_refuse 'an S3 store' compression arch platform authfile cert-dir tls-verify retries
        [[ ! ${passed[*]} ]] || usage_error "an S3 store does not have the option '--annotation'"
        part store/layer
        push_to_s3 "${operands[@]}"
    else
        options_refuse 'a registry' config part-size max-parts
        part image/registry
        push_to_registry "${operands[@]}"
    fi
}

command_pull() {
    options_read "level: threads: long:: rsyncable expect: $registry_options $signature_options $target_read_options \
        $progress_option" "$@"
    progress_read
    if ((${#operands[@]} == 3)); then
        options_refuse 'a snapshot' platform authfile cert-dir tls-verify retries
        part store/export
        export_snapshot
        return
    fi
    operands_expect SOURCE DESTINATION
    options_refuse 'a layer or an image' level threads long rsyncable expect
    target_options_refuse "$signature_options ${target_read_options/config:/}"
    remote_expect "${operands[0]}" "${operands[1]}" 'zlsnap push copies to there'
    if [[ ${operands[0]} == s3://* ]]; then
        options_refuse 'an S3 store' platform authfile cert-dir tls-verify retries
        part store/layer
        pull_from_s3 "${operands[@]}"
    else
        options_refuse 'a registry' config
        part image/registry
        pull_from_registry "${operands[@]}"
    fi
}
