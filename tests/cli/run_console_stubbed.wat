;; RUN: run %s --invoke f --stub-imports trap
(module (import "env" "log" (func $log (param i32)))
  (func (export "f") i32.const 1 call $log))
