//! However a run is split into budgets, it passes through the same states; and what counts as an
//! instruction.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod bulk;
mod counting;
mod edits;
mod exceptions;
mod gallery;
mod heap;
mod interleaved;
mod large;
mod memories;
mod vectors;

use stepwell_engine::store::StoreState;
use stepwell_engine::{
    Budget, Config, Engine, FuncAddr, Linker, Module, Stop, Store, Task, Tier, TrapCode, Value,
};

/// Whatever executes the instructions, the states are the same.
const TIERS: [Tier; 3] = [Tier::Exact, Tier::Fast, Tier::Mixed];

struct Program {
    store: Store,
    func: FuncAddr,
    argument: i32,
}

impl Program {
    fn new(text: &str, argument: i32, tier: Tier) -> Self {
        // Little room, so that there are many collections.
        let config = Config::default().max_call_depth(50).max_heap(6 << 10).tier(tier);
        let engine = Engine::new(config);
        let module = Module::from_wat(&engine, text).unwrap();
        let mut store = Store::new(&engine);
        let instance = Linker::new().instantiate(&mut store, &module).unwrap();
        let func = store.export_func(instance, "run").unwrap();
        Self { store, func, argument }
    }

    fn start(&mut self) -> Task {
        self.store.start(self.func, &[Value::I32(self.argument)]).unwrap()
    }
}

/// The states after each instruction, by single steps.
fn states(program: &mut Program) -> (Vec<StoreState>, Stop) {
    let mut task = program.start();
    let mut states = vec![program.store.state().clone()];
    loop {
        let stop = task.step(&mut program.store).unwrap();
        assert!(task.executed() < 20_000, "the program is to end");
        if task.executed() as usize == states.len() {
            states.push(program.store.state().clone());
        } else {
            panic!("one step executed {} instructions", task.executed());
        }
        if stop != Stop::Budget {
            return (states, stop);
        }
    }
}

fn check(text: &str, argument: i32) -> Stop {
    let (states, end) = states(&mut Program::new(text, argument, Tier::Exact));
    let budgets =
        [1, 2, 3, 5, 7, 9, 10, 11, 12, 13, 14, 15, 17, 19, 23, 29, 31, 100, 1000, u64::MAX];
    for (tier, budget) in TIERS.into_iter().flat_map(|tier| budgets.map(|budget| (tier, budget))) {
        let mut program = Program::new(text, argument, tier);
        let mut task = program.start();
        loop {
            let before = task.executed();
            let stop = task.run(&mut program.store, Budget::instructions(budget)).unwrap();
            let expected = &states[task.executed() as usize];
            assert_eq!(program.store.state(), expected, "{tier:?} {budget}");
            if stop != Stop::Budget {
                assert_eq!(stop, end, "{tier:?} {budget}");
                break;
            }
            assert_eq!(task.executed() - before, budget);
        }
    }
    end
}

fn result(value: i32) -> Stop {
    Stop::Done(vec![Value::I32(value)])
}

fn traps(text: &str, argument: i32, code: TrapCode) {
    match check(text, argument) {
        Stop::Trap(trap) => assert_eq!(trap.code, code),
        other => panic!("{other:?}"),
    }
}

#[test]
fn arithmetic_in_a_loop() {
    let text = r#"(module (func (export "run") (param $n i32) (result i32) (local $sum i32)
      loop
        local.get $sum  local.get $n  i32.add  i32.const 3  i32.mul  local.get $n  i32.xor
        local.set $sum
        local.get $n  i32.const 1  i32.sub  local.tee $n  br_if 0
      end
      local.get $sum))"#;
    let expected = (1..=40).rev().fold(0i32, |sum, n| (sum + n).wrapping_mul(3) ^ n);
    assert_eq!(check(text, 40), result(expected));
}

#[test]
fn calls_and_branches() {
    let text = r#"(module (func $fib (export "run") (param $n i32) (result i32)
      local.get $n  i32.const 2  i32.lt_s  if  local.get $n  return  end
      local.get $n  i32.const 1  i32.sub  call $fib
      local.get $n  i32.const 2  i32.sub  call $fib
      i32.add))"#;
    assert_eq!(check(text, 8), result(21));
}

#[test]
fn conditions_of_every_shape() {
    let text = r#"(module (func (export "run") (param $n i32) (result i32) (local $out i32)
      (local $copy i64)
      block $done
        loop $again
          local.get $n  i32.eqz  br_if $done
          local.get $n  if (result i32)  i32.const 5  else  i32.const 7  end
          local.get $out  i32.add  local.set $out
          local.get $n  i32.const 1  i32.and  i32.eqz
          if  local.get $out  i32.const 100  i32.add  local.tee $out  drop  end
          local.get $n  i32.const 3  i32.rem_u  i32.eqz  drop
          local.get $n  local.get $out  i32.lt_u
          if  i64.const 9  local.set $copy  end
          local.get $copy  i64.const 9  i64.eq  local.get $out  i32.add  local.set $out
          local.get $n  i32.const 1  i32.sub  local.set $n
          local.get $n  br_if $again
        end
      end
      local.get $out))"#;
    let mut out = 0;
    for n in (1..=10).rev() {
        out += 5;
        out += if n & 1 == 0 { 100 } else { 0 };
        // `$copy` is 9 from the first time on that `$n` is less than `$out`: at once.
        out += 1;
    }
    assert_eq!(check(text, 10), result(out));
}

#[test]
fn a_test_for_null_that_a_branch_takes_in_is_there_where_a_run_stops() {
    let text = r#"(module (func $run (export "run") (param $n i32) (result i32)
      (local $null i32) (local $out i32)
      loop $again
        local.get $n  i32.const 1  i32.and
        if (result funcref)  ref.func $run  else  ref.null func  end
        ref.is_null  local.set $null
        i32.const 7
        block  local.get $null  br_if 0  local.get $out  i32.const 1  i32.add  local.set $out  end
        ref.func $run  ref.is_null
        if  unreachable  end
        drop
        local.get $n  i32.const 1  i32.sub  local.tee $n  br_if $again
      end
      local.get $out))"#;
    assert_eq!(check(text, 11), result(6));
}

#[test]
fn the_root_of_a_negative_number_has_no_sign() {
    let text = r#"(module (func (export "run") (param $n i32) (result i32)
      local.get $n  f64.convert_i32_s  f64.sqrt  i64.reinterpret_f64
      i64.const 32  i64.shr_u  i32.wrap_i64
      local.get $n  f32.convert_i32_s  f32.sqrt  i32.reinterpret_f32
      i32.xor
      local.get $n  f64.convert_i32_s  f64x2.splat  f64x2.sqrt  i64x2.extract_lane 1
      i64.const 32  i64.shr_u  i32.wrap_i64
      local.get $n  f32.convert_i32_s  f32x4.splat  f32x4.sqrt  i32x4.extract_lane 2
      i32.xor  i32.add))"#;
    assert_eq!(check(text, -4), result((0x7ff8_0000 ^ 0x7fc0_0000) * 2));
    assert_eq!(check(text, 4), result(0));
}

#[test]
fn loads_stores_and_bulk_operators() {
    let text = r#"(module (memory 1) (func (export "run") (param $n i32) (result i32) (local $sum i32)
      loop
        local.get $n  local.get $n  i32.store offset=16
        local.get $n  i32.const 200  i32.store8 offset=80
        local.get $n  i32.const 1  i32.add  local.get $n  i32.store16 offset=100
        local.get $sum  local.get $n  i32.load offset=16  i32.add
        local.get $n  i32.load8_s offset=80  i32.add  local.set $sum
        local.get $n  i32.const 1  i32.sub  local.tee $n  br_if 0
      end
      i32.const 4  i32.const 0  i32.const 20  memory.copy
      i32.const 1  memory.grow  drop
      local.get $sum  i32.const 0  i32.load offset=65536  i32.or))"#;
    assert_eq!(check(text, 12), result((1..=12).map(|n| n - 56).sum()));
}

#[test]
fn a_trap_in_the_middle_of_a_sequence_leaves_its_operands() {
    let module = |body: &str| {
        format!(r#"(module (memory 1) (func (export "run") (param $at i32) (result i32) {body}))"#)
    };
    let code = TrapCode::MemoryOutOfBounds;
    traps(&module("local.get $at  i32.load offset=65533"), 0, code.clone());
    traps(&module("local.get $at  local.get $at  i32.store  i32.const 0"), -1, code.clone());
    traps(&module("local.get $at  i32.const 7  i32.store8  i32.const 0"), -1, code.clone());
    traps(
        &module("i32.const 65536  local.get $at  i64.extend_i32_s  i64.store  i32.const 0"),
        5,
        code,
    );
    let zero = TrapCode::IntegerDivideByZero;
    traps(&module("i32.const 1  local.get $at  i32.div_u"), 0, zero);
}

#[test]
fn a_trap_in_a_loop_within_a_loop_leaves_what_lies_below() {
    // The second time round, `$x` is pushed by the outer loop and the inner one traps.
    let text = r#"(module (memory 1) (func (export "run") (param $x i32) (result i32) (local $p i32)
      loop $outer
        local.get $x  i32.const 77
        loop $inner
          local.get $p  i32.load  br_if $inner
        end
        drop  drop
        local.get $x  i32.const 1  i32.add  local.set $x
        local.get $p  i32.const 40000  i32.add  local.set $p
        br $outer
      end
      unreachable))"#;
    traps(text, 5, TrapCode::MemoryOutOfBounds);
}

#[test]
fn an_access_that_adds_up_its_address_leaves_the_sum_where_it_traps() {
    // Loads and stores behind which the sum is an operand, below others and above others; with the
    // offset, one lies beyond the end.
    let accesses = [
        "local.get $x  local.get $i  i32.const 2  i32.shl  i32.add  i32.load offset=60000  drop",
        "local.get $i  i32.const 3  i32.shl  local.get $x  i32.add  i64.load offset=60000  drop",
        "local.get $x  local.get $i  i32.add  i32.load8_u offset=65500  drop",
        "local.get $x  i32.const -100  i32.sub  f64.load offset=65536  drop",
        "i32.const 9  local.get $x  i32.const 200  i32.add  i32.load16_s offset=65436  i32.add  drop",
        "local.get $x  local.get $i  i32.const 2  i32.shl  i32.add  local.get $i  i32.store offset=65532",
        "local.get $i  local.get $x  local.get $i  i32.add  local.get $x  i32.store8 offset=65536  drop",
        "i32.const 5  local.get $x  table.get 0  drop  drop",
        "i32.const 5  local.get $x  ref.null func  table.set 0  drop",
    ];
    for access in accesses {
        let text = format!(
            r#"(module (memory 1) (table 3 funcref)
              (func (export "run") (param $x i32) (result i32) (local $i i32)
                i32.const 77  local.get $x
                i32.const 6  local.set $i
                {access}
                i32.add))"#
        );
        let expected = match access.contains("table") {
            true => TrapCode::TableOutOfBounds,
            false => TrapCode::MemoryOutOfBounds,
        };
        traps(&text, 70_000, expected);
    }
}

#[test]
fn a_function_of_any_size_stops_anywhere() {
    // Beyond what is translated once more for the places within its segments.
    let round = "local.get $sum  local.get $n  i32.const 3  i32.mul  i32.add  local.tee $sum
      i32.const 12  i32.and  local.get $sum  i32.store
      local.get $sum  i32.const 1  i32.and  if  local.get $n  call $add  local.set $n  end\n";
    let text = format!(
        r#"(module (memory 1)
          (func $add (param $n i32) (result i32) local.get $n  i32.const 1  i32.add)
          (func (export "run") (param $n i32) (result i32) (local $sum i32)
            loop $again
              local.get $n  i32.const 20  i32.gt_u
              if {} end
              {round} {round}
              local.get $n  i32.const 15  i32.lt_u  br_if $again
            end
            local.get $sum))"#,
        round.repeat(16_000)
    );
    let mut programs = TIERS.map(|tier| Program::new(&text, 3, tier));
    let mut tasks = [0, 1, 2].map(|at: usize| programs[at].start());
    for budget in [1, 30, 9, 12, 77, 13, 20, 10, 300, 11, 17].into_iter().cycle() {
        let mut stops = Vec::new();
        for (program, task) in programs.iter_mut().zip(&mut tasks) {
            stops.push(task.run(&mut program.store, Budget::instructions(budget)).unwrap());
        }
        assert!(stops.windows(2).all(|stops| stops[0] == stops[1]), "{stops:?}");
        assert!(programs.windows(2).all(|pair| pair[0].store.state() == pair[1].store.state()));
        if stops[0] != Stop::Budget {
            assert!(matches!(stops[0], Stop::Done(_)));
            break;
        }
    }
}

#[test]
fn tables_tail_calls_and_several_results() {
    let text = r#"(module (type $op (func (param i32 i32) (result i32)))
      (table 4 funcref) (elem (i32.const 0) $add $sub)
      (func $add (type $op) local.get 0  local.get 1  i32.add)
      (func $sub (type $op) local.get 0  local.get 1  i32.sub)
      (func $swap (param i32 i32) (result i32 i32) local.get 1  local.get 0)
      (func $count (param $n i32) (param $sum i32) (result i32)
        local.get $n  i32.eqz  if  local.get $sum  return  end
        local.get $n  i32.const 1  i32.sub
        local.get $sum  local.get $n  local.get $n  i32.const 1  i32.and
        call_indirect (type $op)
        return_call $count)
      (func (export "run") (param $n i32) (result i32)
        local.get $n  i32.const 1000  call $swap
        block $b (param i32 i32) (result i32)
          block (param i32 i32) (result i32 i32)
            local.get $n  br_table 0 0 0 0
          end
          i32.sub
        end
        local.get $n  i32.const 0  call $count
        i32.add))"#;
    let count = (1..=60).rev().fold(0, |sum, n| if n & 1 == 0 { sum + n } else { sum - n });
    assert_eq!(check(text, 60), result(1000 - 60 + count));
}

#[test]
fn endless_recursion_stops_at_the_call_depth() {
    let text = r#"(module (func $f (export "run") (param i32) (result i32)
      local.get 0  i32.const 1  i32.add  call $f))"#;
    traps(text, 0, TrapCode::CallStackExhausted);
}

#[test]
fn every_integer_operator_with_every_source_of_operands() {
    let numbers = ["add", "sub", "mul", "and", "or", "xor", "shl", "shr_s", "shr_u"];
    let tests = ["eq", "ne", "lt_s", "lt_u", "gt_s", "gt_u", "le_s", "le_u", "ge_s", "ge_u"];
    let mut body = String::new();
    for ty in ["i32", "i64"] {
        let (a, b) = if ty == "i32" { ("$a", "$b") } else { ("$c", "$d") };
        let operands = [
            format!("local.get {a} local.get {b}"),
            format!("local.get {a} {ty}.const 3"),
            format!("local.get {a} {ty}.const -1 {ty}.add local.get {b}"),
            format!("local.get {a} {ty}.clz {ty}.const 2147483653"),
        ];
        for operands in &operands {
            for operator in numbers {
                body += &format!("{operands} {ty}.{operator} local.set {a}\n");
                body += &format!("{operands} {ty}.{operator} local.tee {b} drop\n");
                body += &format!("{operands} {ty}.{operator} {ty}.const 1 {ty}.or local.set {b}\n");
            }
            for operator in tests {
                body += &format!("{operands} {ty}.{operator} local.set $a\n");
                body += &format!("{operands} {ty}.{operator} if local.get $b local.set $a end\n");
                body += &format!(
                    "block {operands} {ty}.{operator} br_if 0 i32.const 8 local.set $b end\n"
                );
                body += &format!(
                    "{operands} {ty}.{operator} i32.eqz if i32.const 77 local.set $a end\n"
                );
            }
        }
    }
    let text = format!(
        r#"(module (func (export "run") (param $a i32) (result i32)
             (local $b i32) (local $c i64) (local $d i64)
             i32.const -7  local.set $b  i64.const -900000000000  local.set $c
             i64.const 5  local.set $d
             {body} local.get $a))"#
    );
    assert!(matches!(check(&text, 1234), Stop::Done(_)));
}
