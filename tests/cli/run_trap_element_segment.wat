;; RUN: run %s --invoke f
(module (table 2 funcref)
  (elem (i32.const 1) $f $f)
  (func $f (export "f")))
