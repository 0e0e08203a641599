;; RUN: run %s assets/examples/arithmetic.wat --invoke polynomial 5
(module (import "arithmetic" "polynomial" (func (param i32) (result i32))))
