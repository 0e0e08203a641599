;; RUN: run %s
(module (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (func $"x\0astepwell: done\1b[8m" (export "_start") i32.const 42 call $proc_exit unreachable))
