;; RUN: run %s --invoke arr
(module (memory 1) (table 3 funcref) (type $want (func (param i64) (result i64))) (elem (i32.const 0) $have) (func $have (param i32) (result i32) (local.get 0))
  (func (export "oob") (param i32) (result i32) (i32.load offset=8 (local.get 0)))
  (func (export "mismatch") (result i64) (call_indirect (type $want) (i64.const 5) (i32.const 0)))
  (func (export "null") (result i64) (call_indirect (type $want) (i64.const 5) (i32.const 1)))
  (func (export "outside") (result i64) (call_indirect (type $want) (i64.const 5) (i32.const 9)))
  (type $a (array i32)) (func (export "arr") (result i32) (array.get $a (array.new_default $a (i32.const 3)) (i32.const 7)))
  (type $s (struct)) (func (export "cast") (result (ref $a)) (ref.cast (ref $a) (struct.new $s))))
