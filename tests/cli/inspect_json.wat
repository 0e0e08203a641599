;; RUN: inspect --json %s
(module $m (import "env" "log" (func $log (param i32)))
  (memory (export "memory") 1) (func $f (export "f") (param f64) (result f64) local.get 0))
