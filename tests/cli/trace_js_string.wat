;; RUN: trace %s --invoke greeting
(module
  (import "wasm:js-string" "concat"
    (func $concat (param externref externref) (result (ref extern))))
  (import "'" "hello \n| " (global $hello (ref extern)))
  (func (export "greeting") (result externref)
    global.get $hello  global.get $hello  call $concat))
