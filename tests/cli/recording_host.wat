;; RUN: run %s --record %t -- one two
;; RUN: replay %t
;; RUN: replay %t --writes 0:0:16
;; RUN: replay %t --writes 0:0x40:4
;; RUN: replay %t --last-write 0:0 --json
;; RUN: replay %t --writes 0:60000
;; RUN: run %s --record %t.a -- one two
;; RUN: diff %t %t.a
;; RUN: run %s --record %t.b -- one
;; RUN: diff %t %t.b
;; RUN: diff %t %t.b --json
;; It traps behind what it has written.
(module
  (import "wasi_snapshot_preview1" "args_sizes_get" (func $sizes (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0x40) "args: ?\n")
  (func $start (export "_start")
    (drop (call $sizes (i32.const 0) (i32.const 4)))
    (i32.store8 (i32.const 0x46) (i32.add (i32.const 0x30) (i32.load (i32.const 0))))
    (i32.store (i32.const 8) (i32.const 0x40))
    (i32.store (i32.const 12) (i32.const 8))
    (drop (call $write (i32.const 1) (i32.const 8) (i32.const 1) (i32.const 0)))
    unreachable))
