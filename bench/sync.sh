#!/usr/bin/env bash
#
# Measures how long it takes to find changes in 200,000 files, and to sync them: bench/sync.sh [RUNS]
# prints a report as Markdown. Called by `make bench`. The S3 server is that of the tests, in Python and on
# this machine; most of the time of an upload is spent in it.
#
# Environment: BENCH_DIR and ZLSNAP_BIN, as for bench/run.
set -u -o pipefail

bench=$(dirname -- "$(readlink -f -- "$0")")
BENCH_DIR=$(realpath -m -- "${BENCH_DIR:-/var/tmp/zlsnap-bench}")
export BENCH_DIR LC_ALL=C
PATH=$(realpath -m -- "${ZLSNAP_BIN:-$bench/../build/bin}"):$PATH
runs=${1:-5}
tree=$BENCH_DIR/scratch/sync/tree
remote=s3://bucket/bench

export S3_KEY=bench-key S3_SECRET=bench-secret S3_BUCKET=bucket AWS_REGION=us-east-1
export AWS_ACCESS_KEY_ID=$S3_KEY AWS_SECRET_ACCESS_KEY=$S3_SECRET S3CMD_CONFIG=/dev/null

die() {
    printf 'bench: %s\n' "$*" >&2
    exit 1
}

server_start() {
    mkdir -- "$BENCH_DIR/scratch/sync/s3"
    "$bench/../tests/s3-server" "$BENCH_DIR/scratch/sync/s3" >port 2>server.log &
    server=$!
    local tries
    for ((tries = 0; tries < 100; tries++)); do
        [[ -s port ]] && break
        sleep 0.1
    done
    [[ -s port ]] || die "no S3 server: $(tail -n 1 server.log)"
    AWS_ENDPOINT_URL=http://127.0.0.1:$(<port)
    export AWS_ENDPOINT_URL
}

clean_up() {
    [[ ! ${server-} ]] || kill "$server"
    cd / && rm -rf -- "$BENCH_DIR/scratch/sync"
}

# seconds COMMAND...: runs it and sets `took` to the time in milliseconds.
seconds() {
    local begin=${EPOCHREALTIME/./}
    "$@" >/dev/null || die "failed: $*"
    took=$(((${EPOCHREALTIME/./} - begin) / 1000))
}

# median: prints the median of the lines of standard input, in seconds.
median() {
    sort -n | awk '{ a[NR] = $1 } END { printf "%.2f", a[int((NR + 1) / 2)] / 1000 }'
}

# change COUNT: changes the content of COUNT files, spread over all directories.
change() {
    local round=$EPOCHREALTIME step
    (($1)) || return 0
    step=$((${#files[@]} / $1))
    local i
    for ((i = 0; i < $1; i++)); do
        printf '%s %d\n' "$round" "$i" >"${files[i * step]}"
    done
    sleep 2.5 # the cache does not trust files that changed just now: they would be read again next time
}

sent() {
    awk '$1 == "PUT" && match($0, /received=[0-9]+/) { n += substr($0, RSTART + 9, RLENGTH - 9) }
        END { printf "%.1f", n / 1048576 }' s3/log
}

recognition() {
    local run name
    tarpack --manifest --cache=cache "$tree" >/dev/null
    for ((run = 0; run < 2 * runs + 1; run++)); do
        seconds find "$tree" -printf %s && echo "$took" >>find.ms
        seconds tarpack --manifest --cache=cache "$tree" && echo "$took" >>manifest.ms
        seconds zlsnap digest --cache=cache "$tree" && echo "$took" >>digest.ms
    done
    for ((run = 0; run < runs; run++)); do
        seconds zlsnap digest "$tree" && echo "$took" >>read.ms
    done
    printf '| command | seconds | relative to find |\n|---|---:|---:|\n'
    for name in find manifest digest read; do
        printf '| %s | %s | %s |\n' "${commands[$name]}" "$(median <"$name.ms")" \
            "$(awk -v a="$(median <"$name.ms")" -v b="$(median <find.ms)" 'BEGIN { printf "%.2f", a / b }')"
    done
}

declare -A commands=(
    [find]='`find DIR -printf %s`'
    [manifest]='`tarpack --manifest --cache=FILE DIR`'
    [digest]='`zlsnap digest --cache=FILE DIR`'
    [read]='`zlsnap digest DIR`, which reads every file'
)

syncs() {
    local count run
    zlsnap sync -q --state=state bench/1 "$tree" "$remote" || die 'sync failed'
    printf '| files changed | `digest --cache` | `create` | `push` | `sync` | sent, MiB |\n'
    printf '|---:|---:|---:|---:|---:|---:|\n'
    for count in 0 1 100 10000; do
        rm -f ./*.ms
        for ((run = 0; run < runs; run++)); do
            change "$count"
            cp state/sync/*/bench/1/cache cache
            seconds zlsnap digest --cache=cache "$tree" && echo "$took" >>digest.ms
            if ((count)); then
                seconds zlsnap create "$tree" layer && echo "$took" >>create.ms
                seconds zlsnap push layer "$remote/pushed" && echo "$took" >>push.ms
            fi
            : >s3/log
            seconds zlsnap sync --state=state bench/1 "$tree" "$remote" && echo "$took" >>sync.ms
        done
        printf '| %d | %s | %s | %s | %s | %s |\n' "$count" "$(median <digest.ms)" \
            "$( ((count)) && median <create.ms || echo -)" "$( ((count)) && median <push.ms || echo -)" \
            "$(median <sync.ms)" "$(sent)"
    done
}

"$bench/data.sh" tiny || exit
rm -rf -- "$BENCH_DIR/scratch/sync"
mkdir -p -- "$BENCH_DIR/scratch/sync" && cd "$BENCH_DIR/scratch/sync" || exit
trap clean_up EXIT
cp -a -- "$BENCH_DIR/sets/tiny" "$tree" || exit
mapfile -t files < <(find "$tree" -type f | sort)
server_start
cat <<END
# Cost of a sync

${#files[@]} files of 100 to 2000 bytes in 2,000 directories, $(du -sm --apparent-size "$tree" | cut -f 1) MiB, in the page cache;
$(nproc) cores. The first table has medians of $((2 * runs + 1)) runs in turns, the second of $runs runs.
\`bench/sync.sh\` writes this page.

## Detecting that nothing changed

END
recognition
cat <<'END'

## Syncing changes

Times are in seconds. A layer contains the whole directory, so if one file changed, the whole layer is made
and sent again. Finding the changes does not read unchanged files. The S3 server is OpenStack Swift on the
same machine.

END
syncs
