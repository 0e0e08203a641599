;; RUN: run %s
(module (tag $yield) (func (export "f") suspend $yield))
