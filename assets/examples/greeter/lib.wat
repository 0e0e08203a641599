;; The greeter, first of two modules: a small text library
;;
;; Shows    A module that owns what two modules share. It exports its memory,
;;          its table and its functions; `main` imports them all.
;; Watch    `for_each_name` calls back into `main` through the table: a call
;;          from one module into the other without an import.
;; Link     lib.wat first, then main.wat. Start main's `greet`.
;;
;; Addresses
;;      0        names, each closed by a zero byte, the list by another one
;;   1024        the text that `append` makes longer and longer

(module $lib
  (type $visitor (func (param $name i32)))

  (memory $memory (export "memory") 1)
  (table $callbacks (export "callbacks") 4 funcref)
  (global $out (mut i32) (i32.const 1024))   ;; where the next byte goes

  (data $names (i32.const 0) "Ada\00Grace\00Edsger\00\00")

  ;; The number of bytes before the zero byte.
  (func $length (export "length") (param $text i32) (result i32)
    (local $at i32)
    local.get $text
    local.set $at
    block $end
      loop $next
        local.get $at
        i32.load8_u
        i32.eqz
        br_if $end
        local.get $at
        i32.const 1
        i32.add
        local.set $at
        br $next
      end
    end
    local.get $at
    local.get $text
    i32.sub)

  ;; Copies $len bytes from $ptr to the end of the text.
  (func $append (export "append") (param $ptr i32) (param $len i32)
    global.get $out
    local.get $ptr
    local.get $len
    memory.copy
    global.get $out
    local.get $len
    i32.add
    global.set $out)

  ;; How long the text is by now.
  (func $written (export "written") (result i32)
    global.get $out
    i32.const 1024
    i32.sub)

  ;; Calls entry $visitor of the table once for each name.
  (func $for_each_name (export "for_each_name") (param $visitor i32)
    (local $name i32)
    block $end
      loop $next
        local.get $name
        i32.load8_u
        i32.eqz
        br_if $end
        local.get $name
        local.get $visitor
        call_indirect $callbacks (type $visitor)
        local.get $name
        local.get $name
        call $length
        i32.add
        i32.const 1
        i32.add
        local.set $name
        br $next
      end
    end))
