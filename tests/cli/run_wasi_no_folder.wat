;; RUN: run %s --dir no/such/folder::/
(module (func (export "_start")))
