;; RUN: run %s --budget 2 --invoke f
(module (func (export "f") (result i32) i32.const 5))
