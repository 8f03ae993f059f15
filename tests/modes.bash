# What the tests of tarpack's and tarunpack's modes share: `load modes` after `load helpers`.

# Only the tests in fs.bats wait until all is on the disk.
unpack() {
    tarunpack --no-sync "$@"
}

# wait_for COMMAND: until it succeeds, for ten seconds at most.
wait_for() {
    local n
    for ((n = 0; n < 1000; n++)); do
        ! eval "$1" >/dev/null || return 0
        sleep 0.01
    done
    fail "in vain: $1"
}

# archive DIR NAME...: a tar of exactly these names, in this order.
archive() {
    tar -C "$1" --format=posix --no-recursion -c "${@:2}"
}

# stands FILE: what it is, when it was written and when it was last changed, in a line.
stands() {
    stat --format='%i %a %u:%g %.9Y %.9Z' "$1"
}
