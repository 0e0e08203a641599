;; RUN: run %s --invoke _initialize --budget 20
;; Who asks for it gets it, once.
(module (memory (export "memory") 1)
  (func (export "_initialize")
    (i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (i32.const 1)))
    (if (i32.ne (i32.load (i32.const 0)) (i32.const 1)) (then unreachable))))
