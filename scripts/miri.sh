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
cargo +nightly miri test -p stepwell-engine --features wat --lib
cargo +nightly miri test -p stepwell-engine --features wat --test torture -- calls_between_instances
