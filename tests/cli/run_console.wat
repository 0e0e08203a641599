;; RUN: run %s --invoke f
(module (import "env" "log" (func $log (param i32)))
  (import "console" "log" (func $text (param i32 i32)))
  (memory (export "memory") 1)
  (data (i32.const 8) "seven")
  (func (export "f") (call $log (i32.const 7)) (call $text (i32.const 8) (i32.const 5))))
