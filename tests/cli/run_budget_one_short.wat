;; RUN: run %s --budget 1 --invoke f
(module (func (export "f") (result i32) i32.const 5))
