;; Functions that call themselves
;;
;; Shows    Each `call` pushes a frame with its own locals; each return pops it
;;          and hands the results to the caller. `return_call` instead replaces
;;          the current frame, so a tail-recursive function needs only one.
;; Watch    The frames: `factorial 5` piles up five of them and then folds
;;          them; `factorial_tail 5` never has more than one of its own.
;; Start    factorial 5, then factorial_tail 5 for comparison.

(module $recursion

  ;; n! = n * (n - 1)!
  (func $factorial (export "factorial") (param $n i64) (result i64)
    local.get $n
    i64.const 1
    i64.le_s
    if $base (result i64)
      i64.const 1
    else
      local.get $n         ;; waits on this frame's operand stack ...
      local.get $n
      i64.const 1
      i64.sub
      call $factorial
      i64.mul              ;; ... until the call has come back
    end)

  ;; Two calls per level: the frames rise and fall like a tree being walked.
  (func $fibonacci (export "fibonacci") (param $n i32) (result i32)
    local.get $n
    i32.const 2
    i32.lt_s
    if $base (result i32)
      local.get $n
    else
      local.get $n
      i32.const 1
      i32.sub
      call $fibonacci
      local.get $n
      i32.const 2
      i32.sub
      call $fibonacci
      i32.add
    end)

  ;; Mutual recursion: 0 is even, and n is even when n - 1 is odd.
  (func $is_even (export "is_even") (param $n i32) (result i32)
    local.get $n
    i32.eqz
    if $zero (result i32)
      i32.const 1
    else
      local.get $n
      i32.const 1
      i32.sub
      call $is_odd
    end)

  (func $is_odd (export "is_odd") (param $n i32) (result i32)
    local.get $n
    i32.eqz
    if $zero (result i32)
      i32.const 0
    else
      local.get $n
      i32.const 1
      i32.sub
      call $is_even
    end)

  ;; The factorial with an accumulator: nothing is left to do after the call,
  ;; so `return_call` can give up the frame first.
  (func $factorial_tail (export "factorial_tail") (param $n i64) (result i64)
    local.get $n
    i64.const 1
    return_call $factorial_from)

  (func $factorial_from (param $n i64) (param $acc i64) (result i64)
    local.get $n
    i64.const 1
    i64.le_s
    if $base
      local.get $acc
      return
    end
    local.get $n
    i64.const 1
    i64.sub
    local.get $acc
    local.get $n
    i64.mul
    return_call $factorial_from)

  ;; With tail calls even a million levels need no deeper stack.
  (func $is_even_tail (export "is_even_tail") (param $n i32) (result i32)
    local.get $n
    i32.eqz
    if $zero
      i32.const 1
      return
    end
    local.get $n
    i32.const 1
    i32.sub
    return_call $is_odd_tail)

  (func $is_odd_tail (export "is_odd_tail") (param $n i32) (result i32)
    local.get $n
    i32.eqz
    if $zero
      i32.const 0
      return
    end
    local.get $n
    i32.const 1
    i32.sub
    return_call $is_even_tail)

  ;; Euclid's algorithm: gcd(a, b) = gcd(b, a mod b).
  (func $gcd (export "gcd") (param $a i32) (param $b i32) (result i32)
    local.get $b
    i32.eqz
    if $done
      local.get $a
      return
    end
    local.get $b
    local.get $a
    local.get $b
    i32.rem_u
    return_call $gcd))
