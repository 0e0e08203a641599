;; RUN: run %s --invoke nest 41
(module
  (type (;0;) (func (param i32)))
  (type (;1;) (func))
  (type (;2;) (func (param i32) (result i32)))
  (func $g (type 2) (param i32) (result i32)
    (throw $e
      (local.get 0)))
  (func (;1;) (type 2) (param i32) (result i32)
    (try (result i32)  ;; label = @1
      (do
        (call $g
          (local.get 0)))
      (catch $e
        (i32.const 1)
        (i32.add))
      (catch_all
        (i32.const 9))))
  (func (;2;) (type 2) (param i32) (result i32)
    (try (result i32)  ;; label = @1
      (do
        (try (result i32)  ;; label = @2
          (do
            (call $g
              (local.get 0)))
          (delegate 0)))
      (catch $e)))
  (func (;3;) (type 2) (param i32) (result i32)
    (try (result i32)  ;; label = @1
      (do
        (call $g
          (local.get 0)))
      (delegate 0)))
  (func (;4;) (type 2) (param i32) (result i32)
    (i32.add
      (i32.mul
        (i32.add
          (i32.const 5)
          (try (result i32)  ;; label = @1
            (do
              (call $g
                (local.get 0)))
            (catch_all
              (i32.const 2))))
        (try (result i32)  ;; label = @1
          (do
            (i32.const 1))))
      (if (result i32)  ;; label = @1
        (try (result i32)  ;; label = @2
          (do
            (call $g
              (local.get 0)))
          (catch $e))
        (then
          (i32.const 100))
        (else
          (i32.const 3)))))
  (func (;5;) (type 2) (param i32) (result i32)
    (try (result i32)  ;; label = @1
      (do
        (try (result i32)  ;; label = @2
          (do
            (call $g
              (local.get 0)))
          (catch $e
            (drop)
            (rethrow 0 (;@2;)))))
      (catch $e)))
  (tag $e (type 0) (param i32))
  (tag $n (type 1))
  (export "f" (func 1))
  (export "d" (func 2))
  (export "d2" (func 3))
  (export "nest" (func 4))
  (export "r" (func 5)))
