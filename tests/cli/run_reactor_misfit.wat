;; RUN: run %s --invoke f
(module (func (export "_initialize") (param i32) unreachable) (func (export "f") (result i32) i32.const 1))
