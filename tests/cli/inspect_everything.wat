;; RUN: inspect %s
(module $all
  (type $t (func (param i32) (result i64)))
  (import "a" "f" (func $imported (type $t)))
  (import "a" "g" (global $g (mut f32)))
  (import "a" "m" (memory 1 2))
  (import "a" "t" (table 3 funcref))
  (memory $m (export "own memory") 2)
  (table $own 4 8 externref)
  (global $c f64 (f64.const 0.5))
  (func $here (export "here") (export "there") (type $t) (local $l i32) i64.const 1)
  (start $begin) (func $begin)
  (elem (i32.const 0) $here) (data (memory $m) (i32.const 16) "text\n\00\ff")
  (data $passive "later"))
