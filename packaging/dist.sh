#!/usr/bin/env bash
# Writes what git has at HEAD to a source archive; `make dist` calls it.
#
#   packaging/dist.sh VERSION FILE.tar.gz
#
# The tar is the same wherever it is made: names, modes and the commit's date are git's, and no
# setting of the user counts. So is FILE, with the same gzip.
set -euo pipefail

version=$1
case $2 in
*/*) mkdir -p -- "${2%/*}" ;;
esac
file=$(realpath -- "$2" && echo .) # a path may end in a newline
file=${file%$'\n.'}
cd -P "$(dirname "$0")/.."

top=$(git rev-parse --show-toplevel && echo .) || exit 1
top=${top%$'\n.'}
if [[ $top != "$PWD" ]]; then
    echo "dist: $PWD is no git checkout, but a directory in that of $top" >&2
    exit 1
fi
changed=$(git --no-optional-locks status --porcelain)
[[ -z $changed ]] || printf 'dist: not committed, and so left out:\n%s\n' "$changed" >&2

trap 'rm -f -- "$file.new"' EXIT
git -c tar.umask=0022 -c core.attributesFile=/dev/null -c core.autocrlf=false \
    archive --format=tar --prefix="zlsnap-$version/" HEAD | gzip -9n >"$file.new"
mv -- "$file.new" "$file"
