;; RUN: wast %s
(module (func $good))
(module
  (func $bad (result i32)
    (i64.const 1)))
(module quote "(func (result i32))")
(assert_invalid
  (module (func (result i32) (i64.const 1))) "type mismatch")
