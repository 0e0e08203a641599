;; Whose memory is it? Second of two modules: the one that calls the first
;;
;; Shows    `main` does not print anything itself. It calls `b.foo`, which calls
;;          the host. This module has a memory of its own, with other bytes at
;;          the same address: were they shown, the wrong memory would have been
;;          read.
;; Watch    The frames at the host call: a.main, b.foo, host. `main_then_own`
;;          then prints a text of its own, from its own memory.
;; Link     b.wat first, then this file.

(module $a
  (import "b" "foo" (func $b.foo))
  (import "env" "print" (func $print (param $ptr i32) (param $len i32)))
  (memory $memory (export "memory") 1)
  (data $wrong (i32.const 16) "WRONG: memory of a")
  (data $text (i32.const 64) "hello from a")

  ;; One line: "hello from b".
  (func $main (export "main")
    call $b.foo)

  ;; Two lines: "hello from b", then "hello from a" from this module's memory.
  (func $main_then_own (export "main_then_own")
    call $b.foo
    i32.const 64
    i32.const 12
    call $print))
