;; RUN: run %s --invoke nest 41
(module
 (type $0 (func (param i32) (result i32)))
 (type $1 (func (param i32)))
 (type $2 (func))
 (tag $e (type $1) (param i32))
 (tag $n (type $2))
 (export "f" (func $1))
 (export "d" (func $2))
 (export "d2" (func $3))
 (export "nest" (func $4))
 (export "r" (func $5))
 (func $g (type $0) (param $0 i32) (result i32)
  (throw $e
   (local.get $0)
  )
 )
 (func $1 (type $0) (param $0 i32) (result i32)
  (try (result i32)
   (do
    (call $g
     (local.get $0)
    )
   )
   (catch $e
    (i32.add
     (pop i32)
     (i32.const 1)
    )
   )
   (catch_all
    (i32.const 9)
   )
  )
 )
 (func $2 (type $0) (param $0 i32) (result i32)
  (try $label (result i32)
   (do
    (try (result i32)
     (do
      (call $g
       (local.get $0)
      )
     )
     (delegate $label)
    )
   )
   (catch $e
    (pop i32)
   )
  )
 )
 (func $3 (type $0) (param $0 i32) (result i32)
  (try (result i32)
   (do
    (call $g
     (local.get $0)
    )
   )
   (delegate 0)
  )
 )
 (func $4 (type $0) (param $0 i32) (result i32)
  (i32.add
   (i32.mul
    (i32.add
     (i32.const 5)
     (try (result i32)
      (do
       (call $g
        (local.get $0)
       )
      )
      (catch_all
       (i32.const 2)
      )
     )
    )
    (try (result i32)
     (do
      (i32.const 1)
     )
    )
   )
   (if (result i32)
    (try (result i32)
     (do
      (call $g
       (local.get $0)
      )
     )
     (catch $e
      (pop i32)
     )
    )
    (then
     (i32.const 100)
    )
    (else
     (i32.const 3)
    )
   )
  )
 )
 (func $5 (type $0) (param $0 i32) (result i32)
  (try (result i32)
   (do
    (try $label (result i32)
     (do
      (call $g
       (local.get $0)
      )
     )
     (catch $e
      (drop
       (pop i32)
      )
      (rethrow $label)
     )
    )
   )
   (catch $e
    (pop i32)
   )
  )
 )
)

