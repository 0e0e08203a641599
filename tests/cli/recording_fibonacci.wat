;; RUN: run %s --invoke fib 7 --record %t
;; RUN: replay %t
;; RUN: replay %t --to 30
;; RUN: replay %t --to 30 --json
;; RUN: replay %t --find $n==6
;; RUN: replay %t --find $n==6 --to 10 --json
;; RUN: replay %t --find $m==6
;; RUN: replay %t --task 3
;; RUN: trace %t --from 25 --to 32
;; RUN: trace %t --from 444 --format json
;; RUN: replay %t --to 100000
(module
  (func $fib (export "fib") (param $n i32) (result i32)
    (if (result i32) (i32.lt_u (local.get $n) (i32.const 2))
      (then (local.get $n))
      (else
        (i32.add
          (call $fib (i32.sub (local.get $n) (i32.const 1)))
          (call $fib (i32.sub (local.get $n) (i32.const 2))))))))
