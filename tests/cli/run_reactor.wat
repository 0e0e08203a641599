;; RUN: run %s --invoke get
;; _initialize runs once, behind the start function and before any other export.
(module (memory (export "memory") 1)
  (func $begin (i32.store (i32.const 0) (i32.const 10)))
  (start $begin)
  (func (export "_initialize") (i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (i32.const 7))))
  (func (export "get") (result i32) (i32.load (i32.const 0))))
