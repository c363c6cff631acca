#!/usr/bin/env bash
# Installs the moto server that requirements.txt pins, from PyPI, into a cache outside the clone, and prints the command on stdout. What is
# already there is not installed again.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

sha256() { if command -v sha256sum >/dev/null; then sha256sum; else shasum -a 256; fi; }
cache=${COUNTERSIGN_PEERS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/countersign/peers}
folder=$cache/moto-$(sha256 <requirements.txt | cut -c1-16)
if [ ! -e "$folder/.installed" ]; then
  if ! command -v python3 >/dev/null; then
    echo "test/peers/moto/install.sh: Python 3.11 or newer with venv is needed for moto: no \`python3\` on the PATH" >&2
    exit 1
  fi
  mkdir -p "$cache"
  # A venv holds its own path, so it is made where it stays.
  rm -rf "$folder"
  echo "installing moto" >&2
  python3 -m venv "$folder" >&2
  nice -n 10 "$folder/bin/pip" install --quiet --disable-pip-version-check --no-deps --requirement requirements.txt >&2
  touch "$folder/.installed"
fi
echo "$folder/bin/moto_server"
