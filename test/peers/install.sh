#!/usr/bin/env bash
# Builds the peers that `npm run test:peers` tests against, from the Go modules that this folder pins, into a cache outside the
# clone: all of them, or those that are named. Prints progress on stderr and the folder of the binaries on stdout. What is already
# built is not built again: each binary is kept under the hash of its own pins, so that a change of one leaves the others as they
# are.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

# Binary, folder with its go.mod, package: `tool` is the only tool that go.mod names. Those that take minutes come last.
peers='
crane           crane           tool
ggcr-registry   ggcr-registry   .
distribution    distribution    tool
rekor2          rekor2          tool
tsa             tsa             tool
sigstore-go     sigstore-go     .
notary          notary          .
kyverno-oracle  kyverno         .
kyverno         kyverno         tool
etcd            kube-apiserver  go.etcd.io/etcd/server/v3
cosign2         cosign2         tool
cosign3         cosign3         tool
kube-apiserver  kube-apiserver  k8s.io/kubernetes/cmd/kube-apiserver
kubectl         kube-apiserver  k8s.io/kubernetes/cmd/kubectl
'

[ $# -eq 0 ] || peers=$(grep -E "^($(IFS='|' && echo "$*")) " <<<"$peers")

sha256() { if command -v sha256sum >/dev/null; then sha256sum; else shasum -a 256; fi; }
hash_of() { sha256 | cut -c1-16; }
each_peer() { while read -r name folder package; do [ -z "$name" ] || "$1" "$name" "$folder" "$package"; done <<<"$peers"; }

built() { # name folder package: where its binary is kept
  local sources=("$2/go.mod" "$2/go.sum")
  [ "$3" != . ] || sources+=("$2"/*.go)
  echo "$cache/built/$1-$(cat "${sources[@]}" | hash_of)"
}
missing() { [ -x "$(built "$@")" ] || echo "$@"; }
link() { [ -e "$bin/$1" ] || ln -sf "../built/$(basename "$(built "$@")")" "$bin/$1"; }

cache=${COUNTERSIGN_PEERS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/countersign/peers}
mkdir -p "$cache/built"
cache=$(cd "$cache" && pwd)
bin=$cache/$(each_peer built | hash_of)

if [ -n "$(each_peer missing)" ]; then
  command -v go >/dev/null || PATH=$PATH:/usr/local/go/bin
  if ! command -v go >/dev/null; then
    echo "test/peers/install.sh: Go 1.26 or newer is needed to build the peers (cosign, crane, registries, Rekor v2 and others):" \
      "no \`go\` on the PATH or in /usr/local/go/bin. See https://go.dev/dl/" >&2
    exit 1
  fi
  # Two runs at once would build everything twice; without flock they do, and both are right.
  if command -v flock >/dev/null; then
    exec 9>"$cache/.lock"
    flock -n 9 || { echo "waiting for another run that builds the peers" >&2; flock 9; }
  fi
  unset GOOS GOARCH GOEXPERIMENT
  export GOWORK=off CGO_ENABLED=0 GOFLAGS='-mod=readonly -trimpath -buildvcs=false'
  temporary=$cache/built/.building.$$
  trap 'rm -f "$temporary"' EXIT
  trap 'exit 130' INT TERM
  while read -r name folder package; do
    [ -n "$name" ] || continue
    started=$SECONDS
    echo "building $name" >&2
    (cd "$folder" && nice -n 10 go build -ldflags '-s -w' -o "$temporary" "$package" 9>&- </dev/null)
    mv "$temporary" "$(built "$name" "$folder" "$package")"
    echo "built $name in $((SECONDS - started)) s" >&2
  done <<<"$(each_peer missing)"
fi
mkdir -p "$bin"
each_peer link
echo "$bin"
