#!/usr/bin/env bash
# Builds the peers that `npm run test:peers` tests against, from the Go modules that this folder pins, into a cache outside the
# clone. Prints progress on stderr and the folder of the binaries on stdout. What is already built is not built again.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

# One folder with a go.mod and a go.sum per tool; cosign takes minutes, so it comes last.
tools=(crane ggcr-registry distribution cosign2 cosign3)

sha256() { if command -v sha256sum >/dev/null; then sha256sum; else shasum -a 256; fi; }
pins=()
for tool in "${tools[@]}"; do pins+=("$tool/go.mod" "$tool/go.sum"); done
hash=$(cat "${pins[@]}" ggcr-registry/main.go | sha256 | cut -c1-16)
bin=${COUNTERSIGN_PEERS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/countersign/peers}/$hash
mkdir -p "$bin"
bin=$(cd "$bin" && pwd)

missing() { for tool in "${tools[@]}"; do [ -x "$bin/$tool" ] || echo "$tool"; done; }
if [ -n "$(missing)" ]; then
  command -v go >/dev/null || PATH=$PATH:/usr/local/go/bin
  if ! command -v go >/dev/null; then
    echo "test/peers/install.sh: Go 1.26 or newer is needed to build the peers (cosign, crane, two registries): no \`go\` on the PATH" \
      "or in /usr/local/go/bin. See https://go.dev/dl/" >&2
    exit 1
  fi
  # Two runs at once would build everything twice; without flock they do, and both are right.
  if command -v flock >/dev/null; then
    exec 9>"$bin/.lock"
    flock -n 9 || { echo "waiting for another run that builds the peers" >&2; flock 9; }
  fi
  unset GOOS GOARCH GOEXPERIMENT
  export GOWORK=off CGO_ENABLED=0 GOFLAGS='-mod=readonly -trimpath -buildvcs=false'
  temporary=$bin/.building.$$
  trap 'rm -f "$temporary"' EXIT
  trap 'exit 130' INT TERM
  for tool in $(missing); do
    started=$SECONDS
    echo "building $tool" >&2
    package=tool # every tool that go.mod names: one
    [ "$tool" = ggcr-registry ] && package=.
    (cd "$tool" && nice go build -ldflags '-s -w' -o "$temporary" "$package" 9>&-)
    mv "$temporary" "$bin/$tool"
    echo "built $tool in $((SECONDS - started)) s" >&2
  done
fi
echo "$bin"
