;; RUN: run %s --budget 1000 --invoke f
(module (func $f (export "f") loop br 0 end))
