# The verbs of a store, driver/store/target.sh: `load targets` after `load helpers` and `load driver`.

# verbs_make: makes a driver whose command `digest` is verbs. Call it in setup_file.
verbs_make() {
    local dir=$BATS_FILE_TMPDIR/verbs
    mkdir -p "$dir/driver/layer"
    cp "$PROJECT/zlsnap.sh" "$dir"
    ln -s "$PROJECT/driver"/{core,store,image} "$dir/driver"
    ln -s "$PROJECT/driver/layer"/* "$dir/driver/layer"
    rm "$dir/driver/layer/digest.sh"
    cat >"$dir/driver/layer/digest.sh" <<'END'
part core/options core/pipe store/target
command_digest() {
    options_read "config: part-size: max-parts: seal: open: dry-run" "$@"
    target_open "${operands[0]}"
    target_seal=${option[seal]-} target_unseal=${option[open]-}
    spool_make "$(temporary_place)" verb
    run verb_run "${operands[@]:1}"
}
verb_run() {
    case $1 in
    now | place | incoming)
        "target_$1" result "${@:2}"
        printf '%s\n' "$result"
        ;;
    *) "target_$1" "${@:2}" ;;
    esac
}
END
    export VERBS=$dir/zlsnap.sh
}

# verb URL VERB ARGUMENT...: runs one verb of a store.
verb() {
    "$VERBS" digest "$@"
}

# --------------------------------------------------------------------------- what holds for every kind

# Each function is a test of the empty store $STORE, in an empty directory.

# assert_objects PREFIX LINE...: these are the objects of the prefix, KEY and SIZE. Their times are those of the
# last minutes; S3 stores round up to a minute.
assert_objects() {
    local now key size time expected
    run -0 verb "$STORE" list "$1" listing
    assert_output ''
    shift
    now=$(date +%s)
    expected=$(printf '%s\n' "$@")
    assert_equal "$(cut -f 1,2 listing | tr '\t' ' ')" "$expected"
    while IFS=$'\t' read -r key size time; do
        ((time > now - 300 && time < now + 61)) || fail "$key of $size bytes: the time $time, now $now"
    done <listing
}

make_objects() {
    printf 'first\n' >a.zst
    random_file b.json 100000
    : >c
}

check_put_and_list() {
    make_objects
    assert_objects web/prod
    assert_objects ''
    run -0 verb "$STORE" put web/prod/packs "$PWD/a.zst" b.json c
    assert_output ''
    run -0 verb "$STORE" put %2Ea/b%20c a.zst
    assert_objects web/prod 'packs/a.zst 6' 'packs/b.json 100000' 'packs/c 0'
    assert_objects web/prod/packs 'a.zst 6' 'b.json 100000' 'c 0'
    assert_objects '' '%2Ea/b%20c/a.zst 6' 'web/prod/packs/a.zst 6' 'web/prod/packs/b.json 100000' 'web/prod/packs/c 0'
    assert_objects web/pro
    assert_exists a.zst
}

check_put_again() {
    make_objects
    touch -d 2001-02-03 a.zst b.json
    verb "$STORE" put web/prod a.zst b.json
    run -0 verb "$STORE" put web/prod a.zst b.json
    assert_objects web/prod 'a.zst 6' 'b.json 100000'
}

check_put_repairs() {
    make_objects
    printf 'fIrst\n' >damaged
    cp damaged a.zst
    verb "$STORE" put web/prod a.zst
    make_objects
    touch -r damaged a.zst
    run -0 verb "$STORE" put web/prod a.zst
    mkdir got
    verb "$STORE" get web/prod got a.zst
    cmp a.zst got/a.zst
}

check_move() {
    make_objects
    cp b.json copy
    touch -d 2001-02-03 b.json
    run -0 verb "$STORE" move web/prod a.zst b.json c
    assert_equal "$(entries .)" 'copy'
    assert_objects web/prod 'a.zst 6' 'b.json 100000' 'c 0'
    mkdir got
    verb "$STORE" get web/prod got b.json
    cmp copy got/b.json
}

check_get() {
    make_objects
    verb "$STORE" put web/prod/packs a.zst b.json c
    verb "$STORE" put web/prod a.zst
    mkdir got more
    run -0 verb "$STORE" get web/prod got packs/b.json packs/none packs/c a.zst
    assert_output ''
    assert_equal "$(entries got)" 'a.zst b.json c'
    cmp b.json got/b.json
    cmp c got/c
    run -0 verb "$STORE" get web/prod/packs more a.zst
    cmp a.zst more/a.zst
    run -0 verb "$STORE" get web/prod more none
    run -0 verb "$STORE" get nobody/here more none other
    assert_equal "$(entries more)" 'a.zst'
}

check_delete() {
    make_objects
    verb "$STORE" put web/prod/packs a.zst b.json c
    run -0 verb "$STORE" delete web/prod packs/a.zst packs/none packs/c
    assert_output ''
    assert_objects web/prod 'packs/b.json 100000'
    run -0 verb "$STORE" delete nobody/here none
    run -0 verb "$STORE" delete web/prod none
    assert_objects '' 'web/prod/packs/b.json 100000'
}

# More than one call of a program gets.
check_many() {
    local number numbers
    mapfile -t numbers < <(seq -w 1 "$1")
    mkdir many got
    for number in "${numbers[@]}"; do
        printf '%s' "$number" >"many/$number"
    done
    run -0 verb "$STORE" put web/prod "${numbers[@]/#/many/}"
    run -0 verb "$STORE" list web/prod listing
    assert_equal "$(wc -l <listing)" "$1"
    sort -c listing
    run -0 verb "$STORE" get web/prod got "${numbers[@]}"
    diff -r many got
    run -0 verb "$STORE" delete web/prod "${numbers[@]}"
    assert_objects ''
}

check_now() {
    local now
    make_objects
    verb "$STORE" put web/prod a.zst
    now=$(date +%s)
    run -0 verb "$STORE" now web/prod
    # shellcheck disable=SC2154 # set by run
    ((output >= now - 1 && output < now + 120))
    assert_objects '' 'web/prod/a.zst 6'
}

check_incoming_of_state() {
    mkdir state
    run -0 verb "$STORE" incoming web/prod "$PWD/state"
    assert_output "$PWD/state/incoming"
    assert_equal "$(stat -c %a state/incoming)" 700
    run -0 verb "$STORE" place web/prod
    assert_output ''
}

check_seal() {
    make_objects
    mkdir got sealed
    run -0 verb --seal='gzip -n' "$STORE" put web/prod a.zst b.json
    run -0 verb --seal='gzip -n' "$STORE" move web/prod c
    assert_equal "$(entries .)" 'a.zst b.json got sealed'
    run -0 verb "$STORE" get web/prod sealed a.zst b.json c
    gzip -d <sealed/a.zst | cmp - a.zst
    run -0 verb --open='gzip -d' "$STORE" get web/prod got a.zst none b.json c
    assert_equal "$(entries got)" 'a.zst b.json c'
    cmp a.zst got/a.zst
    cmp b.json got/b.json
    assert_objects '' "web/prod/a.zst $(stat -c %s sealed/a.zst)" "web/prod/b.json $(stat -c %s sealed/b.json)" \
        "web/prod/c $(stat -c %s sealed/c)"
}

check_seal_fails() {
    make_objects
    run -1 --separate-stderr verb --seal='exit 7' "$STORE" put web/prod a.zst
    assert_one_line 'a.zst: the command of --seal failed with status 7'
    assert_objects ''
    verb "$STORE" put web/prod a.zst
    mkdir got
    run -1 --separate-stderr verb --open='cat >/dev/null; exit 7' "$STORE" get web/prod got a.zst
    assert_one_line 'a.zst: the command of --open failed with status 7'
    assert_not_exists got/a.zst
}

# Every verb once, for further servers.
check_all() {
    local now
    make_objects
    mkdir got
    assert_objects web/prod
    verb "$STORE" put web/prod/packs a.zst b.json
    verb "$STORE" move web/prod/packs c
    assert_objects web/prod 'packs/a.zst 6' 'packs/b.json 100000' 'packs/c 0'
    verb "$STORE" get web/prod got packs/a.zst packs/none packs/b.json
    assert_equal "$(entries got)" 'a.zst b.json'
    cmp b.json got/b.json
    run -0 verb "$STORE" get web/prod got none/none
    # A damaged object of the same size and time is replaced.
    printf 'fIrst\n' >got/a.zst
    verb "$STORE" put web/prod/packs got/a.zst
    touch -r got/a.zst a.zst
    verb "$STORE" put web/prod/packs a.zst
    verb "$STORE" get web/prod got packs/a.zst
    cmp a.zst got/a.zst
    run -0 verb "$STORE" delete web/prod packs/a.zst packs/none packs/c
    run -0 verb "$STORE" delete nobody/here none
    now=$(date +%s)
    run -0 verb "$STORE" now web/prod
    ((output >= now - 2 && output < now + 60))
    assert_objects '' 'web/prod/packs/b.json 100000'
}
