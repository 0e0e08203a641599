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
