;; RUN: run %s
(module (func (export "f") (local (ref null nocont))))
