;; Whose memory is it? First of two modules: the one that prints
;;
;; Shows    A pointer means something only together with a memory. When `foo`
;;          calls the host, the text is in the memory of this module, whoever
;;          called `foo`.
;; Watch    The host calls panel names b.foo as the caller, and the decoded text
;;          comes from b's memory at address 16.
;; Link     b.wat first, then a.wat. Start a's `main`.

(module $b
  (import "env" "print" (func $print (param $ptr i32) (param $len i32)))
  (memory $memory (export "memory") 1)
  (data $text (i32.const 16) "hello from b")

  (func $foo (export "foo")
    i32.const 16
    i32.const 12
    call $print))
