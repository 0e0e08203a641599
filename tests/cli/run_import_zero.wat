;; RUN: run %s --stub-imports zero --invoke f
(module (import "env" "ask" (func $ask (param i32) (result i64 f32 externref)))
  (func (export "f") (result i64 f32 externref) i32.const 1 call $ask))
