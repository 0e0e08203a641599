;; RUN: run %s --env COLOR
(module (func (export "_start")))
