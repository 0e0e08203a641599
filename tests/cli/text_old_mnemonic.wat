;; RUN: run %s
(module (func (export "f") (param i32) (result i32)
  (get_local 0)))
