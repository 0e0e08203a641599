;; RUN: run %s
(module (import "wasi_snapshot_preview1" "fd_write" (func $w (param i64 i64 i64 i64) (result i32))) (memory (export "memory") 1) (func (export "_start")))
