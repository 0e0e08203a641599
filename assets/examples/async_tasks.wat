;; Two tasks on one thread. The clock task awaits a timer, over and over: while it
;; does, it costs nothing, and the counting task has all the turns. Both share the
;; global $ticks, so that each sees what the other has done.
;;
;; Look at Tasks: the lanes tell whose turn it was. In Host calls, timer.sleep stays
;; pending until its time is over.
(module
  (import "timer" "sleep" (func $sleep (param $milliseconds i32)))
  (import "console" "log" (func $log (param i32)))

  (global $ticks (mut i32) (i32.const 0))

  ;; Five ticks, a fifth of a second apart.
  (func $clock (export "clock") (result i32)
    (loop $again
      (call $sleep (i32.const 200))
      (global.set $ticks (i32.add (global.get $ticks) (i32.const 1)))
      (call $log (global.get $ticks))
      (br_if $again (i32.lt_u (global.get $ticks) (i32.const 5))))
    (global.get $ticks))

  ;; How many primes there are below the number reached when the clock has ticked five times.
  (func $count (export "count") (result i32)
    (local $number i32)
    (local $found i32)
    (local.set $number (i32.const 2))
    (loop $again
      (local.set $found (i32.add (local.get $found) (call $is_prime (local.get $number))))
      (local.set $number (i32.add (local.get $number) (i32.const 1)))
      (br_if $again (i32.lt_u (global.get $ticks) (i32.const 5))))
    (local.get $found))

  ;; 1 if no smaller number but 1 divides it.
  (func $is_prime (param $number i32) (result i32)
    (local $divisor i32)
    (local.set $divisor (i32.const 2))
    (block $prime
      (loop $next
        (br_if $prime
          (i32.gt_u
            (i32.mul (local.get $divisor) (local.get $divisor))
            (local.get $number)))
        (if (i32.eqz (i32.rem_u (local.get $number) (local.get $divisor)))
          (then (return (i32.const 0))))
        (local.set $divisor (i32.add (local.get $divisor) (i32.const 1)))
        (br $next)))
    (i32.const 1))
)
