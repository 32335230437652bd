#!/usr/bin/env bash
# Installs what the tests need and this machine lacks: a C compiler (for -race),
# a Chromium and Node 20 or newer. Uses the system's package manager; asks nothing.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/env.sh

say() { printf 'setup: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"
  elif command -v sudo >/dev/null; then sudo -n "$@"
  else die "cannot run as root: $* (no sudo here; run it yourself, then make test again)"
  fi
}

updated=""
# install APT DNF PACMAN APK ZYPPER BREW: package names by manager, "-" for none.
install() {
  if command -v apt-get >/dev/null; then
    [ -n "$updated" ] || { as_root apt-get -qq update >&2; updated=1; }
    # shellcheck disable=SC2086
    DEBIAN_FRONTEND=noninteractive as_root apt-get -qq install -y --no-install-recommends $1 >&2 </dev/null
  elif command -v dnf >/dev/null; then
    # shellcheck disable=SC2086
    as_root dnf -q -y install $2 >&2 </dev/null
  elif command -v pacman >/dev/null; then
    # shellcheck disable=SC2086
    as_root pacman -Sy --noconfirm --needed $3 >&2 </dev/null
  elif command -v apk >/dev/null; then
    # shellcheck disable=SC2086
    as_root apk add -q $4 >&2 </dev/null
  elif command -v zypper >/dev/null; then
    # shellcheck disable=SC2086
    as_root zypper -q -n install $5 >&2 </dev/null
  elif command -v brew >/dev/null; then
    # shellcheck disable=SC2086
    brew install -q $6 >&2 </dev/null
  else
    die "no package manager known here (apt-get, dnf, pacman, apk, zypper, brew): install $1 yourself"
  fi
}

command -v "$GO" >/dev/null || die "Go is missing: install Go 1.26 or newer from go.dev/dl"

if ! command -v cc >/dev/null && ! command -v gcc >/dev/null && ! command -v clang >/dev/null; then
  say "a C compiler is missing (the race detector needs one): installing"
  install "gcc libc6-dev" gcc gcc "gcc musl-dev" gcc gcc
fi

have_chromium() { "$GO" run ./cmd/swinspect doctor --browsers >/dev/null 2>&1; }
if ! have_chromium; then
  say "no Chromium found: installing one"
  if command -v brew >/dev/null && ! command -v apt-get >/dev/null; then
    brew install -q --cask chromium >&2 </dev/null
  elif [ -r /etc/os-release ] && grep -q '^ID=ubuntu' /etc/os-release; then
    # Ubuntu's chromium package is a snap, which cannot be driven from a
    # container; its own message says so if it fails.
    install chromium-browser chromium chromium chromium chromium chromium
  else
    install chromium chromium chromium chromium chromium chromium
  fi
  have_chromium || { "$GO" run ./cmd/swinspect doctor --browsers >&2 || true; die "still no Chromium: install Chromium, Chrome or Edge, or name one in SWINSPECT_BROWSER"; }
fi

node_ok() { command -v node >/dev/null && node -e 'process.exit(+process.versions.node.split(".")[0] >= 20 ? 0 : 1)'; }
if ! node_ok || ! command -v npm >/dev/null; then
  say "Node 20 or newer with npm is missing: installing"
  install "nodejs npm" "nodejs npm" "nodejs npm" "nodejs npm" "nodejs npm" node || true
fi
if ! node_ok; then
  command -v npm >/dev/null || die "still no Node with npm: install Node 20 or newer"
  say "the system's Node ($(node --version 2>/dev/null || echo none)) is too old: taking one from npm into .swinspect/"
  mkdir -p .swinspect/node
  npm install --silent --no-save --no-package-lock --prefix .swinspect/node node@22 >&2 </dev/null
  . scripts/env.sh # now that it is there
  hash -r
  node_ok || die "still no Node 20 or newer: install one"
fi

# packages DIR OPTIONS…: the npm packages of a folder, as its lock file has them.
packages() {
  local dir=$1 stamp=$1/node_modules/.package-lock.json; shift
  if [ ! -e "$stamp" ] || [ "$dir/package-lock.json" -nt "$stamp" ]; then
    (cd "$dir" && npm ci --loglevel=error --no-fund --no-audit "$@" >&2 </dev/null)
    touch "$stamp"
  fi
}
packages uitest
packages internal/realworkers --ignore-scripts --legacy-peer-deps
packages internal/clients --ignore-scripts
packages internal/frontend --ignore-scripts

# VS Code's debugger, js-debug, into a folder: 3 MB out of the 47 MB of code-server's
# npm package, which is nowhere else to be had as a package.
js_debug() {
  local version=4.139.1 to=$1 made
  local sum=fUYvJVdz4ZoVJfakGiGWXFMpF8K1ObsrpGvX17ZxNpKOzdNHs7lANT670JTr4ZhA8DnWqyvvmFG/d3HV9Yy6ew==
  [ "$(cat "$to/.version" 2>/dev/null)" != "$version" ] || return 0
  say "taking VS Code's debugger out of the npm package code-server"
  made=$(mktemp -d)
  (cd "$made" && npm pack --silent --loglevel=error "code-server@$version" >/dev/null </dev/null)
  node -e '
    const [file, want] = process.argv.slice(1);
    const got = require("crypto").createHash("sha512").update(require("fs").readFileSync(file)).digest("base64");
    if (got !== want) { console.error("setup: " + file + " is not what it was: " + got); process.exit(1) }' "$made/code-server-$version.tgz" "$sum"
  tar -xzf "$made/code-server-$version.tgz" -C "$made" package/lib/vscode/extensions/ms-vscode.js-debug
  rm -rf "$to"
  mv "$made/package/lib/vscode/extensions/ms-vscode.js-debug" "$to"
  printf '%s' "$version" >"$to/.version"
  rm -rf "$made"
}
js_debug internal/clients/js-debug
# The engine's rivals, 170 MB that only `make bench` needs.
[ -z "${BENCH-}" ] || packages internal/enginebench --ignore-scripts
