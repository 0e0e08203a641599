;; RUN: run assets/examples/rust_checksum/checksum.wasm --invoke crc32_of_message
