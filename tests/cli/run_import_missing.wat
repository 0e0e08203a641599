;; RUN: run %s --invoke f
(module (import "env" "mystery" (func $log (param i32)))
  (func (export "f") i32.const 1 call $log))
