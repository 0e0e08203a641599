//! A person who changes a value where a run has stopped changes what comes of it, on every tier.

use stepwell_engine::{Budget, Stop, Task, Tier, Value};

use super::{Program, TIERS};

/// Sums, products, comparisons and addresses that the fast tier computes where they are used, so
/// that nothing has been written for most of these instructions when a run stops there.
const PROGRAM: &str = r#"(module (memory 1)
  (func (export "run") (param $n i32) (result i32) (local $sum i32) (local $at i32)
    loop
      local.get $at  local.get $n  i32.const 2  i32.shl  i32.add
      local.get $sum  local.get $n  i32.const 7  i32.mul  i32.add  local.tee $sum
      i32.store offset=16
      local.get $sum
      local.get $at  local.get $n  i32.const 2  i32.shl  i32.add  i32.load offset=16
      local.get $n  i32.const 3  i32.and  local.get $n  i32.eqz  i32.or  i32.xor  i32.add
      local.set $sum
      local.get $n  i32.const 1  i32.sub  local.tee $n  i32.const 0  i32.gt_s  br_if 0
    end
    local.get $sum))"#;

/// Runs so many instructions, changes a value, and runs to the end.
fn edited(tier: Tier, count: u64, edit: impl Fn(&mut Task, &mut Program)) -> (Stop, u64) {
    let mut program = Program::new(PROGRAM, 5, tier);
    let mut task = program.start();
    assert_eq!(task.run(&mut program.store, Budget::instructions(count)).unwrap(), Stop::Budget);
    edit(&mut task, &mut program);
    let end = task.run(&mut program.store, Budget::instructions(10_000)).unwrap();
    (end, task.executed())
}

#[test]
fn a_changed_value_counts_wherever_the_run_has_stopped() {
    let mut changed = 0;
    for count in 1..150 {
        let plain = edited(Tier::Exact, count, |_, _| {});
        for position in 0..3 {
            let operand = |task: &mut Task, program: &mut Program| {
                // There may be fewer.
                drop(task.set_operand(&mut program.store, 0, position, Value::I32(48)));
            };
            let local = |task: &mut Task, program: &mut Program| {
                task.set_local(&mut program.store, 0, position, Value::I32(3)).unwrap();
            };
            let expected = (edited(Tier::Exact, count, operand), edited(Tier::Exact, count, local));
            changed += usize::from(expected.0 != plain) + usize::from(expected.1 != plain);
            for tier in TIERS {
                let found = (edited(tier, count, operand), edited(tier, count, local));
                assert_eq!(found, expected, "{tier:?}, value {position} after {count}");
            }
        }
    }
    assert!(changed > 400, "only {changed} of the changes made a difference");
}
