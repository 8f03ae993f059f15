#!/usr/bin/env bats
# A process that reads an archive cannot access anything outside its staging directory, even if the archive
# takes control of it.
# shellcheck disable=SC2154 # bats' stderr

load helpers

setup() {
    cd "$BATS_TEST_TMPDIR" || return
    mkdir -p tree outside/directory
    echo content | tee tree/{1..20} outside/file >/dev/null
    head -c 300000 /dev/urandom >tree/large # too large for the threads
    ln tree/1 tree/link
    tarpack tree >layer.tar
    run -0 --separate-stderr tarunpack -v --list <layer.tar
    [[ $stderr != *'not confined'* ]] || skip 'needs Landlock'
}

# escaping COMMAND...: runs COMMAND; it tries to access "outside" when it reads standard input or writes a
# file, from whatever thread.
escaping() {
    FAULTS_ESCAPE=$PWD/outside LD_PRELOAD=$ZLSNAP_PRELOAD/escape.so "$@"
}

outside_is() {
    find outside -printf '%p %y %i %m %s %T@ %C@\n' | sort
}

@test "sandbox: nothing outside can be read, made, changed or removed, by any thread" {
    ! is_sanitized || skip 'needs a build without sanitizers'
    local before jobs
    before=$(outside_is)
    for jobs in 1 4; do
        mkdir standing
        echo old >standing/old
        escaping tarunpack --no-sync -j $jobs new <layer.tar
        escaping tarunpack --no-sync -j $jobs --replace standing <layer.tar
        escaping tarunpack --no-sync -j $jobs --merge standing <layer.tar
        compare_trees tree new
        compare_trees tree standing
        escaping tarunpack --list -j $jobs <layer.tar >list
        rm -r new standing
    done
    assert_equal "$(outside_is)" "$before"
    # Shows that the test fails without Landlock.
    requires_command strace
    run ! --separate-stderr escaping strace -f -qq -o /dev/null \
        -e inject=landlock_create_ruleset:error=ENOSYS tarunpack --no-sync new <layer.tar
    assert_equal "$(outside_is)" "$before"
}

# confined COMMAND...: prints how many processes restrict themselves, and those that already had threads:
# such threads would stay unrestricted.
confined() {
    strace -f --seccomp-bpf -qq -o calls -e trace=landlock_restrict_self,clone,clone3 "$@" <layer.tar >/dev/null
    awk '/landlock_restrict_self\(.* = 0$/ { confined[$1] = 1 }
        /CLONE_THREAD/ && !($1 in confined) { print "a thread before: " $0 }
        END { print length(confined) }' calls
}

@test "sandbox: every process that works on a tree or reads an archive is confined before it has threads" {
    requires_command strace
    local digest
    digest=$(sha256sum <layer.tar | cut -d ' ' -f 1)
    mkdir standing
    assert_equal "$(confined tarunpack --no-sync -j 4 --expect="$digest" new)" 1
    assert_equal "$(confined tarunpack --no-sync -j 4 --replace standing)" 1
    assert_equal "$(confined tarunpack --no-sync -j 4 --merge standing)" 2
    assert_equal "$(confined tarunpack -j 4 --expect="$digest" --list)" 1
}
