#!/usr/bin/env bash
# Everything that has to pass, in the order in which it fails fastest:
#
#   ./scripts/test.sh
#
# On a new machine it first installs what is missing, see scripts/setup.sh.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

done_steps=()
current=""

# step TITLE COMMAND…: runs the command under a heading and notes how long it took.
step() {
  current="$1"
  shift
  local started=$SECONDS
  printf '\n== %s\n' "$current"
  "$@"
  printf -- '-- %d s\n' $((SECONDS - started))
  done_steps+=("$(printf '%5d s  %s' $((SECONDS - started)) "$current")")
}

totals() {
  local status=$?
  printf '\n== totals\n'
  [ "${#done_steps[@]}" -eq 0 ] || printf '%s\n' "${done_steps[@]}"
  printf '%5d s  in all, %d steps done\n' "$SECONDS" "${#done_steps[@]}"
  [ "$status" -eq 0 ] || printf 'stopped at: %s\n' "$current"
}
trap totals EXIT

docs() { RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps; }
differential() {
  local manifest=engine/fuzz/differential/Cargo.toml
  cargo fmt --manifest-path "$manifest" --check
  cargo run --profile short --manifest-path "$manifest" --target-dir "${CARGO_TARGET_DIR:-target}" -- \
    --count 200 --sweep short
}
# Compiled as far as that needs no linker of theirs.
elsewhere() {
  local target
  for target in aarch64-apple-darwin x86_64-pc-windows-msvc aarch64-unknown-linux-gnu; do
    cargo check -p stepwell-engine -p stepwell-wasi --target "$target"
  done
}
web() {
  ./scripts/build-web.sh
  node scripts/web-size.mjs
}
native() {
  cargo build -p stepwell
  ./tests/native/run.sh
}

# With the program that the step before has built.
wasi() {
  [ -x "${CARGO_TARGET_DIR:-target}/debug/stepwell" ] || cargo build -p stepwell
  ./tests/wasi/run.sh
}

# Pictures are drawn by the processor, so that they are the same everywhere.
export LIBGL_ALWAYS_SOFTWARE=1
for icd in /usr/share/vulkan/icd.d/lvp_icd*.json; do
  if [ -e "$icd" ]; then
    export VK_ICD_FILENAMES="$icd" VK_DRIVER_FILES="$icd"
  fi
done

step "what the tests need" ./scripts/setup.sh
step "format" cargo fmt --all --check
step "lints" cargo clippy --workspace --all-targets -- -D warnings
step "documentation" docs
step "licences and sources of dependencies" cargo deny check licenses bans sources
step "engine and WASI without a standard library" \
  cargo build -p stepwell-engine -p stepwell-wasi --no-default-features --target thumbv7em-none-eabi
step "engine and WASI on systems that are not here" elsewhere
step "packages of the libraries" \
  cargo package -p stepwell-engine -p stepwell-wasi --allow-dirty --no-verify --quiet
step "tests" cargo test --workspace
# Only these builds dispatch by sibling calls. Where each jump leads is compared with the list of handlers.
step "the engine's suites as it is released" \
  cargo test --release -p stepwell-tests --features checked-dispatch
step "its native stack as it is released" \
  cargo test --release -p stepwell-engine --features wat --test torture
step "the engine against another" differential
step "the page" web
step "the page in a browser" node tests/browser/run.mjs
step "the window" native
step "programs under WASI" wasi
step "the engine interpreted by Miri" ./scripts/miri.sh
step "the engine on Windows" ./tests/windows/run.sh
