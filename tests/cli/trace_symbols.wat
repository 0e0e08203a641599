;; RUN: trace %s --invoke run 5
(module
  (func $_ZN5ShapeC1Ev (param i32) (result i32) local.get 0)
  (func $_ZN5ShapeC2Ev (param i32) (result i32) local.get 0)
  (func $_ZN3geo4area17h0123456789abcdefE (param i32) (result i32) unreachable)
  (func $_RNvCs1234_7mycrate4main (export "run") (param i32) (result i32)
    local.get 0 call $_ZN5ShapeC1Ev call $_ZN5ShapeC2Ev
    call $_ZN3geo4area17h0123456789abcdefE))
