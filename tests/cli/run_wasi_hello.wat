;; RUN: run assets/examples/wasi_hello.wat
(module)
