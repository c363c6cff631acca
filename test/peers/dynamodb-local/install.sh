#!/usr/bin/env bash
# Copies DynamoDB Local and what it needs, as pom.xml pins it, from Maven Central into a cache outside the clone, and prints the folder on
# stdout. Nothing is used whose hash is not in files.sha256. What is already there is not copied again.
#
# After a change of pom.xml it prints how the files differ from those in files.sha256.
set -euo pipefail
export LC_ALL=C
cd "$(dirname "${BASH_SOURCE[0]}")"

sha256() { if command -v sha256sum >/dev/null; then sha256sum "$@"; else shasum -a 256 "$@"; fi; }
cache=${COUNTERSIGN_PEERS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/countersign/peers}
folder=$cache/dynamodb-local-$(cat pom.xml files.sha256 | sha256 | cut -c1-16)
if [ ! -d "$folder" ]; then
  for needed in java mvn; do
    if ! command -v "$needed" >/dev/null; then
      echo "test/peers/dynamodb-local/install.sh: Java 17 and Maven are needed for DynamoDB Local: no \`$needed\` on the PATH" >&2
      exit 1
    fi
  done
  mkdir -p "$cache"
  temporary=$(mktemp -d "$cache/.dynamodb-local.XXXXXX")
  trap 'rm -rf "$temporary"' EXIT
  echo "installing DynamoDB Local" >&2
  nice -n 10 mvn --batch-mode --quiet dependency:copy-dependencies -DoutputDirectory="$temporary/lib" >&2
  list() { (cd "$temporary/lib" && sha256 *); }
  list | diff files.sha256 - >&2 || {
    echo "test/peers/dynamodb-local/install.sh: these are not the files that files.sha256 names" >&2
    exit 1
  }
  # Of two runs at once the second finds the folder there: both have copied the same.
  [ -d "$folder" ] || mv -f "$temporary/lib" "$folder"
fi
echo "$folder"
