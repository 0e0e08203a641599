;; Text in linear memory
;;
;; Shows    WebAssembly has no strings: a text is bytes in memory plus a
;;          convention, here a closing zero byte or a pointer with a length.
;;          Active data segments are there from the start, a passive one is
;;          copied in by `memory.init` and given up by `data.drop`.
;; Watch    The ASCII column of the memory panel at 0, 64 and 128.
;; Start    reverse_sample, then unpack_greeting (twice: the second time traps).
;;
;; Addresses
;;      0   "Stepwell", closed by a zero byte
;;     64   "Grüße, 世界 🌍": 20 bytes of UTF-8, 11 characters
;;    128   empty until `unpack_greeting` fills it

(module $strings
  (memory $memory (export "memory") 1)

  (data $name (i32.const 0) "Stepwell\00")
  (data $utf8 (i32.const 64) "Gr\u{fc}\u{df}e, \u{4e16}\u{754c} \u{1f30d}")

  ;; Passive: it belongs to the module, not to the memory, until asked for.
  (data $greeting "It was here all the time.")

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

  ;; Swaps the outer two bytes and moves inwards until the two ends meet.
  (func $reverse (export "reverse") (param $text i32) (param $length i32)
    (local $left i32)
    (local $right i32)
    (local $byte i32)
    local.get $text
    local.set $left
    local.get $text
    local.get $length
    i32.add
    i32.const 1
    i32.sub
    local.set $right
    block $met
      loop $next
        local.get $left
        local.get $right
        i32.ge_s
        br_if $met
        local.get $left
        i32.load8_u
        local.set $byte
        local.get $left
        local.get $right
        i32.load8_u
        i32.store8
        local.get $right
        local.get $byte
        i32.store8
        local.get $left
        i32.const 1
        i32.add
        local.set $left
        local.get $right
        i32.const 1
        i32.sub
        local.set $right
        br $next
      end
    end)

  ;; Turns "Stepwell" at 0 into "llewpetS"; answers with its length.
  (func $reverse_sample (export "reverse_sample") (result i32)
    (local $length i32)
    i32.const 0
    call $length
    local.set $length
    i32.const 0
    local.get $length
    call $reverse
    local.get $length)

  ;; Copies the passive segment to 128 and gives it up. A second call asks an
  ;; empty segment for 25 bytes and traps: out of bounds memory access.
  (func $unpack_greeting (export "unpack_greeting") (result i32)
    i32.const 128        ;; destination in memory
    i32.const 0          ;; offset in the segment
    i32.const 25         ;; length
    memory.init $greeting
    data.drop $greeting
    i32.const 128
    call $length)

  ;; Characters in UTF-8: every byte counts, except those of the form 10xxxxxx,
  ;; which continue a character.
  (func $characters (export "characters") (param $text i32) (param $length i32) (result i32)
    (local $end i32)
    (local $count i32)
    local.get $text
    local.get $length
    i32.add
    local.set $end
    block $done
      loop $next
        local.get $text
        local.get $end
        i32.ge_u
        br_if $done
        local.get $text
        i32.load8_u
        i32.const 0xc0
        i32.and
        i32.const 0x80
        i32.ne               ;; 1 at the first byte of a character, else 0
        local.get $count
        i32.add
        local.set $count
        local.get $text
        i32.const 1
        i32.add
        local.set $text
        br $next
      end
    end
    local.get $count)

  (func $characters_sample (export "characters_sample") (result i32)
    i32.const 64
    i32.const 20
    call $characters)

  ;; Upper case for a to z, in place, up to the zero byte.
  (func $upper_case (export "upper_case") (param $text i32)
    (local $byte i32)
    block $end
      loop $next
        local.get $text
        i32.load8_u
        local.tee $byte
        i32.eqz
        br_if $end
        local.get $byte
        i32.const 97         ;; 'a'
        i32.sub
        i32.const 26
        i32.lt_u             ;; true only for 'a' .. 'z'
        if $lower
          local.get $text
          local.get $byte
          i32.const 32
          i32.sub
          i32.store8
        end
        local.get $text
        i32.const 1
        i32.add
        local.set $text
        br $next
      end
    end)

  ;; "Stepwell" becomes "STEPWELL"; answers with its first four bytes.
  (func $upper_case_sample (export "upper_case_sample") (result i32)
    i32.const 0
    call $upper_case
    i32.const 0
    i32.load))
