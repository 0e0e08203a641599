#!/usr/bin/env bash
# Builds checksum.wasm from checksum.rs with rustc alone; the result is checked in.
# Needs the target wasm32-unknown-unknown: rustup target add wasm32-unknown-unknown
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

# Only WebAssembly 2.0 without SIMD, a small memory (the default shadow stack alone would be
# 1 MiB), and the name section but no debug information.
rustc checksum.rs \
  --edition 2024 \
  --target wasm32-unknown-unknown \
  --crate-type cdylib \
  --crate-name checksum \
  --remap-path-prefix "$PWD=." \
  -C opt-level=2 \
  -C panic=abort \
  -C strip=debuginfo \
  -C target-feature=-simd128 \
  -C link-arg=-zstack-size=16384 \
  -o checksum.wasm

printf 'checksum.wasm: %s bytes\n' "$(wc -c < checksum.wasm)"
