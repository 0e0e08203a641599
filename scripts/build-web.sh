#!/usr/bin/env bash
# Builds the page into dist/, with the wasm-opt that tests/browser brings along.
# What is given is passed on to trunk: ./scripts/build-web.sh --dist /tmp/page
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
PATH="$PWD/tests/browser/node_modules/.bin:$PATH" exec trunk build --release "$@"
