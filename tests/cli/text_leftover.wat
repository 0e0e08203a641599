;; RUN: inspect %s
(module (func $a
  i32.const 5)
  (func (export "f") (result i32) i32.const 1))
