;; The greeter, second of two modules: the program
;;
;; Shows    Imported functions, an imported memory and an imported table. All
;;          loads and stores here go to the memory that belongs to `lib`.
;; Watch    The frames while `greet` runs: main.greet calls lib.for_each_name,
;;          which calls main.greet_one, which calls lib.append. Each module has
;;          its colour.
;; Link     lib.wat first, then this file. Start `greet`; then look at address
;;          1024 of lib's memory.
;;
;; Addresses (in lib's memory)
;;    512        "Hello, "
;;    520        "! "

(module $main
  (import "lib" "memory" (memory $memory 1))
  (import "lib" "callbacks" (table $callbacks 4 funcref))
  (import "lib" "length" (func $length (param $text i32) (result i32)))
  (import "lib" "append" (func $append (param $ptr i32) (param $len i32)))
  (import "lib" "written" (func $written (result i32)))
  (import "lib" "for_each_name" (func $for_each_name (param $visitor i32)))

  ;; Both segments land in lib's memory, the element in lib's table.
  (data $hello (i32.const 512) "Hello, ")
  (data $mark (i32.const 520) "! ")
  (elem $callback (table $callbacks) (i32.const 0) func $greet_one)

  ;; Appends "Hello, ", the name and "! ". Called by lib, never from here.
  (func $greet_one (param $name i32)
    i32.const 512
    i32.const 7
    call $append
    local.get $name
    local.get $name
    call $length
    call $append
    i32.const 520
    i32.const 2
    call $append)

  ;; Writes "Hello, Ada! Hello, Grace! Hello, Edsger! "; answers with its length.
  (func $greet (export "greet") (result i32)
    i32.const 0            ;; entry 0 of the table is $greet_one
    call $for_each_name
    call $written))
