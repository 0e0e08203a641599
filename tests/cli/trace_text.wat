;; RUN: trace %s --invoke f 5
(module $m (func $double (param $x i32) (result i32) local.get $x  i32.const 2  i32.mul)
  (func (export "f") (param i32) (result i32)
    local.get 0  call $double  i64.const -1  drop))
