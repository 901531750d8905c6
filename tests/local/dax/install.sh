#!/bin/sh
# Fetch AWS's JavaScript client where node and npm are; its tests say so when they lack it.
folder=tests/local/dax/javascript
# npm writes this last: without it, what is there may be a part.
[ -f "$folder/node_modules/.package-lock.json" ] && exit 0
if ! command -v node >/dev/null 2>&1 || ! command -v npm >/dev/null 2>&1; then
  echo "No node here: the tests with AWS's JavaScript client will be skipped (apt-get install npm)." >&2
  exit 0
fi
echo "Fetching AWS's JavaScript client for DAX."
timeout 120 npm ci --silent --no-audit --no-fund --prefix "$folder" >/dev/null 2>&1 && exit 0
rm -rf "$folder/node_modules"
echo "It could not be fetched: the tests with AWS's JavaScript client will be skipped." >&2
