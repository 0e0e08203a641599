;; RUN: run tests/cli/run_reactor.wat %s --invoke sum
;; Each linked module is prepared before the next one begins.
(module (import "run_reactor" "get" (func $get (result i32)))
  (global $seen (mut i32) (i32.const 0))
  (func $begin (global.set $seen (call $get)))
  (start $begin)
  (func (export "_initialize") (global.set $seen (i32.add (global.get $seen) (i32.const 100))))
  (func (export "sum") (result i32) (global.get $seen)))
