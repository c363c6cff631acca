#!/usr/bin/env bash
# Installs AWS's Runtime Interface Client for Node, which builds itself natively, from the lockfile in this folder into a cache outside the
# clone, and prints its entry point on stdout. What is already there is not built again.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

sha256() { if command -v sha256sum >/dev/null; then sha256sum; else shasum -a 256; fi; }
cache=${COUNTERSIGN_PEERS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/countersign/peers}
folder=$cache/ric-$(cat package.json package-lock.json | sha256 | cut -c1-16)
entry=$folder/node_modules/aws-lambda-ric/index.mjs
if [ ! -e "$folder/.built" ]; then
  needed=()
  for tool in autoconf automake libtoolize cmake g++ make; do command -v "$tool" >/dev/null || needed+=("$tool"); done
  if [ ${#needed[@]} -gt 0 ]; then
    packages=(autoconf automake libtool cmake g++ make)
    if ! command -v apt-get >/dev/null || [ "$(id -u)" != 0 ]; then
      echo "test/peers/ric/install.sh: to build the Runtime Interface Client these are needed: ${packages[*]} (missing: ${needed[*]})" >&2
      exit 1
    fi
    echo "installing ${packages[*]}" >&2
    { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${packages[@]}"; } >&2
  fi
  rm -rf "$folder"
  mkdir -p "$folder"
  cp package.json package-lock.json "$folder"
  # Headers that came with Node are as good as those that node-gyp would download.
  prefix=$(dirname "$(dirname "$(readlink -f "$(command -v node)")")")
  for headers in "$prefix" /usr /usr/local; do
    if [ -z "${npm_config_nodedir:-}" ] && [ -e "$headers/include/node/node_api.h" ]; then export npm_config_nodedir=$headers; fi
  done
  echo "building aws-lambda-ric" >&2
  (cd "$folder" && nice -n 10 npm ci --no-audit --no-fund --loglevel=error) >&2
  [ -e "$folder/node_modules/aws-lambda-ric/rapid-client.node" ]
  touch "$folder/.built"
fi
echo "$entry"
