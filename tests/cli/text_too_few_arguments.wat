;; RUN: run %s
(module (func $g (param i32 i32)) (func (export "f")
  (call $g (i32.const 1))))
