#!/usr/bin/env bash
# Generated files, formatting, vet, staticcheck. Prints what is wrong and how to mend it.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/env.sh
failed=0
fail() { printf 'lint: %s\n' "$*"; failed=1; }

# Files git knows or would take: what a build may have left behind is not ours.
files() { git ls-files -z --cached --others --exclude-standard -- "$@" | xargs -0 -r ls -d 2>/dev/null | sort -u; }
generated() { files '*_templ.go' | xargs -r sha256sum; }

before=$(generated)
if ! log=$("$GO" tool templ generate 2>&1); then
  printf '%s\n' "$log"; fail "templ generate failed"
elif [ "$before" != "$(generated)" ]; then
  diff <(printf '%s\n' "$before") <(generated) | awk '/^>/{print "  " $3}'
  fail "these generated files were stale and have been written anew: commit them"
fi

unformatted=$(files '*.go' | xargs -r gofmt -l)
[ -z "$unformatted" ] || { printf '%s\n' "$unformatted"; fail "gofmt would change these: make fmt"; }

"$GO" vet ./... || fail "go vet found the above"
"$GO" tool staticcheck ./... || fail "staticcheck found the above"

if command -v shellcheck >/dev/null; then shellcheck -x scripts/*.sh .ci/run || fail "shellcheck found the above"; fi
exit $failed
