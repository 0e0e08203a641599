;; RUN: run assets/examples/arithmetic.wat %s
(module (import "arithmetic" "polynomial" (func (param i64) (result i32)))
  (func (export "_start")))
