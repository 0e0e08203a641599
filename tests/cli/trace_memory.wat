;; RUN: trace %s --invoke f
(module (memory 1) (data $d "xyz") (table $t 2 funcref) (elem (i32.const 0) $f)
  (func $f (export "f") (result i32)
    i32.const 8  i64.const 258  i64.store offset=4 align=4
    i32.const 0  i32.const 0  i32.const 3  memory.init $d
    i32.const 12  i32.load16_u))
