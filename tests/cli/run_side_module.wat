;; RUN: run %s --stub-imports zero --invoke twice 21
;; A module for dynamic linking that calls its own function through a pointer.
(module
  (type $unary (func (param i32) (result i32)))
  (import "env" "__indirect_function_table" (table 0 funcref))
  (import "GOT.func" "double" (global $double (mut i32)))
  (func (export "double") (type $unary)
    local.get 0
    i32.const 2
    i32.mul)
  (func (export "twice") (type $unary)
    local.get 0
    global.get $double
    call_indirect (type $unary)))
