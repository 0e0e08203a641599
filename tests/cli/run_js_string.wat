;; RUN: run %s --invoke greeting 3
(module
  (import "wasm:js-string" "concat"
    (func $concat (param externref externref) (result (ref extern))))
  (import "wasm:js-string" "length" (func $length (param externref) (result i32)))
  (import "'" "hello " (global $hello (ref extern)))
  (func (export "greeting") (param $n i32) (result i32) (local $text externref)
    global.get $hello  local.set $text
    loop
      local.get $text  global.get $hello  call $concat  local.set $text
      local.get $n  i32.const 1  i32.sub  local.tee $n  br_if 0
    end
    local.get $text  call $length))
