//! Programs of vector operators; each exports `run: (i32) -> i32`.

use crate::programs::Program;

/// The dot product of two rows of 16-bit numbers, so often.
const DOT_PRODUCT: Program = Program {
    name: "dot_product",
    argument: 200,
    text: r#"(module (memory 2)
      (func $fill (local $i i32)
        loop
          local.get $i  local.get $i  i32.const 7  i32.mul  i32.const 255  i32.and  i32.store8
          local.get $i  i32.const 1  i32.add  local.tee $i  i32.const 65536  i32.lt_u  br_if 0
        end)
      (func (export "run") (param $n i32) (result i32) (local $i i32) (local $sum v128)
        call $fill
        loop $again
          i32.const 0  local.set $i
          loop $next
            local.get $i  v128.load
            local.get $i  v128.load offset=32768
            i32x4.dot_i16x8_s
            local.get $sum  i32x4.add  local.set $sum
            local.get $i  i32.const 16  i32.add  local.tee $i  i32.const 32768  i32.lt_u  br_if $next
          end
          local.get $n  i32.const 1  i32.sub  local.tee $n  br_if $again
        end
        local.get $sum  i32x4.extract_lane 0
        local.get $sum  i32x4.extract_lane 1  i32.add
        local.get $sum  i32x4.extract_lane 2  i32.add
        local.get $sum  i32x4.extract_lane 3  i32.add))"#,
};

/// A blur of a grey image over three rows and three columns, so often.
const BLUR: Program = Program {
    name: "blur",
    argument: 12,
    text: r#"(module (memory 4)
      (func $fill (local $i i32)
        loop
          local.get $i  local.get $i  i32.const 31  i32.mul  i32.const 3  i32.shr_u  i32.store8
          local.get $i  i32.const 1  i32.add  local.tee $i  i32.const 65536  i32.lt_u  br_if 0
        end)
      (func $row (param $at i32) (result v128)
        local.get $at  v128.load  local.get $at  v128.load offset=2  i8x16.avgr_u
        local.get $at  v128.load offset=1  i8x16.avgr_u)
      (func (export "run") (param $n i32) (result i32) (local $i i32) (local $sum i32)
        call $fill
        loop $again
          i32.const 0  local.set $i
          loop $next
            local.get $i
            local.get $i  call $row
            local.get $i  i32.const 512  i32.add  call $row  i8x16.avgr_u
            local.get $i  i32.const 256  i32.add  call $row  i8x16.avgr_u
            v128.store offset=131072
            local.get $i  i32.const 16  i32.add  local.tee $i  i32.const 64512  i32.lt_u  br_if $next
          end
          local.get $sum  i32.const 131100  i32.load  i32.add  local.set $sum
          i32.const 0  i32.const 131072  i32.const 64512  memory.copy
          local.get $n  i32.const 1  i32.sub  local.tee $n  br_if $again
        end
        local.get $sum))"#,
};

/// Whether text is UTF-8, by looking up the halves of each byte in tables (Keiser and Lemire,
/// "Validating UTF-8 In Less Than One Instruction Per Byte", 2020), so often.
const UTF8: Program = Program {
    name: "utf8",
    argument: 60,
    text: r#"(module (memory 2)
      (func $fill (local $i i32)
        ;; "aé€😀z" again and again, 12 bytes with a blank
        loop
          local.get $i  i64.const 0x9ff0ac82e2a9c361  i64.store
          local.get $i  i32.const 0x207a8098  i32.store offset=8
          local.get $i  i32.const 12  i32.add  local.tee $i  i32.const 65520  i32.lt_u  br_if 0
        end)
      (func (export "run") (param $n i32) (result i32)
        (local $i i32) (local $in v128) (local $before v128) (local $p v128) (local $error v128)
        call $fill
        loop $again
          i32.const 0  local.set $i
          v128.const i64x2 0 0  local.set $before
          loop $next
            local.get $i  v128.load  local.set $in
            local.get $before  local.get $in
            i8x16.shuffle 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30
            local.set $p
            v128.const i8x16 2 2 2 2 2 2 2 2 0x80 0x80 0x80 0x80 0x21 1 0x15 0x49
            local.get $p  i32.const 4  i8x16.shr_u  i8x16.swizzle
            v128.const i8x16 0xe7 0xa3 0x83 0x83 0x8b 0xcb 0xcb 0xcb 0xcb 0xcb 0xcb 0xcb 0xcb 0xdb 0xcb 0xcb
            local.get $p  i32.const 15  i8x16.splat  v128.and  i8x16.swizzle
            v128.and
            v128.const i8x16 1 1 1 1 1 1 1 1 0xe6 0xae 0xba 0xba 1 1 1 1
            local.get $in  i32.const 4  i8x16.shr_u  i8x16.swizzle
            v128.and
            local.get $before  local.get $in
            i8x16.shuffle 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29
            i32.const 0xdf  i8x16.splat  i8x16.sub_sat_u
            local.get $before  local.get $in
            i8x16.shuffle 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28
            i32.const 0xef  i8x16.splat  i8x16.sub_sat_u
            v128.or
            v128.const i64x2 0 0  i8x16.gt_u
            i32.const 0x80  i8x16.splat  v128.and
            v128.xor
            local.get $error  v128.or  local.set $error
            local.get $in  local.set $before
            local.get $i  i32.const 16  i32.add  local.tee $i  i32.const 65520  i32.lt_u  br_if $next
          end
          local.get $n  i32.const 1  i32.sub  local.tee $n  br_if $again
        end
        local.get $error  v128.any_true))"#,
};

pub const ALL: [Program; 3] = [DOT_PRODUCT, BLUR, UTF8];
