;; RUN: run tests/cli/nowhere.wasm
