;; Every way to trap
;;
;; Shows    A trap ends the execution at once; no code in the module can catch
;;          it. Each export runs into one kind of trap.
;; Watch    The program counter stays on the instruction that trapped, with its
;;          operands, and the frames below tell how it got there. Step back to
;;          see the moment before.
;; Start    any export; none takes an argument.

(module $traps
  (type $no_result (func))
  (type $number (func (result i32)))

  (memory $memory (export "memory") 1 1)
  (table $table (export "table") 3 funcref)
  (elem $functions (i32.const 0) func $nothing $forty_two)   ;; 2 stays null
  (data $passive "four")

  (func $nothing (type $no_result))
  (func $forty_two (type $number) (result i32)
    i32.const 42)

  ;; `unreachable` stands where a compiler knows that no path leads.
  (func $unreachable (export "unreachable")
    unreachable)

  ;; Integers have no infinity. Floats do: f64.div by 0 does not trap.
  (func $divide_by_zero (export "divide_by_zero") (result i32)
    i32.const 7
    i32.const 0
    i32.div_s)

  (func $rest_by_zero (export "rest_by_zero") (result i64)
    i64.const 7
    i64.const 0
    i64.rem_u)

  ;; -2147483648 / -1 would be 2147483648, one more than an i32 can hold.
  (func $integer_overflow (export "integer_overflow") (result i32)
    i32.const 0x80000000
    i32.const -1
    i32.div_s)

  ;; 3 billion is a fine f64, but not an i32.
  (func $float_too_large (export "float_too_large") (result i32)
    f64.const 3e9
    i32.trunc_f64_s)

  ;; Not a number is no integer either.
  (func $not_a_number (export "not_a_number") (result i32)
    f32.const nan
    i32.trunc_f32_s)

  ;; The last byte of the page is 65535; four bytes from 65533 on are one too many.
  (func $load_outside (export "load_outside") (result i32)
    i32.const 65533
    i32.load)

  ;; Address plus offset is computed without wrapping: -1 is 4294967295.
  (func $store_outside (export "store_outside")
    i32.const -1
    i32.const 0
    i32.store8 offset=1)

  ;; Checked as a whole before the first byte is written: nothing changes.
  (func $fill_outside (export "fill_outside")
    i32.const 65530
    i32.const 0xff
    i32.const 7
    memory.fill)

  ;; The segment has four bytes, not five.
  (func $init_outside (export "init_outside")
    i32.const 0
    i32.const 0
    i32.const 5
    memory.init $passive)

  ;; The table has the entries 0, 1 and 2.
  (func $table_outside (export "table_outside") (result funcref)
    i32.const 3
    table.get $table)

  (func $call_outside (export "call_outside") (result i32)
    i32.const 3
    call_indirect $table (type $number))

  ;; Entry 2 is null.
  (func $call_null (export "call_null") (result i32)
    i32.const 2
    call_indirect $table (type $number))

  ;; Entry 0 returns nothing, but an i32 is expected.
  (func $call_wrong_type (export "call_wrong_type") (result i32)
    i32.const 0
    call_indirect $table (type $number))

  ;; No base case: the frames pile up until the call stack is exhausted.
  (func $endless_recursion (export "endless_recursion")
    call $endless_recursion)

  ;; Three frames deep, so that there is a backtrace to look at.
  (func $deep (export "deep") (result i32)
    i32.const 2
    call $deeper)

  (func $deeper (param $levels i32) (result i32)
    local.get $levels
    i32.eqz
    if $bottom
      call $divide_by_zero
      return
    end
    local.get $levels
    i32.const 1
    i32.sub
    call $deeper))
