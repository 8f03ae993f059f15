#!/usr/bin/env bats
# tarstore with preloaded libraries, and where system calls fail: a compressor that errs, kills at each step, a
# file system without O_TMPFILE, the sandbox. Sanitizers do not allow these, so check-threads leaves them out.
# shellcheck disable=SC2030,SC2031,SC2094,SC2154

load helpers
load packs

setup_file() {
    packs_setup_file
}

setup() {
    packs_setup
}

@test "tarstore: a frame that does not decompress to its content is not stored" {
    ! is_sanitized || skip 'needs a build without sanitizers'
    local jobs frame
    for jobs in 1 3; do
        for frame in 1 2; do
            FAULTS_ZSTD=$frame LD_PRELOAD=$ZLSNAP_PRELOAD/zstd.so run -1 --separate-stderr tarstore -j $jobs packs <"$CONTENTS"
            assert_regex "$stderr" '^tarstore: a frame does not decompress to what was compressed: '
            FAULTS_ZSTD_CONTENT=1 FAULTS_ZSTD=$frame LD_PRELOAD=$ZLSNAP_PRELOAD/zstd.so \
                run -1 --separate-stderr tarstore -j $jobs packs <"$CONTENTS"
            assert_equal "$stderr" 'tarstore: a frame does not decompress to what was compressed; the machine'\''s memory or libzstd may be at fault'
            assert_equal "$(entries packs)" ''
        done
    done
}

@test "tarstore: killed before any change to the directory, a pack is whole or does not count" {
    ! is_sanitized || skip 'needs a build without sanitizers'
    local step count file
    FAULTS_COUNT=$PWD/count FAULTS_STEP=0 LD_PRELOAD=$ZLSNAP_PRELOAD/kill.so \
        tarstore -j 1 --pack-size=1K packs <"$CONTENTS" >/dev/null
    count=$(od -An -tu4 count)
    # For each pack: fsync twice, link, fsync, link, fsync.
    assert_equal "$count" ' '"        12"
    for ((step = 1; step <= count; step++)); do
        rm -rf packs count && mkdir packs
        FAULTS_COUNT=$PWD/count FAULTS_STEP=$step LD_PRELOAD=$ZLSNAP_PRELOAD/kill.so \
            run -137 tarstore -j 1 --pack-size=1K packs <"$CONTENTS"
        for file in packs/*; do
            [ -e "$file" ] || continue
            # An index always has its pack; a pack without an index is whole.
            assert [ -f "${file%.*}.zst" ]
            [ ! -f "${file%.*}.index" ] || pack_check "${file%.*}" >/dev/null
            assert_equal "$(sha256sum <"${file%.*}.zst")" "$(basename "${file%.*}")  -"
        done
        refute_leftovers packs
        assert_equal "$(find packs -name '*.index' | wc -l)" $((step > 11 ? 2 : step > 5 ? 1 : 0))
    done
}

@test "tarstore: without O_TMPFILE, the next run removes what a killed one left, and nothing else" {
    requires_command strace
    ! is_sanitized || skip 'needs a build without sanitizers'
    local calls
    strace -qq -o calls -e trace=openat tarstore -j 1 packs <"$CONTENTS" >/dev/null
    calls=$(grep -n O_TMPFILE calls | cut -d : -f 1 | head -n 1)
    rm packs/*
    # From the first one on, every second: the file with the private name can be created.
    strace -qq -o /dev/null -e trace=openat -e inject=openat:error=EOPNOTSUPP:when="$calls+2" \
        tarstore -j 1 packs <"$CONTENTS" >/dev/null
    packs_check packs >/dev/null
    assert_equal "$(entries packs | wc -w)" 2
    rm packs/*
    { record file "$FILES/random" && record file "$FILES/random" && sleep 1.5; } |
        strace -qq -o /dev/null -e trace=openat -e inject=openat:error=EOPNOTSUPP:when="$calls+2" \
            timeout -s KILL 1 tarstore -j 1 --pack-size=1 packs >/dev/null || true
    touch packs/.tarstore.zlsnap-AAAAAA packs/.other.zlsnap-AAAAAA packs/mine packs/.tarstore.zlsnap-held00
    ln -s mine packs/.tarstore.zlsnap-BBBBBB
    mkdir packs/.tarstore.zlsnap-CCCCCC
    exec 9<packs/.tarstore.zlsnap-held00
    flock 9
    tarstore packs <<<end
    exec 9<&-
    assert_equal "$(find packs -mindepth 1 ! -name '*.zst' ! -name '*.index' -printf '%f\n' | LC_ALL=C sort | tr '\n' ' ')" \
        '.other.zlsnap-AAAAAA .tarstore.zlsnap-BBBBBB .tarstore.zlsnap-CCCCCC .tarstore.zlsnap-held00 mine '
}

@test "tarstore: nothing outside the directory can be read, made, changed or removed" {
    requires_landlock
    ! is_sanitized || skip 'needs a build without sanitizers'
    local jobs before
    mkdir -p outside/directory
    touch outside/file
    before=$(find outside -printf '%p %y %i %m %s %T@ %C@\n' | sort)
    for jobs in 1 3; do
        FAULTS_ESCAPE=$PWD/outside LD_PRELOAD=$ZLSNAP_PRELOAD/escape.so tarstore -j $jobs packs <"$CONTENTS"
    done
    assert_equal "$(find outside -printf '%p %y %i %m %s %T@ %C@\n' | sort)" "$before"
    packs_check packs >/dev/null
}
