//! The programs that both engines run; each exports `run: (i32) -> i32`.

/// A program with the argument it is measured with.
pub struct Program {
    /// Name in the figures.
    pub name: &'static str,
    /// Module in the text format.
    pub text: &'static str,
    /// Argument of `run`.
    pub argument: i32,
}

/// `i32` arithmetic in a loop closed by `br_if`.
pub const LOOP: Program = Program {
    name: "loop",
    argument: 2_000_000,
    text: r#"(module (func (export "run") (param $n i32) (result i32) (local $sum i32)
      loop
        local.get $sum  local.get $n  i32.add  i32.const 3  i32.mul  local.get $n  i32.xor
        local.set $sum
        local.get $n  i32.const 1  i32.sub  local.tee $n
        br_if 0
      end
      local.get $sum))"#,
};

/// Recursive Fibonacci numbers: calls and returns.
pub const FIB: Program = Program {
    name: "fib",
    argument: 30,
    text: r#"(module (func $fib (export "run") (param $n i32) (result i32)
      local.get $n  i32.const 2  i32.lt_s
      if
        local.get $n
        return
      end
      local.get $n  i32.const 1  i32.sub  call $fib
      local.get $n  i32.const 2  i32.sub  call $fib
      i32.add))"#,
};

/// The sieve of Eratosthenes over bytes: loads and stores.
pub const SIEVE: Program = Program {
    name: "sieve",
    argument: 1_000_000,
    text: r#"(module (memory 16)
      (func (export "run") (param $n i32) (result i32) (local $i i32) (local $j i32) (local $count i32)
        i32.const 0  i32.const 0  local.get $n  memory.fill
        i32.const 2  local.set $i
        loop $next
          local.get $i  i32.load8_u
          i32.eqz
          if
            local.get $count  i32.const 1  i32.add  local.set $count
            local.get $i  i32.const 1  i32.shl  local.set $j
            block $struck
              loop $strike
                local.get $j  local.get $n  i32.ge_u  br_if $struck
                local.get $j  i32.const 1  i32.store8
                local.get $j  local.get $i  i32.add  local.set $j
                br $strike
              end
            end
          end
          local.get $i  i32.const 1  i32.add  local.tee $i
          local.get $n  i32.lt_u  br_if $next
        end
        local.get $count))"#,
};

/// Calls through a table of four functions.
pub const INDIRECT: Program = Program {
    name: "call_indirect",
    argument: 500_000,
    text: r#"(module (type $op (func (param i32 i32) (result i32)))
      (table funcref (elem $add $sub $xor $mul))
      (func $add (type $op) local.get 0  local.get 1  i32.add)
      (func $sub (type $op) local.get 0  local.get 1  i32.sub)
      (func $xor (type $op) local.get 0  local.get 1  i32.xor)
      (func $mul (type $op) local.get 0  local.get 1  i32.mul)
      (func (export "run") (param $n i32) (result i32) (local $sum i32)
        loop
          local.get $sum  local.get $n
          local.get $n  i32.const 3  i32.and
          call_indirect (type $op)
          local.set $sum
          local.get $n  i32.const 1  i32.sub  local.tee $n
          br_if 0
        end
        local.get $sum))"#,
};

/// Products of two matrices of 64-bit floats, 120 by 120.
pub const MATMUL: Program = Program {
    name: "matmul",
    argument: 120,
    text: r#"(module (memory 16)
      (func $at (param $matrix i32) (param $row i32) (param $column i32) (param $n i32) (result i32)
        local.get $row  local.get $n  i32.mul  local.get $column  i32.add
        i32.const 3  i32.shl  local.get $matrix  i32.add)
      (func (export "run") (param $n i32) (result i32)
        (local $i i32) (local $j i32) (local $k i32) (local $sum f64) (local $a i32) (local $b i32)
        loop $fill
          local.get $i  i32.const 3  i32.shl
          local.get $i  i32.const 31  i32.and  f64.convert_i32_u  f64.store
          local.get $i  i32.const 3  i32.shl
          local.get $i  i32.const 17  i32.and  f64.convert_i32_u  f64.store offset=131072
          local.get $i  i32.const 1  i32.add  local.tee $i
          local.get $n  local.get $n  i32.mul  i32.lt_u  br_if $fill
        end
        i32.const 0  local.set $i
        loop $rows
          i32.const 0  local.set $j
          loop $columns
            i32.const 0  local.set $k
            f64.const 0  local.set $sum
            i32.const 0  local.get $i  i32.const 0  local.get $n  call $at  local.set $a
            i32.const 131072  i32.const 0  local.get $j  local.get $n  call $at  local.set $b
            loop $products
              local.get $sum
              local.get $a  f64.load  local.get $b  f64.load  f64.mul  f64.add  local.set $sum
              local.get $a  i32.const 8  i32.add  local.set $a
              local.get $b  local.get $n  i32.const 3  i32.shl  i32.add  local.set $b
              local.get $k  i32.const 1  i32.add  local.tee $k
              local.get $n  i32.lt_u  br_if $products
            end
            i32.const 262144  local.get $i  local.get $j  local.get $n  call $at
            local.get $sum  f64.store
            local.get $j  i32.const 1  i32.add  local.tee $j
            local.get $n  i32.lt_u  br_if $columns
          end
          local.get $i  i32.const 1  i32.add  local.tee $i
          local.get $n  i32.lt_u  br_if $rows
        end
        i32.const 262144  i32.const 5  i32.const 7  local.get $n  call $at  f64.load
        i32.trunc_f64_s))"#,
};

/// Points of the Mandelbrot set on a grid.
pub const MANDELBROT: Program = Program {
    name: "mandelbrot",
    argument: 120,
    text: r#"(module
      (func $iterations (param $cx f64) (param $cy f64) (result i32)
        (local $x f64) (local $y f64) (local $xx f64) (local $yy f64) (local $count i32)
        block $out
          loop $next
            local.get $x  local.get $x  f64.mul  local.set $xx
            local.get $y  local.get $y  f64.mul  local.set $yy
            local.get $xx  local.get $yy  f64.add  f64.const 4  f64.gt  br_if $out
            local.get $x  local.get $y  f64.mul  f64.const 2  f64.mul  local.get $cy  f64.add
            local.set $y
            local.get $xx  local.get $yy  f64.sub  local.get $cx  f64.add  local.set $x
            local.get $count  i32.const 1  i32.add  local.tee $count
            i32.const 100  i32.lt_u  br_if $next
          end
        end
        local.get $count)
      (func (export "run") (param $n i32) (result i32) (local $i i32) (local $j i32) (local $sum i32)
        loop $rows
          i32.const 0  local.set $j
          loop $columns
            local.get $j  f64.convert_i32_u  local.get $n  f64.convert_i32_u  f64.div
            f64.const 3  f64.mul  f64.const 2  f64.sub
            local.get $i  f64.convert_i32_u  local.get $n  f64.convert_i32_u  f64.div
            f64.const 2  f64.mul  f64.const 1  f64.sub
            call $iterations  local.get $sum  i32.add  local.set $sum
            local.get $j  i32.const 1  i32.add  local.tee $j  local.get $n  i32.lt_u  br_if $columns
          end
          local.get $i  i32.const 1  i32.add  local.tee $i  local.get $n  i32.lt_u  br_if $rows
        end
        local.get $sum))"#,
};

/// An interpreter of five instructions, by `br_table`.
pub const MACHINE: Program = Program {
    name: "bytecode_vm",
    argument: 150_000,
    text: r#"(module (memory 1)
      (data (i32.const 0) "\00\01\00\02\03\00\01\04")
      (func (export "run") (param $n i32) (result i32)
        (local $pc i32) (local $acc i32) (local $op i32)
        loop $next
          local.get $pc  i32.load8_u  local.set $op
          local.get $pc  i32.const 1  i32.add  local.set $pc
          block $jump block $xor block $shift block $multiply block $add
            local.get $op  br_table $add $multiply $shift $xor $jump
          end
            local.get $acc  i32.const 7  i32.add  local.set $acc  br $next
          end
            local.get $acc  i32.const 13  i32.mul  local.set $acc  br $next
          end
            local.get $acc  i32.const 3  i32.shr_u  local.set $acc  br $next
          end
            local.get $acc  local.get $n  i32.xor  local.set $acc  br $next
          end
          i32.const 0  local.set $pc
          local.get $n  i32.const 1  i32.sub  local.tee $n  br_if $next
        end
        local.get $acc))"#,
};

/// A sort by insertion of pseudo-random numbers.
pub const SORT: Program = Program {
    name: "sort",
    argument: 1_500,
    text: r#"(module (memory 1)
      (func (export "run") (param $n i32) (result i32)
        (local $i i32) (local $j i32) (local $key i32) (local $seed i32) (local $at i32)
        i32.const 12345  local.set $seed
        loop $fill
          local.get $seed  i32.const 1103515245  i32.mul  i32.const 12345  i32.add  local.tee $seed
          local.set $key
          local.get $i  i32.const 2  i32.shl  local.get $key  i32.store
          local.get $i  i32.const 1  i32.add  local.tee $i  local.get $n  i32.lt_u  br_if $fill
        end
        i32.const 1  local.set $i
        loop $outer
          local.get $i  i32.const 2  i32.shl  local.tee $at  i32.load  local.set $key
          block $placed
            loop $inner
              local.get $at  i32.eqz  br_if $placed
              local.get $at  i32.const 4  i32.sub  i32.load  local.tee $j
              local.get $key  i32.le_s  br_if $placed
              local.get $at  local.get $j  i32.store
              local.get $at  i32.const 4  i32.sub  local.set $at
              br $inner
            end
          end
          local.get $at  local.get $key  i32.store
          local.get $i  i32.const 1  i32.add  local.tee $i  local.get $n  i32.lt_u  br_if $outer
        end
        i32.const 400  i32.load))"#,
};

/// CRC-32 by a table, over 64 KiB, as often as the argument says.
pub const CRC: Program = Program {
    name: "crc32",
    argument: 20,
    text: r#"(module (memory 2)
      (func $table (local $i i32) (local $bit i32) (local $value i32)
        loop $entries
          local.get $i  local.set $value
          i32.const 8  local.set $bit
          loop $bits
            local.get $value  i32.const 1  i32.shr_u
            i32.const 0xedb88320  i32.const 0  local.get $value  i32.const 1  i32.and  select
            i32.xor  local.set $value
            local.get $bit  i32.const 1  i32.sub  local.tee $bit  br_if $bits
          end
          local.get $i  i32.const 2  i32.shl  local.get $value  i32.store offset=65536
          local.get $i  i32.const 1  i32.add  local.tee $i  i32.const 256  i32.lt_u  br_if $entries
        end)
      (func (export "run") (param $n i32) (result i32) (local $crc i32) (local $at i32)
        call $table
        loop $again
          i32.const -1  local.set $crc
          i32.const 0  local.set $at
          loop $bytes
            local.get $crc  local.get $at  i32.load8_u  i32.xor  i32.const 255  i32.and
            i32.const 2  i32.shl  i32.load offset=65536
            local.get $crc  i32.const 8  i32.shr_u  i32.xor  local.set $crc
            local.get $at  i32.const 1  i32.add  local.tee $at
            i32.const 65536  i32.lt_u  br_if $bytes
          end
          local.get $n  i32.const 1  i32.sub  local.tee $n  br_if $again
        end
        local.get $crc  i32.const -1  i32.xor))"#,
};

/// All of them.
pub const ALL: [Program; 9] = [LOOP, FIB, SIEVE, INDIRECT, MATMUL, MANDELBROT, MACHINE, SORT, CRC];
