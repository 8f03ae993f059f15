load helpers

setup() {
    cd "$BATS_TEST_TMPDIR" || return
    seq 200000 >data # 1.3 MB, more than a pipe or a buffer holds
}

# hex ALGORITHM FILE: prints the digest of the file by coreutils.
hex() {
    "sha$1sum" <"$2" | cut -d ' ' -f 1
}

# tee_pipe FILE OPTION...: copies FILE to "out" through a pipe with shasum-tee, with standard error in "err".
# $status is shasum-tee's.
tee_pipe() {
    local file=$1
    shift
    run bash -c 'file=$1; shift; cat "$file" | shasum-tee "$@" 2>err | cat >out
        exit "${PIPESTATUS[1]}"' tee_pipe "$file" "$@"
}

# assert_error STATUS LINE: the last tee_pipe failed with STATUS, and LINE is its standard error.
assert_error() {
    assert_equal "$status" "$1"
    assert_equal "$(cat err)" "$2"
}

@test "shasum-tee: copies its input and prints what sha256sum prints, on stderr" {
    tee_pipe data
    assert_success
    cmp data out
    sha256sum <data | cmp - err
}

@test "shasum-tee: prints the digest of an empty input" {
    tee_pipe /dev/null
    assert_success
    assert_equal "$(stat -c %s out)" 0
    sha256sum </dev/null | cmp - err
}

@test "shasum-tee: -a gives SHA-384 and SHA-512" {
    local bits
    for bits in 256 384 512; do
        tee_pipe data -a "$bits"
        assert_success
        "sha${bits}sum" <data | cmp - err
    done
    tee_pipe data --algorithm=512 --oci
    assert_equal "$(cat err)" "sha512:$(hex 512 data)"
}

@test "shasum-tee: reads a slow input in pieces of any size" {
    (for i in 1 2 3 4 5 6 7; do
        head -c "$((i * 33333))" data
        sleep 0.02
    done) | tee copy | shasum-tee >out 2>err
    cmp copy out
    sha256sum <copy | cmp - err
}

@test "shasum-tee: writes what it has read without waiting for more" {
    mkfifo in
    shasum-tee <in >out 2>err &
    exec 9>in
    printf 'first' >&9
    local tries=0
    until [ "$(cat out)" = first ] || [ $((tries += 1)) -gt 500 ]; do sleep 0.02; done
    assert_equal "$(cat out)" first
    exec 9>&-
    wait $!
}

@test "shasum-tee: works with non-blocking descriptors" {
    requires_command python3
    /usr/bin/python3 - <<'PYTHON'
import fcntl, os, struct, subprocess, termios, time
data = open("data", "rb").read()
def pipe():
    ends = os.pipe()
    for end in ends:
        os.set_blocking(end, False)
    return ends
(in_read, in_write), (out_read, out_write) = pipe(), pipe()
filter = subprocess.Popen(["shasum-tee", "-o", "digest"], stdin=in_read, stdout=out_write)
os.close(in_read), os.close(out_write)
feeder = subprocess.Popen(["sh", "-c", "sleep 0.2; cat data"], stdout=subprocess.PIPE)
if os.fork() == 0:
    os.set_blocking(in_write, True)
    for piece in iter(lambda: feeder.stdout.read(50000), b""):
        os.write(in_write, piece)
    os._exit(0)
os.close(in_write)
def waiting():
    return struct.unpack("i", fcntl.ioctl(out_read, termios.FIONREAD, bytes(4)))[0]
# Waits until the pipe is full, so that a write is short and the next one gets EAGAIN.
deadline = time.monotonic() + 10
while waiting() < 1000000 and time.monotonic() < deadline:
    time.sleep(0.01)
time.sleep(0.1)
os.set_blocking(out_read, True)
got = b"".join(iter(lambda: os.read(out_read, 65536), b""))
assert filter.wait() == 0 and got == data, (filter.returncode, len(got))
PYTHON
    sha256sum <data | cmp - digest
}

@test "shasum-tee --json: algorithm, digest and size, in this order" {
    tee_pipe data --json
    assert_success
    assert_equal "$(cat err)" \
        "{\"algorithm\":\"sha256\",\"digest\":\"sha256:$(hex 256 data)\",\"size\":$(stat -c %s data)}"
    jq -e . err
}

@test "shasum-tee --oci: the digest alone, with its algorithm" {
    tee_pipe data --oci
    assert_success
    assert_equal "$(cat err)" "sha256:$(hex 256 data)"
}

@test "shasum-tee -o: writes the digest to a file, which it empties at the start" {
    seq 100 >digest
    tee_pipe data -o digest
    assert_success
    assert_equal "$(cat err)" ''
    sha256sum <data | cmp - digest
}

@test "shasum-tee -o /dev/fd/N: writes to the open descriptor" {
    printf 'before\n' >log
    shasum-tee -o /dev/fd/3 <data >out 3>>log
    shasum-tee --oci --output=/dev/fd/3 <data >out 3>>log
    assert_equal "$(cat log)" "before
$(sha256sum <data)
sha256:$(hex 256 data)"
    run -1 shasum-tee -o /dev/fd/7 <data
    assert_output "shasum-tee: /dev/fd/7: cannot open: Bad file descriptor"
}

@test "shasum-tee -o /dev/stderr: does not empty the file that is stderr" {
    { echo before >&2 && shasum-tee -o /dev/stderr <data >out; } 2>log
    assert_equal "$(cat log)" "before
$(sha256sum <data)"
}

@test "shasum-tee -o: an unwritable path fails before anything is copied" {
    tee_pipe data -o no/such/digest
    assert_error 1 "shasum-tee: no/such/digest: cannot open: No such file or directory"
    assert_equal "$(stat -c %s out)" 0
}

@test "shasum-tee -o: control characters in a name are escaped" {
    tee_pipe data -o $'no/\e[2Jsuch\n'
    assert_error 1 "shasum-tee: no/\\033[2Jsuch\\012: cannot open: No such file or directory"
}

@test "shasum-tee -o: refuses its own input and output files, and does not change them" {
    cp data kept
    run -2 bash -c 'shasum-tee -o kept <kept >out'
    assert_output "shasum-tee: --output: 'kept' is also standard input or output; try 'shasum-tee --help'"
    cmp data kept
    run -2 bash -c 'shasum-tee -o kept <data >>kept'
    assert_output "shasum-tee: --output: 'kept' is also standard input or output; try 'shasum-tee --help'"
    cmp data kept
    tee_pipe data -o /dev/stdout
    assert_error 2 "shasum-tee: --output: '/dev/stdout' is also standard input or output; try 'shasum-tee --help'"
    assert_equal "$(stat -c %s out)" 0
}

@test "shasum-tee -o: one device may be both output and digest" {
    shasum-tee -o /dev/null <data >/dev/null
}

@test "shasum-tee -o: a full disk is exit 1" {
    tee_pipe data -o /dev/full
    assert_error 1 "shasum-tee: /dev/full: cannot write: No space left on device"
}

@test "shasum-tee: exits with 1 if the digest can't be written to stderr" {
    run -1 bash -c 'shasum-tee <data >out 2>/dev/full'
    run -1 bash -c 'shasum-tee <data >out 2>&-'
}

@test "shasum-tee: prints no digest after a write error" {
    run -1 bash -c 'shasum-tee -o digest <data >/dev/full'
    assert_output 'shasum-tee: cannot write to standard output: No space left on device'
    assert_equal "$(cat digest)" ''
    run -1 bash -c 'shasum-tee -o digest <data >&-'
    assert_output 'shasum-tee: cannot write to standard output: Bad file descriptor'
    assert_equal "$(cat digest)" ''
}

@test "shasum-tee: prints no digest if close(2) of the output fails" {
    requires_command cc
    cc -x c -shared -fPIC -o close.so - <<'C'
#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>
int close(int fd) { return fd == 1 ? (errno = EDQUOT, -1) : (int)syscall(SYS_close, fd); }
C
    run -1 env LD_PRELOAD=./close.so ASAN_OPTIONS=verify_asan_link_order=0 bash -c \
        'exec shasum-tee -o digest <data >out'
    assert_output --regexp '^shasum-tee: cannot write to standard output: (Disk q|Q)uota exceeded$'
    assert_equal "$(cat digest)" ''
}

@test "shasum-tee: closes the output before it prints the digest" {
    mkfifo digest
    exec 9<>digest
    head -c 65536 /dev/zero >&9 # fills the pipe, so that the digest has to wait
    shasum-tee -o digest <data 3>&- 9>&- | { cat >out && : >ended; } 3>&- 9>&- &
    local tries=0
    until [ -e ended ] || [ $((tries += 1)) -gt 500 ]; do sleep 0.02; done
    assert_file_exists ended
    head -c 65536 <&9 >/dev/null
    wait $!
    head -n 1 <&9 | cmp - <(sha256sum <data)
    exec 9>&-
}

@test "shasum-tee: with stdout closed, no data is written to the digest's file" {
    run -1 bash -c 'shasum-tee -o digest <data >&- 2>&-'
    assert_equal "$(cat digest)" ''
}

@test "shasum-tee: a read error is exit 1, without a digest" {
    run -1 bash -c 'shasum-tee -o digest <. >out'
    assert_output 'shasum-tee: cannot read standard input: Is a directory'
    assert_equal "$(cat digest)" ''
    run -1 bash -c 'shasum-tee -o digest <&- >out'
    assert_output 'shasum-tee: cannot read standard input: Bad file descriptor'
}

@test "shasum-tee: is killed by SIGPIPE when its reader is gone, without a digest" {
    run bash -c 'yes | shasum-tee -o digest | head -c 1000000 >out; echo "${PIPESTATUS[1]}"'
    assert_output 141
    assert_equal "$(cat digest)" ''
}

@test "shasum-tee: with SIGPIPE ignored, a gone reader is a write error" {
    run bash -c 'trap "" PIPE; yes 2>/dev/null | shasum-tee -o digest | head -c 1000000 >out
        echo "${PIPESTATUS[1]}"'
    assert_output 'shasum-tee: cannot write to standard output: Broken pipe
1'
    assert_equal "$(cat digest)" ''
}

@test "shasum-tee: writes no digest when it is killed" {
    mkfifo in
    shasum-tee -o digest <in >out &
    local pid=$!
    exec 9>in
    cat data >&9
    kill -TERM "$pid"
    local result=0
    wait "$pid" || result=$?
    assert_equal "$result" 143
    exec 9>&-
    assert_equal "$(cat digest)" ''
}

@test "shasum-tee -e: the right digest is exit 0 and printed as usual" {
    local form
    for form in "$(hex 256 data)" "sha256:$(hex 256 data)"; do
        tee_pipe data -e "$form"
        assert_success
        cmp data out
        sha256sum <data | cmp - err
    done
}

@test "shasum-tee -e: a wrong digest is exit 4, and one line has both digests" {
    local other
    other=$(hex 256 /dev/null)
    tee_pipe data -o digest --expect="$other"
    assert_error 4 "shasum-tee: the digest does not match: expected sha256:$other, got sha256:$(hex 256 data)"
    cmp data out
    sha256sum <data | cmp - digest
}

@test "shasum-tee -e: a changed byte and a missing byte are exit 4" {
    cp data flipped
    printf '\x30' | dd of=flipped bs=1 seek=700000 conv=notrunc status=none
    run ! cmp -s data flipped
    tee_pipe flipped -e "$(hex 256 data)"
    assert_equal "$status" 4
    head -c -1 data >shorter
    tee_pipe shorter -e "$(hex 256 data)"
    assert_equal "$status" 4
}

@test "shasum-tee -e: a prefix selects the algorithm, -a that of a digest without prefix" {
    local bits
    for bits in 384 512; do
        tee_pipe data -e "sha$bits:$(hex "$bits" data)"
        assert_success
        "sha${bits}sum" <data | cmp - err
        tee_pipe data -e "$(hex "$bits" data)" -a "$bits"
        assert_success
        tee_pipe data -e "$(hex "$bits" /dev/null)" -a "$bits"
        assert_equal "$status" 4
    done
    tee_pipe data -a 256 -e "sha512:$(hex 512 data)"
    assert_error 2 "shasum-tee: --expect and --algorithm name different algorithms; try 'shasum-tee --help'"
}

@test "shasum-tee -e: an invalid digest is a usage error, and nothing is copied" {
    local good text
    good=$(hex 256 data)
    for text in '' "${good^^}" "${good:1}" "${good}0" "sha1:$good" "SHA256:$good" \
        "sha256:${good^^}" "sha512:$good" "x${good:1}" "$good "; do
        tee_pipe data -e "$text"
        assert_equal "$status" 2
        assert_regex "$(cat err)" "^shasum-tee: --expect: [^"$'\n'"]*; try 'shasum-tee --help'\$"
        assert_equal "$(stat -c %s out)" 0
    done
}

# ------------------------------------------------------------------------------- --zstd

@test "shasum-tee --zstd: prints both digests and sizes, and does not change the stream" {
    zstd -q data -o data.zst
    tee_pipe data.zst --zstd
    assert_success
    cmp data.zst out
    assert_equal "$(cat err)" "$(hex 256 data.zst)  $(stat -c %s data.zst)  blob
$(hex 256 data)  $(stat -c %s data)  diffid"
    tee_pipe data.zst --zstd --oci -a 512
    assert_equal "$(cat err)" "sha512:$(hex 512 data.zst)  $(stat -c %s data.zst)  blob
sha512:$(hex 512 data)  $(stat -c %s data)  diffid"
}

@test "shasum-tee --zstd --json: diff_id and diff_size after size" {
    zstd -q data -o data.zst
    tee_pipe data.zst --zstd --json
    assert_success
    assert_equal "$(jq -r 'keys_unsorted | join(" ")' err)" 'algorithm digest size diff_id diff_size'
    assert_equal "$(jq -r '.digest, .size, .diff_id, .diff_size' err)" \
        "sha256:$(hex 256 data.zst)
$(stat -c %s data.zst)
sha256:$(hex 256 data)
$(stat -c %s data)"
}

@test "shasum-tee --zstd: accepts all streams that zstd writes" {
    local options
    for options in -1 -19 '-T2' '--single-thread' '--no-check' '--long=27' '--rsyncable' '--no-compress-literals'; do
        # shellcheck disable=SC2086
        zstd -qf $options <data >data.zst
        tee_pipe data.zst --zstd -o digests
        assert_success
        assert_equal "$(sed -n 2p digests)" "$(hex 256 data)  $(stat -c %s data)  diffid"
    done
    zstd -q </dev/null >empty.zst
    tee_pipe empty.zst --zstd -o digests
    assert_success
    assert_equal "$(sed -n 2p digests)" "$(hex 256 /dev/null)  0  diffid"
}

# A skippable frame (RFC 8878, 3.1.2) of five bytes.
skippable() {
    printf '\x5a\x2a\x4d\x18\x05\0\0\0extra'
}

@test "shasum-tee --zstd: several frames, skippable ones among them, are one stream" {
    head -c 100000 data | zstd -q >1.zst
    tail -c +100001 data | zstd -q >2.zst
    { skippable && cat 1.zst && skippable && skippable && cat 2.zst && skippable; } >data.zst
    tee_pipe data.zst --zstd
    assert_success
    cmp data.zst out
    assert_equal "$(sed -n 2p err)" "$(hex 256 data)  $(stat -c %s data)  diffid"
    skippable >skip.zst
    tee_pipe skip.zst --zstd
    assert_success
    assert_equal "$(sed -n 2p err)" "$(hex 256 /dev/null)  0  diffid"
}

@test "shasum-tee --zstd: reads frames byte by byte" {
    head -c 400 data | zstd -q >1.zst
    { cat 1.zst && skippable && cat 1.zst; } >data.zst
    run bash -c 'for ((i = 0; i < $(stat -c %s data.zst); i++)); do
            dd if=data.zst bs=1 skip="$i" count=1 status=none
        done | shasum-tee --zstd -o digests | cmp - data.zst'
    assert_success
    assert_equal "$(sed -n 2p digests)" "$(head -c 400 data | cat - <(head -c 400 data) |
        sha256sum | cut -d ' ' -f 1)  800  diffid"
}

# assert_unsound FILE FAULT: the file is copied completely, but is an error with FAULT in its line, without a digest.
assert_unsound() {
    tee_pipe "$1" --zstd -o digest
    assert_error 3 "shasum-tee: the input is not a valid zstd stream: $2"
    cmp "$1" out
    assert_equal "$(cat digest)" ''
}

@test "shasum-tee --zstd: an empty input is exit 3" {
    assert_unsound /dev/null 'it is empty'
}

@test "shasum-tee --zstd: an input that is not zstd is exit 3" {
    assert_unsound data 'it does not begin with a zstd frame'
    printf 'ab' >short
    assert_unsound short 'it does not begin with a zstd frame'
    gzip -c data >data.gz
    assert_unsound data.gz 'it does not begin with a zstd frame'
}

@test "shasum-tee --zstd: a stream truncated anywhere is exit 3" {
    zstd -q data -o data.zst
    local size kept
    size=$(stat -c %s data.zst)
    for kept in 4 5 6 8 9 13 1000 "$((size / 2))" "$((size - 5))" "$((size - 4))" "$((size - 1))"; do
        head -c "$kept" data.zst >cut.zst
        assert_unsound cut.zst 'it ends within a frame'
    done
    for kept in 1 2 3; do
        head -c "$kept" data.zst >cut.zst
        assert_unsound cut.zst 'it does not begin with a zstd frame'
    done
    skippable | head -c 10 >cut.zst
    assert_unsound cut.zst 'it ends within a frame'
}

@test "shasum-tee --zstd: junk of any length after the last frame is exit 3" {
    zstd -q data -o data.zst
    local junk
    for junk in '\n' '\0' '\0\0\0\0\0\0\0\0' 'junk' '\x28\xb5\x2f' '\x28\xb5\x2f\xfe'; do
        # shellcheck disable=SC2059
        { cat data.zst && printf "$junk"; } >long.zst
        assert_unsound long.zst 'something else follows the last frame'
    done
}

@test "shasum-tee --zstd: a flipped bit is exit 3" {
    zstd -q data -o data.zst
    local offset byte
    for offset in 20 5000 100000 "$(($(stat -c %s data.zst) - 2))"; do
        cp data.zst bad.zst
        byte=$(od -An -tu1 -j "$offset" -N 1 data.zst)
        # shellcheck disable=SC2059
        printf "\\x$(printf %x "$((byte ^ 4))")" |
            dd of=bad.zst bs=1 seek="$offset" conv=notrunc status=none
        tee_pipe bad.zst --zstd -o digest
        assert_equal "$status" 3
        assert_regex "$(cat err)" '^shasum-tee: the input is not a valid zstd stream: [^'$'\n'']*$'
        assert_equal "$(cat digest)" ''
        cmp bad.zst out
    done
}

@test "shasum-tee --zstd: a wrong checksum is reported as such" {
    zstd -q data -o data.zst
    head -c -4 data.zst >bad.zst
    printf 'abcd' >>bad.zst
    assert_unsound bad.zst 'the checksum of a frame is wrong'
}

@test "shasum-tee --zstd: a window above zstd's limit is exit 3, without allocating it" {
    # Magic number, no single segment, a window of 2^28 bytes, an empty last block.
    printf '\x28\xb5\x2f\xfd\x00\x90\x01\x00\x00' >large.zst
    run -1 zstd -dc large.zst
    assert_unsound large.zst 'a frame needs a window above the limit of 128 MiB'
    printf '\x28\xb5\x2f\xfd\x00\x88\x01\x00\x00' >limit.zst
    zstd -dc limit.zst
    tee_pipe limit.zst --zstd
    assert_success
}

@test "shasum-tee --zstd: a frame that needs a dictionary is exit 3" {
    # Magic number, a dictionary identifier of one byte, a window of 1 KiB, an empty last block.
    printf '\x28\xb5\x2f\xfd\x01\x00\x07\x01\x00\x00' >dictionary.zst
    assert_unsound dictionary.zst 'a frame needs a dictionary'
}

@test "shasum-tee --zstd: formats before zstd 1.0 are refused" {
    printf '\x27\xb5\x2f\xfd\x01\x00\x00\x00\x00\x00' >old.zst # v0.7
    assert_unsound old.zst 'it does not begin with a zstd frame'
}

@test "shasum-tee --zstd: memory is bounded while a small file decompresses to a large one" {
    requires_command python3
    head -c 512M /dev/zero | zstd -q >frame.zst
    cat frame.zst frame.zst frame.zst frame.zst >zeros.zst
    run -0 /usr/bin/python3 -c 'import resource, subprocess, sys
subprocess.run(sys.argv[1:], stdin=open("zeros.zst"), stdout=open("out", "w"), check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)' shasum-tee --zstd --json -o digest
    [ "$output" -lt 100000 ] # KiB
    assert_equal "$(jq .diff_size digest)" 2147483648
}

@test "shasum-tee --zstd -e: compares the digest of the blob" {
    zstd -q data -o data.zst
    tee_pipe data.zst --zstd -e "$(hex 256 data.zst)"
    assert_success
    tee_pipe data.zst --zstd -o digest -e "$(hex 256 data)"
    assert_error 4 "shasum-tee: the digest does not match: expected sha256:$(hex 256 data), got sha256:$(hex 256 data.zst)"
}

@test "shasum-tee --zstd -e: a malformed stream is exit 3 with the right digest, else 4" {
    zstd -q data -o data.zst
    head -c 100000 data.zst >cut.zst
    tee_pipe cut.zst --zstd -o digest -e "$(hex 256 cut.zst)"
    assert_error 3 'shasum-tee: the input is not a valid zstd stream: it ends within a frame'
    assert_equal "$(cat digest)" ''
    tee_pipe cut.zst --zstd -o digest -e "$(hex 256 data.zst)"
    assert_equal "$status" 4
    assert_equal "$(cat digest)" ''
}

# ------------------------------------------------------------------------------- progress

# Writes the data in three parts, with pauses for progress lines.
slowly() {
    cat data
    sleep 0.15
    cat data
    sleep 0.15
    cat data
}

@test "shasum-tee --progress=always: draws lines, removes them and prints the digest" {
    slowly | shasum-tee --progress=always >out 2>err
    cat data data data | cmp - out
    assert_equal "$(tail -c +1 err | tr '\r' '\n' | tail -n 1)" $'\e[K'"$(sha256sum <out)"
    tr '\r' '\n' <err | grep -q $'^\e\[K[1-3]\.[0-9] MiB  [0-9.]* MiB/s  0:00$'
}

@test "shasum-tee --progress --size: draws a bar and the remaining time" {
    slowly | shasum-tee --progress=always --size="$((3 * $(stat -c %s data)))" >out 2>err
    tr '\r' '\n' <err | grep -q $'^\e\[K [67][0-9]% \[=*> *\] 2\.[0-9] MiB/3\.7 MiB  [0-9.]* MiB/s  0:00 ETA 0:00$'
    slowly | shasum-tee --progress=always --size=1K >out 2>err
    tr '\r' '\n' <err | grep -q $'^\e\[K100% \[=*\] '
}

@test "shasum-tee --progress: draws nothing without a terminal, with =never or with -q" {
    local option
    for option in --progress --progress=auto --progress=never '--progress=always -q'; do
        # shellcheck disable=SC2086
        slowly | shasum-tee $option -o digest >out 2>err
        assert_equal "$(cat err)" ''
    done
}

@test "shasum-tee --progress: draws on a terminal, at most as wide as it" {
    requires_command script
    export -f slowly
    export SHELL=$BASH TERM=vt100
    run -0 script -qec 'stty cols 30; slowly | shasum-tee --progress --size=4M -o digest >out' /dev/null
    local line drawn=0
    while IFS= read -r line; do
        line=${line#$'\e[K'}
        [ "${#line}" -le 29 ]
        [[ $line != *%* ]] || drawn=$((drawn + 1))
    done < <(printf '%s\n' "$output" | tr '\r' '\n')
    [ "$drawn" -gt 0 ]
    sha256sum <out | cmp - digest
    for TERM in dumb ''; do
        run -0 script -qec 'slowly | shasum-tee --progress -o digest >out' /dev/null
        assert_output ''
    done
}

@test "shasum-tee --progress: at most ten lines a second" {
    local started drawn elapsed
    started=$(date +%s%N)
    (for ((i = 0; i < 100; i++)); do printf x && sleep 0.01; done) |
        shasum-tee --progress=always -o digest >out 2>err
    elapsed=$((($(date +%s%N) - started) / 100000000))
    drawn=$(tr '\r' '\n' <err | grep -c /s)
    [ "$drawn" -ge 2 ]
    [ "$drawn" -le "$elapsed" ]
}

@test "shasum-tee --progress: removes the line before it prints an error and before SIGPIPE" {
    (slowly && echo junk) | shasum-tee --zstd --progress=always >out 2>err || true
    assert_equal "$(tr '\r' '\n' <err | tail -n 1)" $'\e[K'
    tr '\r' '\n' <err | grep -q '^shasum-tee: the input is not a valid zstd stream: '
    run bash -c 'yes | shasum-tee --progress=always 2>err |
        for i in 1 2 3 4 5; do head -c 3M >out && sleep 0.06; done
        echo "${PIPESTATUS[1]}"'
    assert_output 141
    tr '\r' '\n' <err | grep -q /s
    assert_equal "$(tr '\r' '\n' <err | tail -n 1)" $'\e[K'
}

@test "shasum-tee --progress: removes the line when a signal kills it" {
    local signal
    for signal in INT TERM HUP QUIT; do
        run bash -c '
            (while cat data && sleep 0.02; do :; done) |
                exec env --default-signal=INT,QUIT shasum-tee --progress=always -o digest 2>err >/dev/null &
            until grep -q /s err 2>/dev/null; do sleep 0.02; done
            kill -s "$1" "$!"
            wait "$!"' - "$signal"
        assert_equal "$status" "$((128 + $(kill -l "$signal")))"
        assert_equal "$(tr '\r' '\n' <err | tail -n 1)" $'\e[K'
        rm err
    done
}

# ------------------------------------------------------------------------------- command line

@test "shasum-tee: refuses to write to a terminal, before it reads or makes any file" {
    requires_command script
    run -2 script -qec 'shasum-tee -o digest' /dev/null
    assert_output --partial 'shasum-tee: standard output is a terminal'
    assert_file_not_exists digest
}

@test "shasum-tee: help and version go to stdout" {
    local option
    for option in -h --help -V --version; do
        run -0 --separate-stderr shasum-tee "$option"
        # shellcheck disable=SC2154
        assert_equal "$stderr" ''
        assert_output --partial shasum-tee
    done
    run -0 shasum-tee --version
    assert_regex "$output" '^shasum-tee \(zlsnap\) [0-9.]+$'
    run -1 bash -c 'shasum-tee --help >/dev/full'
    assert_output 'shasum-tee: cannot write to standard output: No space left on device'
}

@test "shasum-tee: the help names every option of the manual" {
    local option options=0
    while read -r option; do
        shasum-tee --help | grep -q -e "--$option"
        options=$((options + 1))
    done < <(sed -n '/^\.It/ s/.*Fl -\([a-z]*\).*/\1/p' "$PROJECT/shasum-tee/shasum-tee.1")
    assert_equal "$options" 11
}

@test "shasum-tee: a usage error is one line on stderr and exit 2" {
    local options
    for options in --nope -x operand '-- operand' --json=1 -o --expect '-a 1' '-a sha256' '--size=x' \
        '--size=-1' '--size=1KB' '--progress=often' '--json --oci'; do
        # shellcheck disable=SC2086
        run -2 --separate-stderr shasum-tee $options </dev/null
        assert_equal "$output" ''
        assert_regex "$stderr" "^shasum-tee: [^"$'\n'"]*; try 'shasum-tee --help'\$"
    done
}

@test "shasum-tee: -- ends the options" {
    run -2 shasum-tee -- --help
    assert_output "shasum-tee: unexpected operand '--help'; try 'shasum-tee --help'"
}
