;; Exceptions
;;
;; Shows    A tag says what an exception carries. `throw` takes its values from
;;          the operand stack and leaves frame after frame until a `try_table`
;;          has a clause for the tag; the clause branches to a label, with the
;;          values.
;; Watch    The stack panel before each `throw`: it says who will catch it. The
;;          label stack has the clauses, and frames disappear at the throw.
;; Start    parse, then read_bad_text and read_with_cleanup.

(module $exceptions
  ;; Where in the text, and which letter it was.
  (tag $not_a_digit (export "not_a_digit") (param i32 i32))
  ;; Carries nothing.
  (tag $empty (export "empty"))

  (memory $memory (export "memory") 1)
  (data (i32.const 0) "4273")
  (data (i32.const 16) "42x3")

  ;; How often $cleanup has been called.
  (global $cleanups (export "cleanups") (mut i32) (i32.const 0))

  ;; The digit at $at. Anything else is thrown: two frames below its handler.
  (func $digit (param $at i32) (result i32)
    (local $letter i32)
    local.get $at
    i32.load8_u
    local.tee $letter
    i32.const 48          ;; 0
    i32.sub
    i32.const 10
    i32.ge_u
    if
      local.get $at
      local.get $letter
      throw $not_a_digit  ;; nothing behind it is executed
    end
    local.get $letter
    i32.const 48
    i32.sub)

  ;; The number that the letters say. It knows nothing of exceptions: they pass.
  (func $number (param $at i32) (param $length i32) (result i32)
    (local $number i32)
    local.get $length
    i32.eqz
    if
      throw $empty
    end
    loop $next
      local.get $number
      i32.const 10
      i32.mul
      local.get $at
      call $digit
      i32.add
      local.set $number
      local.get $at
      i32.const 1
      i32.add
      local.set $at
      local.get $length
      i32.const 1
      i32.sub
      local.tee $length
      br_if $next
    end
    local.get $number)

  ;; The number and 0; or the place of a wrong letter and the letter; or -1 and
  ;; -1 for anything else that was thrown.
  (func $parse (export "parse") (param $at i32) (param $length i32) (result i32 i32)
    block $other
      block $wrong (result i32 i32)
        try_table (catch $not_a_digit $wrong) (catch_all $other)
          local.get $at
          local.get $length
          call $number
          i32.const 0
          return
        end
        unreachable
      end
      return              ;; with the two values of the exception
    end
    i32.const -1
    i32.const -1)

  ;; The same text without a handler: the exception leaves every frame.
  (func $read_bad_text (export "read_bad_text") (result i32)
    i32.const 16
    i32.const 4
    call $number)

  (func $cleanup
    global.get $cleanups
    i32.const 1
    i32.add
    global.set $cleanups)

  ;; Cleans up, whatever happens: the exception is caught as a reference,
  ;; looked at by nobody, and thrown again.
  (func $read_and_clean (param $at i32) (result i32)
    block $thrown (result exnref)
      try_table (result i32) (catch_all_ref $thrown)
        local.get $at
        i32.const 4
        call $number
      end
      call $cleanup
      return
    end
    call $cleanup
    throw_ref)

  ;; Reads the good text, then the bad one. Answers with the letter in its way
  ;; and with how often was cleaned up.
  (func $read_with_cleanup (export "read_with_cleanup") (result i32 i32)
    (local $letter i32)
    i32.const 0
    call $read_and_clean
    drop
    block $wrong (result i32 i32)
      try_table (catch $not_a_digit $wrong)
        i32.const 16
        call $read_and_clean
        drop
      end
      unreachable
    end
    local.set $letter
    drop
    local.get $letter
    global.get $cleanups)

  ;; The bad text, caught: where the letter is, 18, and that it is an x, 120.
  (func $tour (export "tour") (result i32 i32)
    i32.const 16
    i32.const 4
    call $parse))
