;; RUN: run %s
;; A command that exports _initialize is prepared as well.
(module
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 1)
  (func (export "_initialize") (i32.store (i32.const 0) (i32.const 7)))
  (func (export "_start") (call $proc_exit (i32.load (i32.const 0)))))
