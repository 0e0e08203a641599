;; Guess the number: a game that needs its host
;;
;; Shows    Imports: what a module cannot do by itself it asks the host for.
;;          A text goes out as a pointer and a length into linear memory.
;; Watch    The host calls panel: each call stops the program until it has its
;;          answer. The timeline keeps the answers, so stepping back and running
;;          again plays the same game without asking.
;; Start    play. Answer `random` with any number, then guess. With 41 the
;;          secret is 42.
;;
;; Imports
;;      env.print(ptr, len)     shows a text
;;      env.random() -> i32     any number; it decides the secret
;;      env.ask_number() -> i32 the next guess

(module $host_imports
  (import "env" "print" (func $print (param $ptr i32) (param $len i32)))
  (import "env" "random" (func $random (result i32)))
  (import "env" "ask_number" (func $ask_number (result i32)))

  (memory $memory (export "memory") 1)
  (global $tries_allowed i32 (i32.const 7))

  (data $welcome (i32.const 0) "I think of a number from 1 to 100.")   ;; 34 bytes
  (data $too_low (i32.const 64) "Too low.")                            ;;  8
  (data $too_high (i32.const 80) "Too high.")                          ;;  9
  (data $found (i32.const 96) "That is it!")                           ;; 11
  (data $lost (i32.const 112) "No tries left.")                        ;; 14

  ;; From 1 to 100, whatever the host's number is.
  (func $choose_secret (result i32)
    call $random
    i32.const 100
    i32.rem_u
    i32.const 1
    i32.add)

  ;; Returns the number of tries, or 0 for a lost game.
  (func $play (export "play") (result i32)
    (local $secret i32)
    (local $guess i32)
    (local $tries i32)
    i32.const 0
    i32.const 34
    call $print
    call $choose_secret
    local.set $secret
    loop $next
      local.get $tries
      i32.const 1
      i32.add
      local.set $tries
      call $ask_number
      local.tee $guess
      local.get $secret
      i32.eq
      if $right
        i32.const 96
        i32.const 11
        call $print
        local.get $tries
        return
      end
      local.get $guess
      local.get $secret
      i32.lt_s
      if $low
        i32.const 64
        i32.const 8
        call $print
      else
        i32.const 80
        i32.const 9
        call $print
      end
      local.get $tries
      global.get $tries_allowed
      i32.lt_u
      br_if $next
    end
    i32.const 112
    i32.const 14
    call $print
    i32.const 0))
