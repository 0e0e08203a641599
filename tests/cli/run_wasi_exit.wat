;; RUN: run %s
(module (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (func (export "_start") i32.const 42 call $proc_exit unreachable))
