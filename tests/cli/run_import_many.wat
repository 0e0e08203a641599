;; RUN: run assets/examples/greeter/lib.wat %s --invoke f
(module
  (import "lib" "memory" (memory 2))
  (import "lib" "greet" (func (param f64)))
  (import "lib" "nope" (func))
  (import "lib" "no.pe" (global i32))
  (import "other" "x" (func))
  (import "" "" (func (result i64)))
  (func (export "f")))
