;; RUN: run %s
(module (func (export "f") (result i32)
  i32.cosnt 4))
