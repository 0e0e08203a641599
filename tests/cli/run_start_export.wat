;; RUN: run %s
(module (func (export "_start")))
