;; RUN: wast %s
(module (func (export "f") (result i32) i32.const 1)
  (func (export "t") unreachable))
(assert_return (invoke "f") (i32.const 1))
(assert_trap (invoke "t") "unreachable")
(assert_invalid (module (func (result i32))) "type mismatch")
(assert_malformed (module binary "") "unexpected end")
