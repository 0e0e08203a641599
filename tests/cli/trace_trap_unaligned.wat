;; RUN: trace %s --invoke f
(module (memory 1 1 shared)
  (func (export "f")
    (i64.atomic.store offset=2 (i32.const 4) (i64.const 1))))
