# shellcheck shell=bash
#
# The options for tarpack that a snapshot depends on. They are kept in it, and the next sync uses them if none
# are given.

part core/options core/json layer/tree store/snapshot

# Their form: a value, none, or perhaps one.
options_form='^--((whiteouts|exclude|exclude-from|mtime|time-precision|owner|group|uid-map|gid-map)='
options_form+='|xattrs-(in|ex)clude=|(one-file-system|no-xattrs)$|clamp-mtime(=|$))'

# The options of the snapshot, and the same as a JSON array.
declare -ga shaping=()
shaping_json='[]'

# Whether options of this kind were given.
shaping_given=

# Takes the options of this kind out of `passed`.
options_shaping() {
    local word others=() file
    for word in "${passed[@]}"; do
        if [[ $word =~ $options_form ]]; then
            if [[ $word == --exclude-from=* ]]; then
                path_of file realpath -- "${word#*=}"
                word=--exclude-from=$file
            fi
            is_utf8 "$word" || usage_error \
                "'$(printable "$word")' is not UTF-8, and cannot be kept in a snapshot; use --exclude-from"
            shaping+=("$word")
        else
            others+=("$word")
        fi
    done
    passed=("${others[@]}")
    ((${#shaping[@]})) || return 0
    shaping_given=yes
    shaping_json=$(jq -nc '$ARGS.positional' --args -- "${shaping[@]}") || die 1 'jq failed'
}

# options_take JSON: takes these options if none were given. A document is written by whoever may write to the
# store: options that this machine has not used before are said, and a file of patterns, which another machine
# named, is not read.
options_take() {
    local word used=''
    [[ ! $shaping_given && ! ${option[fresh-options]-} && $1 != "$shaping_json" ]] || return 0
    mapfile -d '' -t shaping < <(jq -j '.[] | . + "\u0000"' <<<"$1")
    shaping_json=$1
    { read -r used; } 2>/dev/null <"$state/plan"
    for word in "${shaping[@]}"; do
        [[ $word =~ $options_form ]] ||
            die 3 "the last snapshot has the option '$(printable "$word")', which none can have; use --fresh-options"
        [[ $1 == "$used" || $word != --exclude-from=* ]] || die 2 "the last snapshot has the option \
'$(printable "$word")', which was not used here before: give the options, or --fresh-options"
    done
    [[ $1 == "$used" || $1 == '[]' || $command != sync ]] ||
        warn "using the options of the last snapshot, for the first time here: $(printable "${shaping[*]}")"
    shaping_check
}

# Refuses patterns in what is no regular file, as excludes_check() does with those of the command line.
shaping_check() {
    local passed=("${shaping[@]}")
    excludes_check twice
}

# Says if the options are not those of the last snapshot.
options_compare() {
    local last
    [[ ${snapshot[key]} && ${snapshot[options]} != "$shaping_json" ]] || return 0
    last=$(jq -r 'if . == [] then "none" else join(" ") end' <<<"${snapshot[options]}")
    warn "the options differ from those of the last snapshot, which had: $(printable "$last")"
}
