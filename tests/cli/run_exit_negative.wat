;; RUN: run %s
(module (import "env" "exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (func (export "_start") i32.const -1 call $exit))
