# Compares two manifests. Input: the lines of both, sorted by name, those of the first one before those
# of the second where names are the same; each is
#
#     NAME SIDE KEY=VALUE...
#
# with SIDE a or b, and \001 for every slash (or "x-y" would come between "x" and "x/y"). With json=yes
# the output is a JSON object a line. Exits 1 if there was a difference. doc/FORMAT.md has the manifest.

BEGIN {
    for (i = 32; i < 127; i++)
        ordinal[sprintf("%c", i)] = i
    base64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    keys = split("type mode uid gid size sha256digest link device hardlink time", key, " ")
}

{
    gsub(/\001/, "/")
    if ($1 != name)
        compare()
    name = $1
    line[$2] = substr($0, length($1) + 4)
}

END {
    compare()
    exit different
}

# What there is of the name is in line["a"], line["b"] or both.
function compare(    what) {
    if (line["a"] != line["b"]) {
        entry_read(line["a"], old)
        entry_read(line["b"], new)
        if (line["a"] == "")
            report("added", new)
        else if (line["b"] == "")
            report("removed", old)
        else if ((what = changes()) != "")
            report("changed", new, what)
    }
    line["a"] = line["b"] = ""
}

# Stores in `entry` the values of a line by their keys, and the tags as if they were keys, too; the keys
# of the xattrs also as a list.
function entry_read(text, entry,    words, n, i, tags, m, j) {
    split("", entry)
    n = split(text, words, " ")
    for (i = 1; i <= n; i++) {
        if (words[i] !~ /^tags=/) {
            word_read(words[i], entry)
            continue
        }
        m = split(substr(words[i], 6), tags, ",")
        for (j = 1; j <= m; j++)
            word_read(tags[j], entry)
    }
    if ("hardlink" in entry)
        entry["type"] = "hardlink"
    sub(/^native,/, "", entry["device"])
}

function word_read(word, entry,    at, k) {
    at = index(word, "=")
    k = at ? substr(word, 1, at - 1) : word
    entry[k] = at ? substr(word, at + 1) : "yes"
    if (k == "hardlink")
        sub(/^\.\//, "", entry[k])
    if (k ~ /^xattr\./) {
        entry[k] = substr(word, at) # an empty value is one, too
        entry["xattrs"] = entry["xattrs"] " " k
    }
}

# What is different between `old` and `new`, as the words of the report, or the members of its object.
function changes(    list, names, n, i, k) {
    for (i = 1; i <= keys; i++) {
        k = key[i]
        # A file has a size, a directory none: that one became the other is told already.
        if (old["type"] == new["type"] || (old[k] != "" && new[k] != ""))
            list = list change(k)
    }
    n = split(old["xattrs"] new["xattrs"], names, " ")
    for (i = 1; i <= n; i++) {
        list = list change(names[i])
        old[names[i]] = new[names[i]] # told once
    }
    return substr(list, json ? 2 : 3)
}

# The change of one value; nothing where there is none.
function change(k) {
    if (old[k] == new[k])
        return ""
    if (json)
        return "," quoted(k) ":[" value(k, old[k]) "," value(k, new[k]) "]"
    if (k ~ /^xattr\./)
        return ", xattr " printable(substr(k, 7)) " " \
            (old[k] == "" ? "added" : new[k] == "" ? "removed" : "changed")
    if (k == "sha256digest")
        return ", content"
    return ", " k " " printable(old[k]) " -> " printable(new[k])
}

# A value as JSON has it.
function value(k, text) {
    if (text == "")
        return "null"
    if (k ~ /^xattr\./)
        return "\"" substr(text, 2) "\""
    return k ~ /^(size|uid|gid)$/ ? text : quoted(text)
}

function report(verb, entry, what,    path) {
    different = 1
    path = name
    sub(/^\.\//, "", path)
    if (json)
        print "{\"change\":\"" verb "\"," member("path", path) ",\"type\":\"" entry["type"] "\"" \
            (entry["whiteout"] ? ",\"whiteout\":true" : "") (entry["opaque"] ? ",\"opaque\":true" : "") \
            (what == "" ? "" : ",\"what\":{" what "}") "}"
    else
        print verb " " shown(path, entry) (what == "" ? "" : " (" what ")")
}

# The name of an entry, for people: of a whiteout, of what it deletes.
function shown(path, entry) {
    if (entry["whiteout"] && match(path, /\.wh\.[^\/]*$/))
        return printable(substr(path, 1, RSTART - 1) substr(path, RSTART + 4)) " (whiteout)"
    if (entry["opaque"] && sub(/\.wh\.\.wh\.\.opq$/, "", path))
        return (path == "" ? "./" : printable(path)) " (opaque)"
    return printable(path) (entry["type"] == "dir" && path != "." ? "/" : "")
}

# ------------------------------------------------------------------------------- names

# A name of a manifest, in which every byte but letters, digits and ._/+- is \ooo, as it is printed for
# people: what acts on a terminal, or is no UTF-8, stays \ooo, and a backslash is two.
function printable(text) {
    return unescaped(text, 0)
}

# The same as a JSON string. What is no UTF-8 becomes U+FFFD, and sets `damaged`.
function quoted(text) {
    damaged = 0
    return "\"" unescaped(text, 1) "\""
}

# A member with a name as its value, and if JSON can't have that as it is, another one with all its bytes.
function member(k, text,    first) {
    first = "\"" k "\":" quoted(text)
    return damaged ? first ",\"" k "_base64\":\"" base64_encode(text) "\"" : first
}

function unescaped(text, as_json,    out) {
    while (match(text, /(\\[0-7][0-7][0-7])+/)) {
        out = out substr(text, 1, RSTART - 1) run_unescaped(substr(text, RSTART, RLENGTH), as_json)
        text = substr(text, RSTART + RLENGTH)
    }
    return out text
}

# Of a run of escapes.
function run_unescaped(run, as_json,    out, at, n, i, code) {
    for (at = 1; at < length(run); at += 4 * n) {
        n = sequence_length(run, at)
        code = n == 1 ? byte(run, at) : 0
        if (n == 0) {
            n = 1
            damaged = 1
            out = out (as_json ? "\\ufffd" : substr(run, at, 4))
        } else if (as_json && (code == 34 || code == 92 || (n == 1 && code < 32))) {
            out = out sprintf("\\u%04x", code)
        } else if (!as_json && code == 92) {
            out = out "\\\\"
        } else if (!as_json && is_control(run, at, n)) {
            out = out substr(run, at, 4 * n)
        } else {
            for (i = 0; i < n; i++)
                out = out sprintf("%c", byte(run, at + 4 * i))
        }
    }
    return out
}

# The byte of the escape at this place; -1 behind the last.
function byte(run, at) {
    if (at > length(run))
        return -1
    return substr(run, at + 1, 1) * 64 + substr(run, at + 2, 1) * 8 + substr(run, at + 3, 1)
}

# How many bytes the character at this place has in UTF-8 (RFC 3629, section 4); 0 if it is none.
function sequence_length(run, at,    lead, next_byte, n, i) {
    lead = byte(run, at)
    next_byte = byte(run, at + 4)
    if (lead < 128)
        return 1
    n = lead < 194 ? 0 : lead < 224 ? 2 : lead < 240 ? 3 : lead < 245 ? 4 : 0
    if ((lead == 224 && next_byte < 160) || (lead == 237 && next_byte > 159) || \
        (lead == 240 && next_byte < 144) || (lead == 244 && next_byte > 143))
        return 0
    for (i = 1; i < n; i++)
        if (byte(run, at + 4 * i) < 128 || byte(run, at + 4 * i) > 191)
            return 0
    return n
}

# Controls, line separators and what reorders text: the same that lib/escape.c keeps from terminals.
function is_control(run, at, n,    first, second, third) {
    first = byte(run, at)
    second = byte(run, at + 4)
    third = byte(run, at + 8)
    if (n == 1)
        return first < 32 || first == 127
    return (first == 194 && second < 160) || (n == 3 && first == 226 && \
        ((second == 128 && third >= 168 && third <= 174) || (second == 129 && third >= 166 && third <= 169)))
}

# All bytes of a name in base64 (RFC 4648, section 4).
function base64_encode(text,    out, bits, count) {
    while (text != "") {
        if (substr(text, 1, 1) == "\\") {
            bits = bits * 256 + byte(text, 1)
            text = substr(text, 5)
        } else {
            bits = bits * 256 + ordinal[substr(text, 1, 1)]
            text = substr(text, 2)
        }
        if (++count % 3 == 0) {
            out = out base64_digits(bits, 4)
            bits = 0
        }
    }
    if (count % 3 == 1)
        return out base64_digits(bits * 16, 2) "=="
    return count % 3 == 2 ? out base64_digits(bits * 4, 3) "=" : out
}

function base64_digits(bits, n,    out) {
    for (; n > 0; n--) {
        out = substr(base64, bits % 64 + 1, 1) out
        bits = int(bits / 64)
    }
    return out
}
