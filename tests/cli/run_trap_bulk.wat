;; RUN: run %s --invoke f
(module (memory 1) (data $d "abc")
  (func (export "f")
    (memory.init $d (i32.const 65535) (i32.const 2) (i32.const 4))))
