;; RUN: run %s
(module (tag $t (param i32)) (func (export "f") (throw $t (i32.const 1))))
