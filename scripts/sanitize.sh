#!/usr/bin/env bash
# Drives the engine at random for minutes under AddressSanitizer: breakpoints, watchpoints, edits, snapshots
# and restores of several instances, through the interface that everybody has. Run by hand.
#
#   ./scripts/sanitize.sh [SECONDS]
#
# The sanitizer comes with the toolchain, but has to be asked for as on a nightly one. Its builds are
# dispatched by a loop; the suites run the other dispatch with each jump compared (see scripts/test.sh).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

target="$(rustc -vV | sed -n 's/^host: //p')"
export RUSTC_BOOTSTRAP=1 RUSTFLAGS="-Zsanitizer=address -Cdebug-assertions=on"
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-target}/sanitize"
export STEPWELL_RANDOM_SECONDS="${1:-180}"
export STEPWELL_RANDOM_SEED="${STEPWELL_RANDOM_SEED:-$RANDOM}"
cargo test --release --target "$target" -p stepwell-tests --test soundness
