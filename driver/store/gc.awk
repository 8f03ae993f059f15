# Decides what gc does with the objects of a name. Reads the listing and the table of the documents, see
# documents.sh. Prints a line for each object, with tabs: ACTION KEY SIZE
#
#   kept     the document of a snapshot that is kept
#   retired  that of a forgotten one, of a name of which forget --all has forgotten all snapshots
#   doom     no kept snapshot needs it, and no document dooms it yet
#   forget   the document of a snapshot that has been doomed for the grace period
#   delete   an object that has been doomed for the grace period, and that is not needed
#   strike   an object that has been doomed, and is needed
#   finish   a document in doomed/ that is done with
#   foreign  an object that is none of ours
#   wait     a forgotten snapshot, or an object that no kept one needs, that is not old enough; a fourth field has
#            the time when it is
#
# The documents of a retired name are the last that is deleted of it: without them the rest would seem to be what a loss
# of documents has left.
#
# documents_needs, of documents.sh, is a part of it, and calls need(). The environment has now and grace, in seconds; form, the form of the names of documents; and all, what forget --all
# dooms.

BEGIN {
    FS = OFS = "\t"
    document = "^(snapshots|doomed)/" ENVIRON["form"] "$"
}

FILENAME == ARGV[1] { size[$1] = $2; time[$1] = $3; next }
$2 == "snapshot" { kept[$1] }
$2 == "doomed" { by[++dooms] = $1; what[dooms] = $3 }

function need(object, bytes, digest) {
    who[++needs] = $1
    needed[needs] = object
}

# Whether the object was put before the grace period. With a grace period of 0 no clock counts.
function old(key) {
    return ENVIRON["grace"] == 0 || time[key] + ENVIRON["grace"] <= ENVIRON["now"]
}

function is_object(key) {
    return key ~ /^packs\/[0-9a-f]+(\.index)?\.zst$|^manifests\/[0-9a-f]+\.zst$|^bad\/[0-9a-f]+\.json$/
}

function is_probe(key) {
    return key ~ /^probe-[A-Za-z0-9]+$/ && size[key] == 0
}

function act(action, key) {
    print action, key, size[key]
    acted[key]
}

# A snapshot is kept unless a document dooms it. A forgotten one protects what it needs until it has been doomed for
# the grace period, too: else an object that was needed again, and was not struck off before that snapshot was
# forgotten, would lose its grace period.
function judge_snapshots(    i, key, digest, names) {
    for (i = 1; i <= dooms; i++)
        if (what[i] ~ /^snapshots\//) {
            delete kept[what[i]]
            if (old(by[i]))
                expired[what[i]]
        }
    for (i = 1; i <= needs; i++) {
        if (who[i] in kept)
            used[needed[i]]
        if (!(who[i] in expired))
            protected[needed[i]]
    }
    # What check wrote about an object is needed as long as the object.
    for (key in size)
        if (key ~ /^bad\//) {
            digest = substr(key, 5, 64)
            for (i = split("packs/" digest ".zst packs/" digest ".index.zst manifests/" digest ".zst", names, " "); i; i--)
                if (names[i] in size || names[i] in used) {
                    used[key]
                    protected[key]
                }
        }
}

# Whether forget --all has forgotten all snapshots, and a document of one is still there.
function judge_retired(    i, key, all, known) {
    for (i = 1; i <= dooms; i++) {
        if (what[i] == ENVIRON["all"])
            all = 1
        else if (what[i] ~ /^snapshots\// && what[i] in size)
            known = 1
    }
    for (key in kept)
        return 0
    return all && known
}

# Whether an object is left that is not deleted now.
function has_objects(    key) {
    for (key in size)
        if (is_object(key) && !(key in acted))
            return 1
    return 0
}

# What to do with the documents of forgotten snapshots.
function act_forget(    i, hold) {
    hold = retired && has_objects()
    for (i = 1; i <= dooms; i++) {
        if (what[i] !~ document || what[i] !~ /^snapshots\// || !(what[i] in size))
            continue
        if (retired)
            print "retired", what[i], 0
        if (hold) {
            held[by[i]]
            if (old(by[i]))
                wait(what[i], ENVIRON["now"])
        } else if (old(by[i]) && !(what[i] in acted))
            act("forget", what[i])
    }
}

# Of several documents that doom it, the oldest one counts.
function wait(key, since) {
    if (!(key in waits) || since < waits[key])
        waits[key] = since
}

END {
    judge_snapshots()
    retired = judge_retired()
    for (i = 1; i <= dooms; i++) {
        doomed[what[i]]
        if (!old(by[i]) && what[i] in size && !(what[i] in used))
            wait(what[i], time[by[i]])
        if (!old(by[i]) || !(what[i] in size) || what[i] in acted)
            continue
        if (is_object(what[i]))
            act(what[i] in protected ? "strike" : "delete", what[i])
    }
    act_forget()
    for (i = 1; i <= dooms; i++)
        if (old(by[i]) && !(by[i] in acted) && !(by[i] in held))
            act("finish", by[i])
    for (key in size) {
        if (is_object(key)) {
            if (!(key in used) && !(key in doomed)) {
                if (old(key))
                    act("doom", key)
                else
                    wait(key, time[key])
            }
        } else if (is_probe(key)) {
            if (old(key))
                act("finish", key)
        } else if (key !~ document)
            act("foreign", key)
    }
    for (key in waits)
        if (!(key in acted))
            print "wait", key, size[key], waits[key] + ENVIRON["grace"]
    for (key in kept)
        print "kept", key, 0
}
