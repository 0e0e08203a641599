;; RUN: run %s
(module
  (memory 1)
  (func $good (result i32)
    i32.const 1)
  (func $bad (param $x i64) (result i32)
    (local $y f32)
    i32.const 4
    (i32.add (local.get $x))
  )
)
