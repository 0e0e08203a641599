;; RUN: trace %s --invoke f
(module (func $prepare (export "_initialize") nop) (func $f (export "f") (result i32) i32.const 1))
