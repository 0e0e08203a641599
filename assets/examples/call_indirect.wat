;; Tables and function pointers
;;
;; Shows    A table holds references to functions. `call_indirect` takes an
;;          index from the operand stack and the expected type from the code;
;;          both are checked while the program runs.
;; Watch    The tables panel: the index on top of the operand stack picks the
;;          entry. The three traps at the end each break one of the checks.
;; Start    apply 2 6 7, then run_program.
;;
;; Table
;;      0 add   1 subtract   2 multiply   3 divide   4 null   5 negate

(module $call_indirect
  (type $binary (func (param $a i32) (param $b i32) (result i32)))
  (type $unary (func (param $n i32) (result i32)))

  (table $operations (export "operations") 6 funcref)
  (elem $arithmetic (table $operations) (i32.const 0)
    func $add $subtract $multiply $divide)
  (elem $other (table $operations) (i32.const 5)
    func $negate)

  (memory $memory (export "memory") 1)

  ;; A program for `run_program`: pairs of an operation and a number.
  ;; ((0 + 20) * 3 - 4) / 8 = 7
  (data $program (i32.const 0)
    "\00\14"   ;; add 20
    "\02\03"   ;; multiply 3
    "\01\04"   ;; subtract 4
    "\03\08"   ;; divide 8
    "\ff")     ;; stop

  (func $add (type $binary) (param $a i32) (param $b i32) (result i32)
    local.get $a
    local.get $b
    i32.add)

  (func $subtract (type $binary) (param $a i32) (param $b i32) (result i32)
    local.get $a
    local.get $b
    i32.sub)

  (func $multiply (type $binary) (param $a i32) (param $b i32) (result i32)
    local.get $a
    local.get $b
    i32.mul)

  (func $divide (type $binary) (param $a i32) (param $b i32) (result i32)
    local.get $a
    local.get $b
    i32.div_s)

  (func $negate (type $unary) (param $n i32) (result i32)
    i32.const 0
    local.get $n
    i32.sub)

  ;; Calls operation number $operation with two numbers.
  (func $apply (export "apply")
      (param $operation i32) (param $a i32) (param $b i32) (result i32)
    local.get $a
    local.get $b
    local.get $operation
    call_indirect $operations (type $binary))

  ;; The same for the one operation that takes a single number.
  (func $apply_unary (export "apply_unary")
      (param $operation i32) (param $n i32) (result i32)
    local.get $n
    local.get $operation
    call_indirect $operations (type $unary))

  ;; An interpreter in miniature: reads the program in memory and keeps the
  ;; result of each operation in $acc. The table is its dispatch table.
  (func $run_program (export "run_program") (result i32)
    (local $pc i32)
    (local $acc i32)
    (local $operation i32)
    block $stop
      loop $next
        local.get $pc
        i32.load8_u
        local.tee $operation
        i32.const 0xff
        i32.eq
        br_if $stop
        local.get $acc
        local.get $pc
        i32.load8_u offset=1
        local.get $operation
        call_indirect $operations (type $binary)
        local.set $acc
        local.get $pc
        i32.const 2
        i32.add
        local.set $pc
        br $next
      end
    end
    local.get $acc)

  ;; Trap: entry 5 is there, but `negate` takes one number, not two.
  (func $wrong_signature (export "wrong_signature") (result i32)
    i32.const 5  ;; operation
    i32.const 1
    i32.const 2
    call $apply)

  ;; Trap: entry 4 was never filled.
  (func $null_entry (export "null_entry") (result i32)
    i32.const 4
    i32.const 1
    i32.const 2
    call $apply)

  ;; Trap: the table has only the entries 0 to 5.
  (func $outside_table (export "outside_table") (result i32)
    i32.const 6
    i32.const 1
    i32.const 2
    call $apply))
