#!/usr/bin/env bash
# Interprets tests of the engine with Miri, which sees what an unsafe block must not do. Mappings and
# sibling calls are beyond it; the same tests run those elsewhere.
#
#   ./scripts/miri.sh
#
# Needs a nightly toolchain, which it installs where rustup can; otherwise it does nothing.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if ! cargo +nightly miri --version > /dev/null 2>&1; then
  rustup toolchain install nightly --profile minimal --component miri,rust-src > /dev/null 2>&1 || {
    echo "skipped: no nightly toolchain with Miri"
    exit 0
  }
fi
# Flags for the linker mean nothing to it.
unset RUSTFLAGS
export MIRIFLAGS="-Zmiri-disable-isolation" CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-target}/miri"

# Some test that natively takes a moment takes it hours: that is an error, soon, and names the test.
interpret() {
  local status=0
  timeout 900 cargo +nightly miri test "$@" || status=$?
  [ "$status" -ne 124 ] || echo "FAILED  not done within 900 s; the last test named above is too much for Miri"
  return "$status"
}
interpret -p stepwell-engine --features wat --lib
interpret -p stepwell-engine --features wat --test torture -- calls_between_instances
