#!/bin/sh
# Install Debian's Chromium where that is possible; the browser tests say so when they lack it.
for name in chromium chromium-browser google-chrome; do
  command -v "$name" >/dev/null 2>&1 && exit 0
done
if ! command -v apt-get >/dev/null 2>&1 || [ "$(id -u)" != 0 ]; then
  echo "No Chromium here: the browser tests will be skipped (apt-get install chromium)." >&2
  exit 0
fi
echo "Installing Chromium for the browser tests."
{ apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium; } >/dev/null 2>&1 ||
  echo "Chromium could not be installed: the browser tests will be skipped." >&2
