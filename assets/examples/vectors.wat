;; Vectors: 128 bits at once, divided into lanes as each operator says.
;;
;; Watch: a vector is one operand, and the same bits read as sixteen bytes, four floats or two wide
;; integers: click on its shape, as "i32x4:", to see the lanes of the next one. In `dot` four products are
;; summed at a time, and the lanes of the sum come together only at the end. `brighten` shows saturation:
;; bytes stop at 255 instead of starting again. A comparison fills a lane with ones or zeros, and
;; `largest` chooses by that, without a branch.
(module $vectors
  (memory (export "memory") 1)
  ;; Two rows of eight floats.
  (data (i32.const 0)
    "\00\00\80\3f\00\00\00\40\00\00\40\40\00\00\80\40"  ;; 1 2 3 4
    "\00\00\a0\40\00\00\c0\40\00\00\e0\40\00\00\00\41") ;; 5 6 7 8
  (data (i32.const 32)
    "\00\00\00\3f\00\00\00\3f\00\00\00\3f\00\00\00\3f"  ;; 0.5 0.5 0.5 0.5
    "\00\00\80\3f\00\00\80\3f\00\00\80\3f\00\00\80\3f") ;; 1 1 1 1
  ;; Sixteen grey pixels.
  (data (i32.const 64) "\00\10\20\30\40\50\60\70\80\90\a0\b0\c0\d0\e0\f0")

  ;; The product of two rows of `n` floats, four at a time.
  (func $dot (export "dot") (param $n i32) (result f32) (local $at i32) (local $sum v128)
    block $done
      loop $four
        local.get $at
        local.get $n
        i32.const 4
        i32.mul
        i32.ge_u
        br_if $done
        local.get $at
        v128.load
        local.get $at
        v128.load offset=32
        f32x4.mul
        local.get $sum
        f32x4.add
        local.set $sum
        local.get $at
        i32.const 16
        i32.add
        local.set $at
        br $four
      end
    end
    local.get $sum
    f32x4.extract_lane 0
    local.get $sum
    f32x4.extract_lane 1
    f32.add
    local.get $sum
    f32x4.extract_lane 2
    f32.add
    local.get $sum
    f32x4.extract_lane 3
    f32.add)

  ;; Makes the pixels brighter by an amount, and answers with them.
  (func $brighten (export "brighten") (param $by i32) (result v128)
    i32.const 64
    i32.const 64
    v128.load
    local.get $by
    i8x16.splat
    i8x16.add_sat_u
    v128.store
    i32.const 64
    v128.load)

  ;; The lanes in the opposite order.
  (func $reverse (export "reverse") (param $v v128) (result v128)
    local.get $v
    local.get $v
    i8x16.shuffle 12 13 14 15 8 9 10 11 4 5 6 7 0 1 2 3)

  ;; Of each pair of lanes the larger one.
  (func $largest (export "largest") (param $a v128) (param $b v128) (result v128)
    local.get $a
    local.get $b
    local.get $a
    local.get $b
    i32x4.gt_s
    v128.bitselect)

  ;; How many of sixteen bytes are one.
  (func $count (export "count") (param $v v128) (param $byte i32) (result i32)
    local.get $v
    local.get $byte
    i8x16.splat
    i8x16.eq
    i8x16.bitmask
    i32.popcnt)

  ;; A byte at an address becomes lane 3: the address has to lie within memory.
  (func $insert (export "insert") (param $v v128) (param $address i32) (result v128)
    local.get $address
    local.get $v
    v128.load8_lane 3))
