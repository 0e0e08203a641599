;; RUN: run %s
(module (func (export "f") i32.const 1 i32x4.splat drop))
