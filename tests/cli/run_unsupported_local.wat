;; RUN: run %s
(module (func (export "f") (local anyref)))
