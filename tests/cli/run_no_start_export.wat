;; RUN: run %s
(module (func (export "main")) (func (export "other") (param i32)))
