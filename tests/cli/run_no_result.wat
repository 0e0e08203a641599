;; RUN: run %s --invoke f
(module (func (export "f")))
