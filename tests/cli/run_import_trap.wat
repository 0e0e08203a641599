;; RUN: run %s --stub-imports trap --invoke f
(module (import "env" "ask" (func $ask (param i32) (result i64)))
  (func $f (export "f") (result i64) i32.const 1 call $ask))
