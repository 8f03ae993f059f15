#!/usr/bin/env bash
# Writes the commit HEAD to a source archive. Called by `make dist`.
#
#   packaging/dist.sh VERSION FILE.tar.gz
#
# The tar is the same everywhere: names, modes and the date come from git, and settings of the user have no
# effect. With the same gzip, FILE is the same, too.
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
    echo "dist: $PWD is not a git checkout, but a directory in the checkout $top" >&2
    exit 1
fi
changed=$(git --no-optional-locks status --porcelain)
[[ -z $changed ]] || printf 'dist: not committed, so not in the archive:\n%s\n' "$changed" >&2

trap 'rm -f -- "$file.new"' EXIT
git -c tar.umask=0022 -c core.attributesFile=/dev/null -c core.autocrlf=false \
    archive --format=tar --prefix="zlsnap-$version/" HEAD | gzip -9n >"$file.new"
mv -- "$file.new" "$file"
