;; RUN: run %s --invoke f 1.5
(module (func (export "f") (param i32)))
