# shellcheck shell=bash
#
# The store: a directory, an S3 store or an rclone remote, which hold objects under keys such as
# SERVICE/INSTANCE/packs/HEX.zst. This part has the verbs that the commands use; each kind of store has a part
# of its own, with the functions KIND_list and so on. If a verb fails it prints why and exits: all but
# target_open() have to run in a job or a subshell.
#
# An object never changes: a name is put again only with the same content. So a put needs no lock.

part core/messages core/names core/options core/programs core/spool

# The store, set by target_open(): directory, s3 or rclone; and its URL or path for messages.
target_kind=
target_url=

# The commands of --seal and --open, filters through which every object passes: before it is put, and after it
# was fetched. Empty for none. They come from the user, never from the store, where a stranger may have
# written.
target_seal=
target_unseal=

# How many sealed files wait for their put: they need space beside the plain ones.
target_sealed_most=16

# How many names one call of a program gets: far fewer than fit into a command line.
target_batch=500

# target_open URL: reads s3://BUCKET[/PREFIX], rclone:REMOTE:PATH, or the path of a directory.
target_open() {
    case $1 in
    s3:*) target_kind=s3 ;;
    rclone:*) target_kind=rclone ;;
    '' | *://*) usage_error \
        "'$(printable "$1")' is not a store: a directory, s3://BUCKET[/PREFIX] or rclone:REMOTE:PATH" ;;
    *) target_kind=directory ;;
    esac
    target_seal=${option[seal]-${ZLSNAP_SEAL-}} target_unseal=${option[open]-${ZLSNAP_OPEN-}}
    part "store/${target_kind/s3/objects}"
    target_do open "$1"
}

# target_do VERB ARGUMENT...: calls the function for this kind of store.
target_do() {
    "${target_kind/s3/objects}_$1" "${@:2}"
}

# target_create ORDER: makes a directory for the store, in one that exists; in a remote, the first put makes it. An S3
# store has to exist.
# ORDER names the operands, as for target_refuse().
target_create() {
    target_refuse "$1"
    [[ $target_kind == s3 ]] || target_do create
}

# target_refuse ORDER: ends the driver if the store is a directory of something else: operands in another order
# than ORDER would fill it.
target_refuse() {
    [[ $target_kind == directory && ! (${reference-} && -d $directory_path/$reference/snapshots) ]] &&
        directory_is_foreign || return 0
    die 2 "$(target_name ''): is not empty, and no store of zlsnap; the order is $1"
}

# target_name PREFIX: prints the URL of a prefix, for messages.
target_name() {
    printable "$target_url${1:+/$1}"
}

# --------------------------------------------------------------------------- listing

# target_list PREFIX FILE: writes to FILE a line for each object below PREFIX ('' for all), sorted by key:
# KEY, SIZE and TIME with tabs between. KEY is relative to PREFIX; TIME is when it was put, by the clock of
# the store, in seconds since the epoch. If nothing has the prefix the list is empty; if there is no store it
# is an error.
target_list() {
    target_objects "$1" >"$2" || spool_failed "$(target_name "$1"): cannot be listed"
}

# target_objects PREFIX [NAME]: prints them; with a NAME, only PREFIX/NAME.
target_objects() {
    local statuses
    target_do list "$@" | target_filter "$1" | sort
    statuses=("${PIPESTATUS[@]}")
    ((statuses[1] == 0 || statuses[0])) ||
        die 1 "$(target_name "$1"): cannot be listed: it contains a name or a size that is not understood"
    ((statuses[2] == 0)) || spool_failed "$(target_name "$1"): cannot be listed: sort $(end_text "${statuses[2]}")"
    ((statuses[0] == 0)) || exit "${statuses[0]}"
}

# target_filter PREFIX: passes on the lines of a list, without fractions of seconds. Fails if a line is not
# understood. Leaves out names that are not ours, unfinished puts (those of rclone are called NAME.partial),
# and packs that wait in SERVICE/INSTANCE/incoming/.
target_filter() {
    prefix=${1:+$1/} awk -F '\t' '
        $1 !~ /^[A-Za-z0-9._%\/-]+$/ { next }
        NF != 3 || $2 !~ /^[0-9]+$/ || length($2) > 16 || $3 !~ /^-?[0-9]+(\.[0-9]*)?$/ { exit 1 }
        (ENVIRON["prefix"] $1) ~ /(^|\/)\.|\/\/|\.partial$|^[^\/]+\/[^\/]+\/incoming\// { next }
        { sub(/\..*/, "", $3); print $1 "\t" $2 "\t" ($3 < 0 ? 0 : $3) }'
}

# target_now VARIABLE PREFIX: sets the variable to the time of the store's clock, by an empty object that it
# puts, lists and deletes.
target_now() {
    local probe listed pattern=$'^probe-[A-Za-z0-9]+\t0\t([0-9]+)$'
    probe=$(attempt mktemp -- "$spool/probe-XXXXXX") || exit
    target_do move "$2" "$probe" || exit
    listed=$(target_objects "$2" "${probe##*/}") || exit
    target_do delete "$2" "${probe##*/}" || exit
    [[ $listed =~ $pattern ]] ||
        die 1 "$(target_name "$2/${probe##*/}"): was put into the store, but is not listed"
    printf -v "$1" '%s' "${BASH_REMATCH[1]}"
}

# --------------------------------------------------------------------------- objects

# target_put PREFIX FILE...: stores each FILE, of the spool or the state, as PREFIX/BASENAME: whole or not at
# all, and durable on return.
target_put() {
    target_send put "$@"
}

# target_move PREFIX FILE...: the same for files that are not needed any more, which it may remove.
target_move() {
    target_send move "$@"
}

# target_send put|move PREFIX FILE...
target_send() {
    local how=$1 prefix=$2 file batch names
    shift 2
    if [[ ! $target_seal ]]; then
        target_each "$how" "$prefix" "$@"
        return
    fi
    attempt mkdir -p -- "$spool/sealed" || exit
    while (($#)); do
        batch=("${@:1:target_sealed_most}")
        shift "${#batch[@]}"
        for file in "${batch[@]}"; do
            target_pass "$target_seal" --seal "$prefix/${file##*/}" "$file" "$spool/sealed/${file##*/}"
        done
        target_sizes_note "$prefix" "${batch[@]##*/}"
        names=("${batch[@]##*/}")
        target_do move "$prefix" "${names[@]/#/"$spool/sealed/"}" || exit
        [[ $how == put ]] || attempt rm -f -- "${batch[@]}" || exit
    done
}

# target_sizes_note PREFIX NAME...: adds lines "PREFIX/NAME SIZE" of sealed files to "sealed.sizes" in the
# spool.
target_sizes_note() {
    local prefix=$1
    shift
    (cd -- "$spool/sealed" && stat -c '%n %s' -- "$@") | prefix=$prefix/ awk '{ print ENVIRON["prefix"] $0 }' \
        >>"$spool/sealed.sizes" || spool_failed 'the spool cannot be written'
}

# target_get PREFIX DIR NAME...: PREFIX/NAME becomes DIR/BASENAME. A missing object is no error: then there is
# no file.
target_get() {
    local prefix=$1 dir=$2 key name fetched=$spool/fetched
    shift 2
    if [[ ! $target_unseal ]]; then
        [[ ! $target_seal ]] || die 1 "$(target_name "$prefix"): reading sealed objects needs --open=COMMAND"
        target_each get "$prefix" "$@"
        return
    fi
    [[ -d $fetched ]] || attempt mkdir -p -- "$fetched" || exit
    dir=$fetched target_each get "$prefix" "$@"
    for key; do
        name=${key##*/}
        [[ -e $fetched/$name ]] || continue
        target_pass "$target_unseal" --open "$prefix/$key" "$fetched/$name" "$dir/$name"
        attempt rm -f -- "$fetched/$name" || exit
    done
}

# target_pass COMMAND OPTION KEY FROM TO: passes an object through a command of the user; it leaves no part of one.
target_pass() {
    local status
    filter_expect "$1" "$2" "$(target_name "$3")"
    sh -c "$1" <"$4" 2>&"$messages" {messages}>&- | store "$5"
    status=("${PIPESTATUS[@]}")
    ((status[0] + status[1] == 0)) || rm -f -- "$5"
    ((status[1] == 0)) || exit 1
    ((status[0] == 0)) || die 1 "$(target_name "$3"): $(filter_end_text "$2" "${status[0]}")"
}

# target_delete PREFIX NAME...: a missing object is no error.
target_delete() {
    target_each delete "$@"
}

# target_each VERB PREFIX NAME...: calls the function for this kind of store, with as many names as one call
# may have.
target_each() {
    local verb=$1 prefix=$2
    shift 2
    while (($#)); do
        target_do "$verb" "$prefix" "${@:1:target_batch}" || exit
        shift $(($# < target_batch ? $# : target_batch))
    done
}

# --------------------------------------------------------------------------- local directories

# target_place VARIABLE PREFIX: sets the variable to the directory where the objects of PREFIX can be read, or
# to '' if they have to be fetched.
target_place() {
    local place=
    [[ $target_kind != directory || $target_seal || $target_unseal ]] || place=$directory_path/$2
    [[ -d $place ]] || place=
    printf -v "$1" '%s' "$place"
}

# target_incoming VARIABLE PREFIX STATE: sets the variable to a directory, which it makes, for packs until
# they are moved. STATE is the directory where the state of the name is. Sealed stores get no plain pack.
target_incoming() {
    local place=$3/incoming
    [[ $target_kind != directory || $target_seal ]] || directory_incoming place "$2" "$3"
    [[ -d $place ]] || attempt mkdir -p -m 700 -- "$place" || exit
    printf -v "$1" '%s' "$place"
}

# --------------------------------------------------------------------------- options

# The options of a store, for options_read(); and those of commands that only read it.
target_read_options='config: open:'
target_options="seal: $target_read_options"

# target_options_refuse OPTIONS: ends the driver if one of these options, as for options_read(), was given: a
# layer needs no store.
target_options_refuse() {
    local words
    read -ra words <<<"${1//:/}"
    options_refuse 'a layer' "${words[@]}"
}

usage_target() {
    cat <<'END'

      --seal=COMMAND           a filter through which every object passes to the store,
                               such as 'age -r KEY' (default: $ZLSNAP_SEAL)
END
    usage_target_open
}

# usage_target_read: for commands that only read a store.
usage_target_read() {
    echo
    usage_target_open
}

usage_target_open() {
    cat <<'END'
      --open=COMMAND           a filter through which every object passes from the store,
                               such as 'age -d -i FILE' (default: $ZLSNAP_OPEN)

For an S3 store:
END
    part store/s3
    usage_s3
}
