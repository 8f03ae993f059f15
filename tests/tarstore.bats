#!/usr/bin/env bats
# tarstore: packs that plain tools can read, in any case whole or absent.
# shellcheck disable=SC2030,SC2031,SC2094,SC2154

load helpers
load packs

setup_file() {
    packs_setup_file
}

setup() {
    packs_setup
}

# many NUMBER [FIRST]: prints records of contents of one byte, with digests that are numbers.
many() {
    awk -v last="$1" -v first="${2-1}" 'BEGIN { for (i = first; i <= last; i++) printf "%064x file 1\nx", i }'
}

# --------------------------------------------------------------------------- what it writes

@test "tarstore: every content is found by the index, with plain tools" {
    run -0 --separate-stderr tarstore packs <"$CONTENTS"
    assert_equal "$stderr" ''
    assert_equal "$(packs_check packs)" "$(<"$BATS_FILE_TMPDIR/digests")"
    pack=${output%% *}
    assert_equal "$output" "$pack $(stat -c %s "packs/$pack.zst")"
    assert_equal "$(entries packs)" "$pack.index $pack.zst"
    assert_equal "$(stat -c %a "packs/$pack.zst" "packs/$pack.index")" $'600\n600'
}

@test "tarstore: a pack is a zstd file with checksums and a seek table" {
    tarstore packs <"$CONTENTS"
    local pack
    pack=$(echo packs/*.zst)
    zstd -tq "$pack"
    # The nonce, a frame of files, one of chunks, the seek table.
    run -0 zstd -lv "$pack"
    assert_line '# Zstandard Frames: 2'
    assert_line '# Skippable Frames: 2'
    assert_line --partial 'Check: XXH64'
    assert_equal "$(head -c 8 "$pack" | od -An -tx1)" ' 50 2a 4d 18 10 00 00 00'
    assert_equal "$(tail -c 9 "$pack" | od -An -tx1)" ' 03 00 00 00 00 b1 ea 92 8f'
    assert_equal "$(tail -c 41 "$pack" | head -c 8 | od -An -tx1)" ' 5e 2a 4d 18 21 00 00 00'
    frames_of "$pack" >frames
    assert_equal "$(head -n 1 frames)" '24 0'
    assert_equal "$(awk '{ sum += $1 } END { print sum + 41 }' frames)" "$(stat -c %s "$pack")"
    assert_equal "$(awk '{ sum += $2 } END { print sum }' frames)" "$(zstd -dc "$pack" | wc -c)"
}

@test "tarstore: files are in frames of 4 MiB, chunks in frames of 1 MiB, in their order" {
    local i
    head -c 900000 /dev/zero >zeros
    for i in {0..9}; do
        { echo "$i" && cat zeros; } >"file-$i"
        { echo "$i" && head -c 400000 zeros; } >"chunk-$i"
    done
    contents {file,chunk}-{0..3} {file,chunk}-{4..9} | tarstore packs
    packs_check packs >/dev/null
    # Four files or two chunks fill a frame.
    frames_of packs/*.zst | cut -d ' ' -f 2 >frames
    assert_equal "$(tr '\n' ' ' <frames)" '0 800004 3600008 3600008 800004 800004 800004 1800004 800004 '
    tail -n +2 packs/*.index | sort -k 2,2 | cut -d ' ' -f 1 >order
    sha256sum chunk-{0,1} file-{0..7} chunk-{2..7} file-{8,9} chunk-{8,9} | cut -d ' ' -f 1 | cmp - order
}

@test "tarstore: a new pack begins when one has reached --pack-size" {
    run -0 tarstore --pack-size=1K packs <"$CONTENTS"
    assert_equal "${#lines[@]}" 2
    assert_equal "$(packs_check packs)" "$(<"$BATS_FILE_TMPDIR/digests")"
    local pack size
    while read -r pack size; do
        assert_equal "$size" "$(stat -c %s "packs/$pack.zst")"
    done <<<"$output"
}

@test "tarstore: a content that comes twice is stored once" {
    { contents "$FILES"/* | head -c -4 && cat "$CONTENTS"; } >twice
    tarstore --summary=summary packs <twice
    assert_equal "$(packs_check packs)" "$(<"$BATS_FILE_TMPDIR/digests")"
    assert_equal "$(zstd -dc packs/*.zst | wc -c)" "$(cat "$FILES"/* | wc -c)"
    assert_equal "$(jq .contents summary)" 7
}

@test "tarstore: a content of which the first occurrence was forgotten is in the index once" {
    { many 2 && many 2 && echo end; } | tarstore packs >/dev/null
    assert_equal "$(tail -n +2 packs/*.index)" "$(printf '%064x %013d %07d\n' 1 0 1 2 1 1)"
}

@test "tarstore: a digest of zeros is a content, too" {
    { many 0 0 && echo end; } | tarstore packs >/dev/null
    assert_equal "$(tail -n +2 packs/*.index)" "$(printf '%064d %013d %07d' 0 0 1)"
}

@test "tarstore: many tiny contents: frames and packs are bounded" {
    { many 300000 && echo end; } | tarstore --no-sync --summary=summary packs >/dev/null
    assert_equal "$(jq -c '[.packs, .contents, .content_bytes]' summary)" '[2,300000,300000]'
    assert_equal "$(for pack in packs/*.zst; do frames_of "$pack"; done | cut -d ' ' -f 2 | sort -nu | tail -n 1)" 16384
    assert_equal "$(cat packs/*.index | grep -vc '#')" 300000
}

@test "tarstore: the same stream gives the same packs, but for nonce and name, with any number of threads" {
    local jobs
    for jobs in 1 1 2 5; do
        rm -rf packs && mkdir packs
        tarstore -j $jobs --pack-size=1K packs <"$CONTENTS" >list
        while read -r pack size; do
            tail -c +25 "packs/$pack.zst" | sha256sum
            tail -n +2 "packs/$pack.index" | sha256sum
            assert [ ! -e "all/$pack" ]
            mkdir -p all && touch "all/$pack"
        done <list >"got-$jobs"
        cmp got-1 "got-$jobs"
    done
}

@test "tarstore --level: another size, the same contents" {
    local low high
    mkdir 1 19
    low=$(tarstore --level=1 1 <"$CONTENTS")
    high=$(tarstore -l 19 19 <"$CONTENTS")
    assert [ "${low#* }" -gt "${high#* }" ]
    assert_equal "$(packs_check 1)" "$(packs_check 19)"
}

@test "tarstore --summary: packs, contents and bytes" {
    tarstore --pack-size=1K --summary=summary packs <"$CONTENTS" >/dev/null
    assert_equal "$(<summary)" "{\"packs\":2,\"contents\":7,\"content_bytes\":$(cat "$FILES"/* | wc -c),\"compressed_bytes\":$(cat packs/*.zst | wc -c)}"
}

@test "tarstore: a stream without contents gives no pack" {
    run -0 tarstore --summary=summary packs <<<end
    assert_output ''
    assert_equal "$(entries packs)" ''
    assert_equal "$(jq -c . summary)" '{"packs":0,"contents":0,"content_bytes":0,"compressed_bytes":0}'
}

@test "tarstore: bytes that come one by one" {
    contents "$FILES/one" "$FILES/zero" | dd bs=1 status=none | tarstore packs
    assert_equal "$(packs_check packs | wc -l)" 2
}

# --------------------------------------------------------------------------- bad streams

# stream_refused TEXT: runs tarstore on standard input; it is malformed, and nothing is stored.
stream_refused() {
    run -3 --separate-stderr tarstore packs
    assert_equal "$stderr" "tarstore: $1"
    assert_equal "$output" ''
    assert_equal "$(entries packs)" ''
}

@test "tarstore: a malformed record is refused" {
    local digest
    digest=$(sha256sum <"$FILES/one" | cut -d ' ' -f 1)
    stream_refused 'the contents stream is malformed at record 1' <<<"$digest file 0"
    stream_refused 'the contents stream is malformed at record 1' <<<"$digest file 1048577"
    stream_refused 'the contents stream is malformed at record 1' <<<"$digest tree 2"
    stream_refused 'the contents stream is malformed at record 1' <<<"${digest^^} file 2"
    stream_refused 'the contents stream is malformed at record 1' <<<$'\nend'
    stream_refused 'the contents stream is malformed at record 1' < <(head -c 1000000 /dev/zero)
    stream_refused 'the contents stream is malformed at record 1' <"$FILES/random"
    stream_refused 'the contents stream is malformed at record 2' < <(record file "$FILES/one" && echo)
}

@test "tarstore: a stream that is cut is refused, wherever" {
    local length=0
    contents "$FILES/one" "$FILES/zero" >short
    for ((length = 0; length < $(stat -c %s short); length++)); do
        run -3 --separate-stderr tarstore packs < <(head -c $length short)
        assert_regex "$stderr" '^tarstore: the contents stream is cut (at|within) record [123]$'
        assert_equal "$(entries packs)" ''
    done
    stream_refused 'the contents stream is cut at record 1' </dev/null
    stream_refused 'the contents stream is cut within record 7' < <(head -c -100 "$CONTENTS")
    stream_refused 'the contents stream is cut at record 8' < <(head -c -4 "$CONTENTS")
}

@test "tarstore: data behind the end is refused" {
    stream_refused 'the contents stream has data behind its end' < <(cat "$CONTENTS" "$CONTENTS")
    stream_refused 'the contents stream has data behind its end' < <(cat "$CONTENTS" && echo)
    stream_refused 'the contents stream has data behind its end' < <(cat "$CONTENTS" && sleep 0.1 && printf x)
}

@test "tarstore: packs that were finished before an error stay, and are printed" {
    local jobs
    for jobs in 1 3; do
        rm -rf packs && mkdir packs
        { many 300000 && many 1 | head -c -1; } >cut.contents
        run -3 --separate-stderr tarstore -j $jobs --no-sync packs <cut.contents
        assert_equal "$stderr" 'tarstore: the contents stream is cut within record 300001'
        assert_equal "$(entries packs)" "${output%% *}.index ${output%% *}.zst"
        assert_equal "$(zstd -dc packs/*.zst | tr -d x | wc -c)" 0
    done
}

# --------------------------------------------------------------------------- the system

@test "tarstore: usage" {
    local arguments
    for arguments in '' 'packs packs' '--level=0 packs' '--level=23 packs' '-l x packs' '-j 0 packs' \
        '--pack-size=0 packs' '--pack-size=1X packs' '--pack-size= packs' '--nonsense packs' '-v packs'; do
        # shellcheck disable=SC2086 # several
        run -2 --separate-stderr tarstore $arguments <"$CONTENTS"
        assert_equal "${#stderr_lines[@]}" 1
        assert_regex "$stderr" "^tarstore: .*; try 'tarstore --help'\$"
    done
    assert_equal "$(entries packs)" ''
}

@test "tarstore: a directory that is missing or no directory" {
    run -1 tarstore missing <"$CONTENTS"
    assert_output 'tarstore: missing: cannot open directory: No such file or directory'
    run -1 tarstore "$FILES/one" <"$CONTENTS"
    assert_output "tarstore: $FILES/one: cannot open directory: Not a directory"
    run -1 bash -c 'tarstore packs <&-'
    assert_output 'tarstore: cannot read standard input: Bad file descriptor'
}

@test "tarstore: a disk that is full: status 1, and nothing is left of the pack" {
    requires_root
    local jobs
    mount -t tmpfs -o size=1M tmpfs packs
    for jobs in 1 3; do
        run -1 --separate-stderr tarstore -j $jobs packs <"$CONTENTS"
        assert_equal "$stderr" 'tarstore: packs: cannot write a pack: No space left on device'
        assert_equal "$(entries packs)" ''
        # Room for the data, none for the index.
        rm -f packs/*
        many 20000 >records
        echo end >>records
        head -c 100000 /dev/zero | tr '\0' x >packs/ballast
        run -1 --separate-stderr tarstore -j $jobs packs <records
        assert_equal "$stderr" 'tarstore: packs: cannot write an index: No space left on device'
        assert_equal "$(entries packs)" ballast
        rm packs/ballast
    done
}

@test "tarstore: if the reader of the list is gone, packs are whole" {
    local jobs
    for jobs in 1 3; do
        rm -rf packs && mkdir packs
        { tarstore -j $jobs --pack-size=1K packs <"$CONTENTS" 2>errors || echo $? >status; } | :
        packs_check packs >/dev/null
        assert [ -s status ]
        rm status
    done
}

@test "tarstore: killed at any time, with threads: no index without its pack" {
    local i delay
    for i in {1..12}; do
        rm -rf packs && mkdir packs
        tarstore -j 3 --pack-size=1K packs <"$CONTENTS" >/dev/null &
        delay=$((RANDOM % 40))
        sleep "0.0$((delay / 10))$((delay % 10))"
        kill -KILL $! 2>/dev/null || true
        wait $! || true
        refute_leftovers packs
        find packs -name '*.zst' | while read -r pack; do
            [ -e "${pack%.zst}.index" ] || rm "$pack"
        done
        packs_check packs >/dev/null
    done
}

@test "tarstore: threads are confined to the directory" {
    requires_command strace
    requires_landlock
    strace -f --seccomp-bpf -qq -o calls -e trace=landlock_restrict_self,clone,clone3 tarstore -j 3 packs <"$CONTENTS" >/dev/null
    assert_equal "$(head -n 1 calls | grep -c 'landlock_restrict_self(.* = 0$')" 1
    assert [ "$(grep -c CLONE_THREAD calls)" -ge 4 ]
}

@test "tarstore --no-sync: nothing is synced; else both files before they get names" {
    requires_command strace
    strace -f --seccomp-bpf -qq -o calls -e trace=fsync,linkat,sync_file_range tarstore --no-sync packs <"$CONTENTS" >/dev/null
    assert_equal "$(grep -c sync calls || true)" 0
    strace -f --seccomp-bpf -qq -o calls -e trace=fsync,linkat tarstore -j 1 packs <"$CONTENTS" >/dev/null
    assert_equal "$(sed 's/^[0-9 ]*//; s/(.*//' calls | tr '\n' ' ')" 'fsync fsync linkat fsync linkat fsync '
}
