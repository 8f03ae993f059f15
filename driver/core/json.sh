# shellcheck shell=bash
#
# JSON documents, read by jq.

part core/verdict

# The maximum size of our documents, LAYER.json and pointers: jq reads a whole file into memory.
metadata_limit=1048576

# Ignores the user's definitions in ~/.jq.
jq() {
    HOME=/dev/null command jq "$@"
}

# The definitions that our filters share. problem(wrong) describes the first error in the documents of
# a file, or is null; `wrong` gives the keys that are missing or invalid.
json_definitions='
    def digest: type == "string" and test("\\Asha256:[0-9a-f]{64}\\z");
    def count: type == "number" and . <= 9007199254740992 and (tostring | test("\\A[0-9]{1,16}\\z"));
    def text: type == "string" and test("\\A[ -~]*\\z");
    def word: type == "string" and test("\\A[!-~]+\\z");
    def strings: type == "array" and all(text);
    def compression: type == "object" and (.program | text) and (.version | text) and (.options | strings);
    def wrong($key; check): if .[$key] | check then empty else $key end;
    def problem(wrong):
        if length != 1 or (.[0] | type) != "object" then "it is not one JSON object"
        elif .[0].schema_version != 1 then "its schema_version is not 1"
        else [.[0] | wrong] | if . == [] then null else "it has no valid \(.[0])" end
        end;
    def descriptor_words: "\(.mediaType) \(.digest) \(.size)";
'

# json_read ARRAY VALUES FILE NAME: sets the array to the lines that the function VALUES prints for FILE;
# the first line has to be "ok", or is an error. NAME is the file's name for messages.
json_read() {
    local file=$3 name size values status
    name=$(printable "$4")
    [[ -e $file ]] || die 1 "$name: no such file"
    [[ -f $file ]] || die 1 "$name: not a regular file"
    [[ -r $file ]] || die 1 "$name: permission denied"
    file_size size "$file"
    ((size <= metadata_limit)) || die 3 "$name: malformed: it is larger than 1 MiB"
    values=$("$2" <"$file")
    status=$?
    # jq fails in the same way on a disk that can't be read.
    ((status == 0)) || cat -- "$file" >/dev/null 2>&1 || die 1 "$name: cannot be read"
    json_judge "$status" "$name" 'malformed: it is not JSON'
    [[ ${values%%$'\n'*} == ok ]] || die 3 "$name: malformed: ${values%%$'\n'*}"
    mapfile -t "$1" <<<"$values"
}

# json_judge STATUS NAME PROBLEM: ends the driver, or the subshell, if jq failed with this status; PROBLEM
# is the message for a file that is not JSON.
json_judge() {
    local meaning
    status_judge meaning jq "$1"
    case $meaning in
    done) ;;
    damaged) die 3 "$2: $3" ;;
    *) die 1 "$2: cannot be read by jq" ;;
    esac
}

# json_text VARIABLE TEXT: sets the variable to the text as a JSON string.
json_text() {
    local quoted="\"$2\""
    [[ $2 != *[!\ -~]* && $2 != *[\"\\]* ]] || quoted=$(jq -nc --arg text "$2" '$text') || die 1 'jq failed'
    printf -v "$1" '%s' "$quoted"
}

# json_value VARIABLE TEXT KEY: sets the variable to a value from a JSON object that one of our programs wrote; does
# nothing if there is none.
json_value() {
    [[ ! $2 =~ \"$3\":\ ?\"?([a-z0-9:]+) ]] || printf -v "$1" '%s' "${BASH_REMATCH[1]}"
}
