;; RUN: run %s --invoke g
(module (global $g (mut i32) (i32.const 1)) (start $s)
  (func $s i32.const 7 global.set $g)
  (func (export "g") (result i32) global.get $g))
