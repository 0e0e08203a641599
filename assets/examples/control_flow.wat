;; Blocks, loops and branches
;;
;; Shows    Every structured instruction pushes a label. `br` to the label of a
;;          block or an `if` leaves it at its `end`; `br` to the label of a loop
;;          goes back to its start. There are no other jumps in WebAssembly.
;; Watch    The label stack beside the operand stack: `block`, `loop` and `if`
;;          add a label, `end` takes it away, a branch takes several at once.
;; Start    collatz 6, then days_in_month 2.

(module $control_flow

  ;; if / else with a result: both arms leave one i32.
  (func $absolute (export "absolute") (param $n i32) (result i32)
    local.get $n
    i32.const 0
    i32.lt_s
    if $negative (result i32)
      i32.const 0
      local.get $n
      i32.sub
    else
      local.get $n
    end)

  ;; No branch at all: `select` takes one of two values that are both computed.
  (func $maximum (export "maximum") (param $a i32) (param $b i32) (result i32)
    local.get $a
    local.get $b
    local.get $a
    local.get $b
    i32.gt_s
    select)

  ;; A loop that runs while its condition holds: 1 + 2 + ... + n.
  (func $sum_to (export "sum_to") (param $n i32) (result i32)
    (local $sum i32)
    block $done
      loop $next
        local.get $n
        i32.eqz
        br_if $done        ;; forward: leaves the block
        local.get $sum
        local.get $n
        i32.add
        local.set $sum
        local.get $n
        i32.const 1
        i32.sub
        local.set $n
        br $next           ;; backward: the loop's label is its start
      end
    end
    local.get $sum)

  ;; How many steps does n need to reach 1, if an even n is halved
  ;; and an odd n becomes 3n + 1?
  (func $collatz (export "collatz") (param $n i32) (result i32)
    (local $steps i32)
    block $done
      loop $next
        local.get $n
        i32.const 1
        i32.le_u
        br_if $done
        local.get $n
        i32.const 1
        i32.and
        if $odd (result i32)
          local.get $n
          i32.const 3
          i32.mul
          i32.const 1
          i32.add
        else
          local.get $n
          i32.const 1
          i32.shr_u
        end
        local.set $n
        local.get $steps
        i32.const 1
        i32.add
        local.set $steps
        br $next
      end
    end
    local.get $steps)

  ;; A switch: `br_table` picks a label by number, the last one is the default.
  ;; Each case is the code behind the `end` of its block.
  (func $days_in_month (export "days_in_month") (param $month i32) (result i32)
    block $no_such_month
      block $thirty_one
        block $thirty
          block $february
            local.get $month
            br_table
              $no_such_month  ;; 0
              $thirty_one $february $thirty_one $thirty
              $thirty_one $thirty $thirty_one $thirty_one
              $thirty $thirty_one $thirty $thirty_one
              $no_such_month  ;; 13 and more, and every negative number
          end
          i32.const 28
          return
        end
        i32.const 30
        return
      end
      i32.const 31
      return
    end
    i32.const 0)

  ;; Two nested loops, left at one blow: the smallest a, then b, with a * b = n
  ;; and a > 1. Returns a * 1000 + b, or 0 for a prime number.
  (func $factor (export "factor") (param $n i32) (result i32)
    (local $a i32)
    (local $b i32)
    block $found
      i32.const 2
      local.set $a
      loop $next_a
        i32.const 2
        local.set $b
        loop $next_b
          local.get $a
          local.get $b
          i32.mul
          local.get $n
          i32.eq
          br_if $found       ;; takes three labels off at once
          local.get $b
          i32.const 1
          i32.add
          local.tee $b
          local.get $n
          i32.lt_u
          br_if $next_b
        end
        local.get $a
        i32.const 1
        i32.add
        local.tee $a
        local.get $n
        i32.lt_u
        br_if $next_a
      end
      i32.const 0
      return
    end
    local.get $a
    i32.const 1000
    i32.mul
    local.get $b
    i32.add)

  ;; A loop with a parameter: the running value never leaves the operand stack.
  ;; Doubles $n until it is at least 1000.
  (func $double_up (export "double_up") (param $n i32) (result i32)
    local.get $n
    loop $again (param i32) (result i32)
      i32.const 1
      i32.shl
      local.tee $n
      local.get $n
      i32.const 1000
      i32.lt_u
      br_if $again
    end))
