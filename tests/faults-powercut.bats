# Power cuts: the test copies the disk image, without data that is only in the page cache, and mounts the copy as
# after a boot.

load helpers
load packs
load trees

setup_file() {
    cd "$BATS_FILE_TMPDIR" || return
    mkdir -p tree/dir/{a,b} old/gone
    local i
    for i in {1..40}; do
        seq $((i * 50)) >"tree/dir/a/$i"
    done
    seq 200000 >tree/dir/b/large
    ln tree/dir/b/large tree/link
    ln -s dir tree/symlink
    setfattr -n user.name -v value tree/dir
    touch -d @1000000000.123456789 tree/dir
    seq 5000 >old/gone/file
    echo standing >old/file
    tarpack tree >layer.tar
    head -c 50000 /dev/urandom >chunk
    contents old/gone/file chunk >stream # two packs with --pack-size=1
}

setup() {
    cd "$BATS_TEST_TMPDIR" || return
    TREE=$BATS_FILE_TMPDIR/tree
    OLD=$BATS_FILE_TMPDIR/old
    LAYER=$BATS_FILE_TMPDIR/layer.tar
    CONTENTS=$BATS_FILE_TMPDIR/stream
}

# disk TYPE SIZE: makes a file system in the file "image" and mounts it on "disk", so that it does not write by
# itself during a test.
disk() {
    local options=loop
    [ "$1" != ext4 ] || options+=,commit=600
    truncate -s "$2" image
    case $1 in
    ext4) mkfs.ext4 -q -F image ;;
    *) "mkfs.$1" -q -f image ;;
    esac
    mkdir -p disk after
    mount -o "$options" image disk
}

# cut_power: mounts on "after" a copy of the disk, as if the power were cut now. The disk itself stays in use.
cut_power() {
    cp --sparse=always image image.cut
    # XFS and Btrfs would take it for the file system with the same UUID.
    umount disk
    mount -o loop image.cut after
}

# state DIR: prints whether DIR is absent, the old tree, the new one, or neither.
state() {
    if [ ! -e "$1" ]; then
        echo nothing
    elif diff -r "$OLD" "$1" >/dev/null 2>&1; then
        echo old
    elif (compare_trees "$TREE" "$1") >/dev/null 2>&1; then
        echo new
    else
        echo neither
    fi
}

for_each_type() {
    local type
    for type in ext4=64M xfs=300M btrfs=110M; do
        for_type "$type" "$@"
    done
}

# for_type TYPE=SIZE COMMAND...: runs COMMAND with such a disk.
for_type() {
    local type=${1%=*} size=${1#*=}
    shift
    requires_fs "$type"
    disk "$type" "$size"
    "$@"
    umount after
    rm image image.cut
}

published() {
    tarunpack disk/target <"$LAYER"
    cut_power
    assert_equal "$type: $(state after/target)" "$type: new"
}

@test "power cut: after exit 0 the tree is on the disk: ext4, xfs, btrfs" {
    for_each_type published
}

replaced() {
    cp -a "$OLD" disk/target
    sync -f disk
    tarunpack --replace disk/target <"$LAYER"
    cut_power
    assert_equal "$type: $(state after/target)" "$type: new"
}

@test "power cut: after exit 0 of --replace the new tree is on the disk: ext4, xfs, btrfs" {
    for_each_type replaced
}

merge_lasts() {
    cp -a "$OLD" disk/target
    cp -a "$OLD" wanted
    sync -f disk
    tarunpack --merge disk/target <"$LAYER"
    cut_power
    tarunpack --no-sync --merge wanted <"$LAYER"
    compare_trees wanted after/target
    rm -r wanted
}

@test "power cut: after exit 0 of --merge all changes are on the disk: ext4, xfs, btrfs" {
    for_each_type merge_lasts
}

# The layer deletes the target of its own hard link. The deletion must not reach the disk before the link.
merge_recovers() {
    mkdir disk/target disk/target/d
    echo content >disk/target/t
    sync -f disk
    rm -f count
    (FAULTS_COUNT=$PWD/count FAULTS_STEP=$1 LD_PRELOAD=$ZLSNAP_PRELOAD/kill.so \
        tarunpack -q -j 1 --merge disk/target <link.tar) 2>/dev/null || true
    flock disk/target true # waits until its processes are dead
    # Another program's sync may write any part.
    sync -d disk/target disk/target/d 2>/dev/null || true
    cut_power
    if [ ! -e after/target/d/l ] || compgen -G 'after/target/.merge.zlsnap-*/begun'; then
        tarunpack -q --merge after/target <link.tar
    fi
    assert_equal "$type, step $1: $(cat after/target/d/l)" "$type, step $1: content"
    assert_not_exists after/target/t
}

@test "power cut: at any step of a merge, the next run completes it: ext4, btrfs" {
    requires_fs ext4
    archive_moving t d/l >link.tar
    mkdir probe
    touch probe/t
    FAULTS_COUNT=$PWD/count FAULTS_STEP=0 LD_PRELOAD=$ZLSNAP_PRELOAD/kill.so \
        tarunpack -q -j 1 --merge probe <link.tar
    local step steps
    steps=$(od -An -tu4 count | tr -d ' ')
    # From about the begin of the merge to the sync.
    for step in $(few 5 $((steps - 20)) $((steps - 4))); do
        for_type ext4=64M merge_recovers "$step"
        for_type btrfs=110M merge_recovers "$step"
    done
}

# Shows that the tests above can fail.
@test "power cut: with --no-sync the tree is not on the disk" {
    requires_fs ext4
    disk ext4 64M
    tarunpack --no-sync disk/target <"$LAYER"
    cut_power
    assert_equal "$(state after/target)" nothing
}

# prepare: makes files on the disk before each run, without syncing them.
prepare() {
    :
}

# at_each_call WANTED OPTION...: kills tarunpack at each call of the parent process that publishes, and then cuts
# the power. The state of the disk must be one of the words in WANTED.
at_each_call() {
    local name count seen='' now begun=0
    [[ ${*:2} != *--adopt* ]] || begun=1 # --adopt has no child
    prepare
    strace -o calls tarunpack "${@:2}" disk/target <"$LAYER"
    awk -F '(' -v begun="$begun" '/^[a-z]/ { count[$1]++ }
        begun && $1 ~ /rename|sync|unlink|utimens|wait|exit_group/ { print $1, count[$1] }
        $1 ~ /^(clone|fork|vfork)/ { begun = 1 }' calls >list
    while read -r name count; do
        rm -rf disk/target disk/.target.*
        [ "$1" = 'nothing new' ] || cp -a "$OLD" disk/target
        sync -f disk
        prepare
        # cat waits for the orphaned child, which also has the pipe.
        strace -o /dev/null -e inject="$name:signal=KILL:when=$count" \
            tarunpack "${@:2}" disk/target <"$LAYER" 2>&1 | cat >/dev/null
        # Another program's fsync commits the file system's journal.
        echo >>disk/other
        sync disk/other
        cp --sparse=always image image.cut
        mount -o loop image.cut after
        now=$(state after/target)
        umount after
        rm image.cut
        [[ " $1 " == *" $now "* ]] || fail "$now after a kill at $name $count"
        seen+=" $now"
    done <list
    assert_regex "$seen" "^( ${1% *})+( ${1#* })+\$"
}

@test "power cut: before exit 0 DIR is absent or complete" {
    requires_fs ext4
    requires_command strace
    disk ext4 64M
    at_each_call 'nothing new'
}

@test "power cut: before exit 0 of --replace DIR is the old tree or the new one" {
    requires_fs ext4
    requires_command strace
    disk ext4 64M
    cp -a "$OLD" disk/target
    at_each_call 'old new' --replace
}

@test "power cut: before exit 0 of --adopt DIR is absent or complete" {
    requires_fs ext4
    requires_command strace
    local lock=''
    disk ext4 64M
    prepare() {
        [ -z "$lock" ] || exec {lock}<&-
        mkdir -m 700 disk/.target.zlsnap-abcdef
        exec {lock}<disk/.target.zlsnap-abcdef
        flock -n "$lock"
        cp -a "$TREE" disk/.target.zlsnap-abcdef/tree
    }
    at_each_call 'nothing new' --adopt=.target.zlsnap-abcdef
    exec {lock}<&-
}

# Killed in the middle; then the power is cut after another program's fsync.
interrupted_merge_lasts() {
    cp -a "$OLD" disk/target
    rm -rf wanted
    cp -a "$OLD" wanted
    sync -f disk
    strace -f -o /dev/null -e inject=renameat:signal=KILL:when=20 \
        tarunpack --merge disk/target <"$LAYER" 2>&1 | cat >/dev/null
    echo >>disk/other
    sync disk/other
    cut_power
    assert_not_equal "$(ls -A after/target)" "$(ls -A "$OLD")"
    tarunpack --merge after/target <"$LAYER"
    tarunpack --no-sync --merge wanted <"$LAYER"
    compare_trees wanted after/target
}

@test "power cut: in the middle of --merge the same command completes it: ext4, xfs, btrfs" {
    requires_command strace
    for_each_type interrupted_merge_lasts
}

created() {
    zlsnap create -q "$TREE" disk/layer >/dev/null
    cut_power
    zlsnap verify -q after/layer
}

@test "power cut: after exit 0 of create LAYER and LAYER.json are on the disk: ext4, xfs, btrfs" {
    requires_command jq
    for_each_type created
}

# ------------------------------------------------------------------------------------------------ packs

# packs_state DIR PRINTED: prints how many packs DIR has, or what is wrong: each PACK.zst must be whole, each
# PACK.index must have its pack and be whole, and all packs that were printed must have both.
packs_state() {
    local file pack count=0
    while read -r file; do
        pack=${file%.*}
        case $file in
        *.zst) [ "$(sha256sum <"$file")" = "${pack##*/}  -" ] ;;
        *.index) [ -e "$pack.zst" ] && pack_check "$pack" >/dev/null && count=$((count + 1)) ;;
        *) false ;;
        esac || { echo "bad: $file" && return; }
    done < <(find "$1" -type f)
    while read -r pack _; do
        [ -e "$1/$pack.index" ] || { echo "missing: $pack" && return; }
    done <"$2"
    echo $count
}

stored() {
    mkdir disk/packs
    sync -f disk
    tarstore --pack-size=1 disk/packs <"$CONTENTS" >printed
    cut_power
    assert_equal "$type: $(packs_state after/packs printed)" "$type: 2"
}

@test "power cut: after exit 0 of tarstore the packs are on the disk: ext4, xfs, btrfs" {
    for_each_type stored
}

# store_cut CALL NUMBER [OPTION...]: tarstore is killed at this call, and then the power is cut after another
# program's fsync, which commits the file system's journal. Prints the state of the packs.
store_cut() {
    rm -rf disk/packs
    mkdir disk/packs
    sync -f disk
    strace -o /dev/null -e inject="$1:signal=KILL:when=$2" \
        tarstore -j 1 --pack-size=1 "${@:3}" disk/packs <"$CONTENTS" >printed 2>/dev/null || true
    echo >>disk/other
    sync disk/other
    cp --sparse=always image image.cut
    mount -o loop image.cut after
    packs_state after/packs printed
    umount after
    rm image.cut
}

@test "power cut: before exit 0 of tarstore each pack is whole or absent" {
    requires_fs ext4
    requires_command strace
    local name count now seen=''
    disk ext4 64M
    mkdir disk/packs
    strace -o calls tarstore -j 1 --pack-size=1 disk/packs <"$CONTENTS" >/dev/null
    awk -F '(' '/^[a-z]/ { count[$1]++ }
        $1 ~ /^(fsync|linkat|write|exit_group)$/ { print $1, count[$1] }' calls >list
    while read -r name count; do
        now=$(store_cut "$name" "$count")
        [[ $now == [012] ]] || fail "$now after a kill at $name $count"
        seen+=$now
    done <list
    assert_regex "$seen" '^0+1+2+$'
}

# Shows that the test above can fail.
@test "power cut: with --no-sync of tarstore a pack may be torn" {
    requires_fs ext4
    requires_command strace
    disk ext4 64M
    run store_cut exit_group 1 --no-sync
    assert_output --partial bad
}
