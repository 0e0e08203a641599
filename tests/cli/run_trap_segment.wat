;; RUN: run %s --invoke f
(module (memory 1)
  (data (i32.const 8) "fits")
  (data (i32.const 65534) "too long")
  (func (export "f")))
