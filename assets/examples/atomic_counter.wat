;; A counter that threads can share
;;
;; Shows    A shared memory. Atomic operators read and write in one piece, so
;;          that no other thread gets in between; `wait` stops until another
;;          thread notifies, or until its time is over.
;; Watch    The memory panel: the memory is marked as shared. At `wait` the
;;          machine stops, since no other task runs that could notify it.
;; Start    count_to, then lock_twice, and let the wait time out.

(module $atomic_counter
  (memory $memory (export "memory") 1 1 shared)

  ;; Address 0: the counter. Address 8: the lock, 0 free, 1 taken.

  ;; Adds and answers with what was there before, in one piece.
  (func $count (export "count") (result i32)
    i32.const 0
    i32.const 1
    i32.atomic.rmw.add)

  (func $count_to (export "count_to") (param $end i32) (result i32)
    loop $next
      call $count
      local.get $end
      i32.const 1
      i32.sub
      i32.lt_s
      br_if $next
    end
    i32.const 0
    i32.atomic.load)

  ;; Takes the lock: 1 in place of 0. While another one has it, waits to be
  ;; notified, at most a second. Answers with 1 if it has been got.
  (func $lock (export "lock") (result i32)
    i32.const 8
    i32.const 0          ;; what is expected
    i32.const 1          ;; what replaces it
    i32.atomic.rmw.cmpxchg
    i32.eqz
    if
      i32.const 1
      return
    end
    i32.const 8
    i32.const 1          ;; waits only while it is taken
    i64.const 1000000000 ;; nanoseconds
    memory.atomic.wait32
    i32.const 2          ;; too late
    i32.ne)

  ;; Gives the lock back and wakes one that waits for it.
  (func $unlock (export "unlock") (result i32)
    i32.const 8
    i32.const 0
    i32.atomic.store
    i32.const 8
    i32.const 1
    memory.atomic.notify)

  ;; Nobody gives the lock back: the second one waits in vain.
  (func $lock_twice (export "lock_twice") (result i32 i32)
    call $lock
    call $lock))
