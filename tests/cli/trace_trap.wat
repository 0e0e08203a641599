;; RUN: trace %s --invoke f
(module (func $f (export "f") i32.const 1  i32.const 0  i32.div_u  drop))
