;; RUN: run assets/examples/greeter/lib.wat %s --invoke f
(module
  (import "lib" "memory" (memory 20))
  (func (export "f")))
