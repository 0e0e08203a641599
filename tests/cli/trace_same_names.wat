;; RUN: trace %s --invoke run 1 --stub-imports zero
(module
  (import "env" "helper" (func))
  (func $helper (export "run") (param i32) (result i32) call 0 local.get 0 call 2)
  (func (export "helper") (param i32) (result i32) unreachable))
