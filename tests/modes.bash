# Functions for tests of the modes of tarpack and tarunpack: `load modes` after `load helpers`.

# Only the tests in fs.bats sync.
unpack() {
    tarunpack --no-sync "$@"
}

# archive DIR NAME...: writes a tar of exactly these names in this order.
archive() {
    tar -C "$1" --format=posix --no-recursion -c "${@:2}"
}

# stands FILE: prints its type, modification and change time on one line.
stands() {
    stat --format='%i %a %u:%g %.9Y %.9Z' "$1"
}
