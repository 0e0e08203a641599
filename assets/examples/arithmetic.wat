;; Arithmetic on the operand stack
;;
;; Shows    Constants and locals are pushed, an operator pops its operands and
;;          pushes its result. All four number types, the conversions between
;;          them, and the few arithmetic operators that can trap.
;; Watch    The operand stack: it grows with each `local.get` and `const`, and
;;          shrinks by one with each binary operator. At the end of a function
;;          exactly its results are left.
;; Start    polynomial 5, then divide 7 0 to see a trap.

(module $arithmetic

  ;; 3x² + 2x + 1. The comment behind each line is the operand stack after it.
  (func $polynomial (export "polynomial") (param $x i32) (result i32)
    i32.const 3      ;; 3
    local.get $x     ;; 3 x
    local.get $x     ;; 3 x x
    i32.mul          ;; 3 x²
    i32.mul          ;; 3x²
    i32.const 2      ;; 3x² 2
    local.get $x     ;; 3x² 2 x
    i32.mul          ;; 3x² 2x
    i32.add          ;; 3x²+2x
    i32.const 1      ;; 3x²+2x 1
    i32.add)         ;; 3x²+2x+1

  ;; Signed division. Traps when $b is 0, and for -2147483648 / -1, whose
  ;; result does not fit in 32 bits.
  (func $divide (export "divide") (param $a i32) (param $b i32) (result i32)
    local.get $a
    local.get $b
    i32.div_s)

  ;; Two results: the quotient and the remainder both stay on the stack.
  (func $divide_with_rest (export "divide_with_rest")
      (param $a i32) (param $b i32) (result i32 i32)
    local.get $a
    local.get $b
    i32.div_u
    local.get $a
    local.get $b
    i32.rem_u)

  ;; Wrapping: 2147483647 + 1 is -2147483648. Nothing traps here.
  (func $increment (export "increment") (param $n i32) (result i32)
    local.get $n
    i32.const 1
    i32.add)

  ;; The same bits, read as signed and as unsigned: (a < b) both ways.
  ;; For -1 and 1 the answers differ.
  (func $less_both_ways (export "less_both_ways")
      (param $a i32) (param $b i32) (result i32 i32)
    local.get $a
    local.get $b
    i32.lt_s
    local.get $a
    local.get $b
    i32.lt_u)

  ;; Widening before multiplying keeps all 64 bits of the product.
  (func $wide_product (export "wide_product")
      (param $a i32) (param $b i32) (result i64)
    local.get $a
    i64.extend_i32_s
    local.get $b
    i64.extend_i32_s
    i64.mul)

  ;; Bit operators: how many bits are set, plus the leading and trailing zeros.
  (func $count_bits (export "count_bits") (param $n i64) (result i64 i64 i64)
    local.get $n
    i64.popcnt
    local.get $n
    i64.clz
    local.get $n
    i64.ctz)

  ;; f64: the long side of a right triangle.
  (func $hypotenuse (export "hypotenuse") (param $a f64) (param $b f64) (result f64)
    local.get $a
    local.get $a
    f64.mul
    local.get $b
    local.get $b
    f64.mul
    f64.add
    f64.sqrt)

  ;; f32 has 24 significant bits, so 0.1 + 0.2 is a little different from f64.
  ;; `f64.promote_f32` shows the f32 sum with all its digits.
  (func $three_tenths (export "three_tenths") (result f64 f64)
    f32.const 0.1
    f32.const 0.2
    f32.add
    f64.promote_f32
    f64.const 0.1
    f64.const 0.2
    f64.add)

  ;; The bits of a float, unchanged, as an integer: 1.0 is 0x3f800000.
  (func $float_bits (export "float_bits") (param $x f32) (result i32)
    local.get $x
    i32.reinterpret_f32)

  ;; Float to integer. Traps on NaN and on numbers outside the range of i32 ...
  (func $truncate (export "truncate") (param $x f64) (result i32)
    local.get $x
    i32.trunc_f64_s)

  ;; ... while the saturating form answers with 0 or the nearest end of the range.
  (func $truncate_saturating (export "truncate_saturating") (param $x f64) (result i32)
    local.get $x
    i32.trunc_sat_f64_s))
