;; RUN: run %s --dir ::/
(module (func (export "_start")))
