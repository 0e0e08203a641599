;; RUN: run %s --invoke f
(module (func $prepare (export "_initialize") unreachable) (func (export "f") (result i32) i32.const 1))
