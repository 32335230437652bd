#!/usr/bin/env bash
# Every check and every test, in the order in which they fail fastest; all of
# them run even when one fails, and the last lines say how it went.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/env.sh
began=$SECONDS
failed=()

step() { # step NAME COMMAND…
  local name=$1 at=$SECONDS; shift
  printf '\n== %s\n' "$name"
  if "$@"; then printf -- '-- %s: ok (%d s)\n' "$name" $((SECONDS - at))
  else printf -- '-- %s: FAILED (%d s)\n' "$name" $((SECONDS - at)); failed+=("$name")
  fi
}

tests() {
  # shellcheck disable=SC2086
  "$GO" test -json -race -p "${PARALLEL:-2}" -timeout 12m ${TESTFLAGS:-} ./... | "$GO" run ./internal/testreport "internal/wpt TestWebPlatform"
}

step build "$GO" build ./...
step lint scripts/lint.sh
step tests tests

printf '\n%d s in all: ' $((SECONDS - began))
if [ ${#failed[@]} -gt 0 ]; then
  printf 'FAILED: %s\n' "${failed[*]}"
  exit 1
fi
printf 'ok\n'
