;; RUN: run %s --invoke f f64x2,1
(module (func (export "f") (param v128)))
