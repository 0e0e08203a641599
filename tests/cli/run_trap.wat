;; RUN: run %s --invoke divide 1 0
(module (func $inner (param i32 i32) (result i32) local.get 0 local.get 1 i32.div_s)
  (func $divide (export "divide") (param i32 i32) (result i32)
    local.get 0  local.get 1  call $inner))
