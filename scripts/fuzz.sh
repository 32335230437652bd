#!/usr/bin/env bash
# Runs every fuzz target of the module for a while: scripts/fuzz.sh 30s
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/env.sh
time=${1:-30s}
found=0
for package in $("$GO" list ./...); do
  for target in $("$GO" test -list '^Fuzz' "$package" | grep '^Fuzz' || true); do
    found=1
    printf '== %s %s\n' "$package" "$target"
    "$GO" test -run '^$' -fuzz "^$target\$" -fuzztime "$time" "$package"
  done
done
[ "$found" = 1 ] || { echo 'fuzz: no fuzz target in this module' >&2; exit 1; }
