;; RUN: run %s --invoke f
(module (import "wbg" "__wbindgen_throw" (func $throw (param i32 i32)))
  (func (export "f")))
