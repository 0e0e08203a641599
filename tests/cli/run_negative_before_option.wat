;; RUN: run %s --invoke f -1 -inf --budget 100
(module (func (export "f") (param i32 f64) (result f64) local.get 1))
