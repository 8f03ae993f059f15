# Replays the inputs that fuzzing has found. tests/fuzz has the targets and the properties that they check;
# `make fuzz` looks for more inputs.

load helpers

setup_file() {
    requires_command python3
    "$PROJECT/tests/data/make-hostile" "$BATS_FILE_TMPDIR/archives" "$BATS_FILE_TMPDIR/outside"
    "$PROJECT/tests/data/make-differentials" "$BATS_FILE_TMPDIR/differentials"
}

# replay TARGET [DIRECTORY...]: runs the target with its saved inputs and with the files in the directories.
replay() {
    local programs=${ZLSNAP_FUZZ:-$PROJECT/build/fuzz} seeds=$PROJECT/tests/fuzz/seeds/$1
    TMPDIR=$BATS_TEST_TMPDIR run -0 --separate-stderr "$programs/fuzz_$1" "$seeds" "${@:2}"
    assert_output "$(find "$seeds" "${@:2}" -type f | wc -l) inputs"
}

@test "fuzz: header blocks and numbers" {
    replay header
}

@test "fuzz: records of extended headers" {
    replay pax
}

@test "fuzz: maps of sparse files" {
    replay sparse
}

@test "fuzz: manifests" {
    replay mtree
}

@test "fuzz: manifests and chunk maps from each other, and from any delta" {
    replay mtreediff
}

@test "fuzz: seek tables of packs" {
    replay seek_table
}

@test "fuzz: indexes of packs" {
    replay index
}

@test "fuzz: records of a contents stream" {
    replay contents
}

@test "fuzz: lines of chunk maps" {
    replay chunk_map
}

@test "fuzz: tarjoin with any manifest, chunk map and damage to a pack" {
    replay tarjoin
}

@test "fuzz: archives, and their entries written again by tarpack's code" {
    replay reader "$BATS_FILE_TMPDIR"/{archives,differentials}
}

@test "fuzz: tarunpack with and without --merge changes only its target" {
    requires_root # owners, whiteouts
    replay tarunpack "$BATS_FILE_TMPDIR/archives"
}
