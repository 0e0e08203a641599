#!/usr/bin/env bash
# The engine built for Windows and its tests run by Wine:
#
#   ./tests/windows/run.sh
#
# Does nothing where Wine or the cross compiler is not installed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

target=x86_64-pc-windows-gnu
if ! command -v wine >/dev/null || ! command -v x86_64-w64-mingw32-gcc >/dev/null; then
  echo "skipped: wine and gcc-mingw-w64-x86-64 are needed"
  exit 0
fi

built="$(mktemp -d)"
trap 'rm -rf "$built"' EXIT
export WINEPREFIX="$built/prefix" WINEDEBUG=-all

# Programs that a test command has built, by cargo's messages.
programs() {
  cargo test "$@" --target "$target" --no-run --message-format=json |
    node -e '
      const lines = require("fs").readFileSync(0, "utf8").split("\n").filter(Boolean);
      for (const line of lines) {
        const message = JSON.parse(line);
        if (message.executable && message.profile?.test) console.log(message.executable);
      }'
}

{
  programs -p stepwell-engine --features wat --lib
  programs -p stepwell-tests --test embedding --test budgets
} >"$built/list"

# Programs share one server: one that goes with the last program can be met by the next while it goes.
server="$(command -v wineserver || echo /usr/lib/wine/wineserver)"
if [ -x "$server" ]; then
  mkdir -p "$WINEPREFIX"
  "$server" -p
  trap '"$server" -k || true; rm -rf "$built"' EXIT
fi

x86_64-w64-mingw32-gcc -shared -O1 -o "$built/bcryptprimitives.dll" tests/windows/prng.c
while read -r program; do
  cp "$program" "$built/"
  name="$(basename "$program")"
  echo "running $name"
  # What it prints goes through a file: Wine gives programs no pipe that they can flush.
  if ! wine "$built/$name" >"$built/$name.txt" 2>&1 </dev/null; then
    cat "$built/$name.txt"
    exit 1
  fi
  grep '^test result: ok' "$built/$name.txt"
done <"$built/list"
