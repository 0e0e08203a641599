;; RUN: run %s --invoke echo 0x7fff_ffff -0x10 nan:0x200001 -inf
(module (func (export "echo") (param i32 i64 f32 f64) (result i32 i64 f32 f64)
  local.get 0  local.get 1  local.get 2  local.get 3))
