#!/usr/bin/env bash
# Serves a checkout of the web-platform-tests for internal/wpt: docs/wpt.md.
#   scripts/wpt.sh start CHECKOUT   certificates, host names (asks for root where they are missing), server
#   scripts/wpt.sh stop             the server and all its children
#   scripts/wpt.sh status           where it is, exit code 1 when it is not
# WPT_PYTHON names a Python 3.8–3.11 (3.12 lacks what the server uses), WPT_RUN
# the folder for certificates, configuration and log (default: .swinspect/wpt).
set -euo pipefail
cd "$(dirname "$0")/.."
run=${WPT_RUN:-$PWD/.swinspect/wpt}
server=https://web-platform.test:8443
alive() { curl -sk --max-time 5 --resolve web-platform.test:8443:127.0.0.1 -o /dev/null "$server/resources/testharness.js"; }

python() {
  local p
  for p in ${WPT_PYTHON:-} python3.11 python3.10 python3.9 python3.8; do
    if "$p" -c 'import sys; sys.exit(not (3,8) <= sys.version_info[:2] <= (3,11))' 2>/dev/null; then echo "$p"; return; fi
  done
  echo "wpt: no Python 3.8 to 3.11 found: set WPT_PYTHON" >&2
  return 1
}

# The certificates that the suite ships expired in 2022.
certificates() {
  [ -s "$run/leaf.pem" ] && openssl x509 -checkend 86400 -noout -in "$run/leaf.pem" >/dev/null && return
  openssl req -x509 -newkey rsa:2048 -nodes -days 365 -subj '/CN=swinspect web-platform-tests CA' \
    -addext 'basicConstraints=critical,CA:TRUE' -keyout "$run/ca.key" -out "$run/ca.pem" 2>/dev/null
  openssl req -newkey rsa:2048 -nodes -subj '/CN=web-platform.test' -keyout "$run/leaf.key" -out "$run/leaf.csr" 2>/dev/null
  local names=DNS:localhost,IP:127.0.0.1 host
  for host in web-platform.test not-web-platform.test; do
    names+=,DNS:$host,DNS:*.$host,DNS:*.www.$host,DNS:*.www1.$host,DNS:*.www2.$host
  done
  openssl x509 -req -in "$run/leaf.csr" -CA "$run/ca.pem" -CAkey "$run/ca.key" -CAcreateserial -days 300 -out "$run/leaf.pem" \
    -extfile <(printf 'subjectAltName=%s\nbasicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth\n' "$names") 2>/dev/null
}

configuration() {
  cat >"$run/config.json" <<JSON
{"ports": {"http": [8000, 8001], "https": [8443, 8444], "ws": [8010], "wss": [8011], "h2": [9000]},
 "bind_address": true,
 "ssl": {"type": "pregenerated", "pregenerated": {
   "host_key_path": "$run/leaf.key", "host_cert_path": "$run/leaf.pem", "ca_cert_path": "$run/ca.pem"}}}
JSON
}

# The base64 of the SHA-256 of the leaf's public key, for --ignore-certificate-errors-spki-list.
spki() {
  openssl x509 -in "$run/leaf.pem" -pubkey -noout | openssl pkey -pubin -outform der | openssl dgst -sha256 -binary | openssl base64
}

hosts() { # hosts CHECKOUT PYTHON
  grep -q ' web-platform\.test$\|	web-platform\.test$' /etc/hosts && return
  local lines
  lines=$(cd "$1" && "$2" ./wpt make-hosts-file)
  if [ -w /etc/hosts ]; then printf '%s\n' "$lines" >>/etc/hosts
  else printf '%s\n' "$lines" | sudo tee -a /etc/hosts >/dev/null
  fi
}

start() {
  local checkout=$1 p i
  if alive; then echo "wpt: already at $server"; status; return; fi
  p=$(python)
  mkdir -p "$run"
  certificates
  configuration
  hosts "$checkout" "$p"
  # A process group of its own: ending only the parent leaves its children on the ports.
  (cd "$checkout" && exec setsid "$p" ./wpt --skip-venv-setup serve --h2 --config "$run/config.json" >"$run/log" 2>&1 </dev/null) &
  echo $! >"$run/pid"
  for i in $(seq 120); do
    if alive; then status; return; fi
    kill -0 "$(cat "$run/pid")" 2>/dev/null || break
    sleep 0.5
  done
  tail -n 20 "$run/log" >&2
  echo "wpt: the server did not start within $((i / 2)) s: $run/log" >&2
  return 1
}

status() {
  alive || { echo "wpt: nothing at $server" >&2; return 1; }
  printf 'server %s\nca %s\nspki %s\n' "$server" "$run/ca.pem" "$(spki)"
}

stop() {
  [ -s "$run/pid" ] || return 0
  kill -- "-$(cat "$run/pid")" 2>/dev/null || true
  rm -f "$run/pid"
}

case ${1:-} in
  start) start "${2:?a checkout of the web-platform-tests}" ;;
  stop) stop ;;
  status) status ;;
  *) sed -n '2,7s/^# \{0,1\}//p' "$0"; exit 2 ;;
esac
