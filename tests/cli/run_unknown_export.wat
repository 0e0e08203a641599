;; RUN: run %s --invoke nothing
(module (func (export "something")))
