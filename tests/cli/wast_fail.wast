;; RUN: wast %s
(module (func (export "f") (result i32) i32.const 1))
(assert_return (invoke "f") (i32.const 2))
(assert_trap (invoke "f") "unreachable")
(assert_invalid (module) "type mismatch")
