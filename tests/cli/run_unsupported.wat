;; RUN: run %s
(module (memory 1) (func (export "f") i32.const 0 i32.atomic.load drop))
