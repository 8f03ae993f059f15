# shellcheck shell=bash
#
# A store in a directory of any mounted file system. A put needs neither links nor owners, which exFAT and
# others lack: files are copied into a directory whose name begins with a dot, and from there they are
# renamed. Files and directories get their permissions from the umask, and their group from a setgid
# directory, so that users of a group can share a store.

part core/messages core/names store/target

# The path of the store, set by directory_open(): absolute, or beginning with a dot.
directory_path=

# The directory of a sync for packs that are not in the store yet, set by directory_incoming().
directory_mine=

# directory_open PATH
directory_open() {
    local path=$1
    while [[ $path == ?*/ ]]; do
        path=${path%/}
    done
    target_url=$path
    [[ $path == [/.]* ]] || path=./$path
    directory_path=$path
}

directory_create() {
    local output
    [[ ! -d $directory_path ]] || return 0
    output=$(mkdir -- "$directory_path" 2>&1) || directory_failed '' "cannot be made" "$output"
}

# Whether the directory has entries, but nothing of a store. Hidden ones and lost+found do not count, and one
# that cannot be read in full may be a store.
directory_is_foreign() (
    local found
    cd -- "$directory_path" 2>/dev/null &&
        found=$(find . -ignore_readdir_race -mindepth 1 -maxdepth 3 \( -name '.*' -o -name lost+found \) -prune -o \
            -path './*/*/*' -type d \( -name packs -o -name manifests -o -name snapshots -o -name incoming -o \
            -name doomed -o -name bad \) -printf store -quit -o -path './*/*' -o -printf . 2>/dev/null) &&
        [[ $found && $found != *store ]]
)

# directory_failed PREFIX PROBLEM OUTPUT: prints why a program failed: the end of its first message; and
# exits.
directory_failed() {
    local reason=${3%%$'\n'*}
    die 1 "$(target_name "$1"): $2: $(printable "${reason##*: }")"
}

# Ends the driver unless the store exists: else `mkdir -p` would make it where a file system is not mounted.
directory_expect() {
    local output
    [[ -d $directory_path && -x $directory_path ]] || output=$(cd -- "$directory_path" 2>&1) ||
        directory_failed '' 'cannot be opened' "$output"
}

# directory_list PREFIX [NAME]: prints KEY, SIZE and TIME of the files, with tabs between. Symbolic links are
# no objects. A directory with a foreign name, such as lost+found, is not entered. That another process
# removes a file meanwhile is no error; everything else is that find reports. For a subshell.
directory_list() {
    local output list start=./$1/ depth=() only=()
    directory_expect
    cd -- "$directory_path" || exit 1
    [[ $1 ]] || start=.
    [[ ! ${2-} ]] || depth=(-maxdepth 1) only=(-name "$2")
    exec {list}>&1
    output=$(exec find "$start" -ignore_readdir_race -mindepth 1 "${depth[@]}" -regextype posix-extended \
        \( -name '.*' -o ! -regex '[A-Za-z0-9._%/-]*' -o -regex '\./[^/]+/[^/]+/incoming' \) -prune -o \
        -type f "${only[@]}" -printf '%P\t%s\t%T@\n' 2>&1 >&"$list") && return
    # The one exception: the prefix does not exist.
    [[ $output == "find: '$start': No such file or directory" ]] ||
        directory_failed "$1" 'cannot be listed' "$output"
}

directory_put() {
    directory_send cp "$@"
}

directory_move() {
    directory_send mv "$@"
}

# directory_send cp|mv PREFIX FILE...: a subshell, since it removes its own directory however it ends. The files go
# through the directory of the sync, if there is one, where a later sync finds what a killed one has left.
directory_send() (
    local how=$1 prefix=$2 place=$directory_mine output placed=() superfluous=()
    shift 2
    directory_expect
    if [[ ! $place ]]; then
        place=$directory_path/$prefix/.put-$BASHPID-${EPOCHREALTIME/./}
        # Signals come more than once; see end_by().
        trap 'trap "" TERM INT HUP QUIT; rm -rf -- "$place"' EXIT
    fi
    placed=("${@##*/}")
    placed=("${placed[@]/#/"$place/"}")
    [[ -d $directory_path/$prefix && -d $place ]] ||
        output=$(exec mkdir -p -- "$directory_path/$prefix" "$place" 2>&1) || directory_failed "$prefix" 'cannot be made' "$output"
    if [[ $how == mv && ! $directory_mine ]] && directory_is_elsewhere "$place" "$@"; then
        how=cp superfluous=("$@")
    fi
    output=$({ directory_take "$how" "$place" "$@" && sync -- "${placed[@]}" && mv -f -- "${placed[@]}" "$directory_path/$prefix/" &&
        directory_sync "$prefix"; } 2>&1) || directory_failed "$prefix" 'cannot be written' "$output"
    ((${#superfluous[@]} == 0)) || attempt rm -f -- "${superfluous[@]}"
)

# directory_take cp|mv PLACE FILE...: copies or renames the files to the place. Those of a sync are there already, or small
# and copied. A new file has permissions from the umask; a renamed one gets them, if the file system has any, and a
# new time: that of an object is the time of its put.
directory_take() {
    local how=$1 to=$2 file others=() taken=()
    for file in "${@:3}"; do
        taken+=("$to/${file##*/}")
        [[ ${file%/*} == "$to" ]] || others+=("$file")
    done
    if ((${#others[@]} == 0)); then
        :
    elif [[ $how == cp || $directory_mine ]]; then
        cp --remove-destination --no-preserve=mode -- "${others[@]}" "$to/" || return
    else
        mv -f -- "${others[@]}" "$to/" || return
    fi
    [[ $how == mv ]] || return 0
    chmod -- =rw "${taken[@]}" 2>/dev/null
    touch -- "${taken[@]}"
}

# directory_is_elsewhere DIR FILE...: whether a file is on another file system than the directory: mv would
# copy it.
directory_is_elsewhere() {
    local devices
    devices=$(stat -L -c %d -- "$@" | uniq)
    [[ $devices == *$'\n'* ]]
}

# directory_sync PREFIX: waits until the new names are on the disk; some file systems cannot sync a directory.
directory_sync() {
    local output path=$directory_path/$1 paths=("$directory_path")
    until [[ $path == "$directory_path" ]]; do
        paths+=("$path")
        path=${path%/*}
    done
    output=$(sync -- "${paths[@]}" 2>&1) || [[ $output == *': Invalid argument'* ]] || {
        printf '%s\n' "$output"
        return 1
    }
}

# directory_get PREFIX NAME...: copies the objects that exist to $dir.
directory_get() {
    local output path found=() tries
    directory_expect
    for ((tries = 0; tries < 3; tries++)); do
        directory_find found "$@"
        ((${#found[@]})) || return 0
        output=$(cp -f -- "${found[@]}" "$dir/" 2>&1) && return
        rm -f -- "${found[@]/#*\//"$dir/"}"
        # An object may have been removed after it was found.
        [[ $output == *': No such file or directory' ]] || break
    done
    spool_check
    directory_failed "$1" 'cannot be copied' "$output"
}

# directory_find ARRAY PREFIX NAME...: sets the array to the paths of the objects that exist.
directory_find() {
    local status problems paths=("${@:3}") output=$spool/found.$BASHPID said=$spool/found.messages.$BASHPID
    find "${paths[@]/#/"$directory_path/$2/"}" -maxdepth 0 -type f -print0 >"$output" 2>"$said"
    status=$?
    if ((status)); then
        # If the disk is full, nothing is said.
        problems=$(<"$said")
        [[ $problems ]] || spool_check
        if [[ $status -ne 1 || $problems != *': No such file or directory' ]] ||
            problems=$(grep -v ': No such file or directory$' <<<"$problems"); then
            directory_failed "$2" 'cannot be read' "${problems:-find $(end_text "$status")}"
        fi
    fi
    mapfile -d '' -t "$1" <"$output"
}

# directory_delete PREFIX NAME...
directory_delete() {
    local output names=("${@:2}")
    directory_expect
    output=$(rm -f -- "${names[@]/#/"$directory_path/$1/"}" 2>&1) ||
        directory_failed "$1" 'cannot be removed' "$output"
}

# directory_incoming VARIABLE PREFIX STATE: the directory for packs of this state, on the file system of the
# store, so that a move is a rename. The state must be locked.
directory_incoming() {
    local output id='' host='' path
    { read -r id host; } 2>/dev/null <"$3/incoming.id"
    # State that was copied to another host is another state.
    if [[ ! $id =~ ^[0-9a-f]{16}$ || $host != "$HOSTNAME" ]]; then
        printf -v id '%013x%03x' "${EPOCHREALTIME/./}" $((RANDOM & 4095))
        printf '%s %s\n' "$id" "$HOSTNAME" | store "$3/incoming.id" || exit
    fi
    path=$directory_path/$2/incoming/$id
    directory_expect
    [[ -d $path ]] || output=$(exec mkdir -p -- "$path" 2>&1) || directory_failed "$2" 'cannot be made' "$output"
    # Others may write to the store: what a link points to is not ours to move and to remove.
    [[ ! -L $path && ! -L ${path%/*} ]] || directory_failed "$2/incoming" 'cannot be used' 'it is a symbolic link, or has one'
    directory_mine=$path
    printf -v "$1" '%s' "$path"
}
