;; RUN: run %s --invoke swap i32x4,1,-2,3,4 0.5
(module (func (export "swap") (param v128 f64) (result f64 v128 i32)
  local.get 1  local.get 0  local.get 0  i32x4.extract_lane 1))
