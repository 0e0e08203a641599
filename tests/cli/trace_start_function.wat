;; RUN: trace %s --invoke f
(module (start $s) (func $s nop) (func $f (export "f") (result i32) i32.const 1))
