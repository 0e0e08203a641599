;; RUN: trace %s
(module
  (import "wasi_snapshot_preview1" "sched_yield" (func $yield (result i32)))
  (memory 1)
  (func (export "_start") (drop (call $yield)) (drop (call $yield))))
