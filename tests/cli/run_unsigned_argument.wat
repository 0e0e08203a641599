;; RUN: run %s --invoke echo 4294967295
(module (func (export "echo") (param i32) (result i32) local.get 0))
