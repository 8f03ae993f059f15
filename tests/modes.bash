# What the tests of tarpack's and tarunpack's modes share: `load modes` after `load helpers`.

# Only the tests in fs.bats wait until all is on the disk.
unpack() {
    tarunpack --no-sync "$@"
}

# archive DIR NAME...: a tar of exactly these names, in this order.
archive() {
    tar -C "$1" --format=posix --no-recursion -c "${@:2}"
}

# stands FILE: what it is, when it was written and when it was last changed, in a line.
stands() {
    stat --format='%i %a %u:%g %.9Y %.9Z' "$1"
}
