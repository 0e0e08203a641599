;; RUN: run %s
;; What ends the program elsewhere is told once of each kind.
(module
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "clock_time_get" (func $clock (param i32 i64 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "\08\00\00\00\03\00\00\00ok\0a")
  (func $main (export "_start")
    (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 17)))
    (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 18)))
    (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 65536)))
    (drop (call $clock (i32.const 9) (i64.const 0) (i32.const 20)))))
