;; RUN: run %s --invoke f 4294967296
(module (func (export "f") (param i32)))
