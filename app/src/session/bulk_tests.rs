//! Bulk instructions that take long: a person pauses and steps them.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use stepwell_engine::MemAddr;

use super::tests::{reason, run_on, start, with};
use super::*;

const TICK: Duration = Duration::from_millis(5);

/// Fills and copies of four gigabytes, one after the other.
const HUGE: &str = r#"(module (memory 65536)
  (func (export "forever")
    loop
      (memory.fill (i32.const 0) (i32.const 7) (i32.const -1))
      (memory.copy (i32.const 1) (i32.const 0) (i32.const -2))
      br 0
    end))"#;

#[test]
#[cfg(target_pointer_width = "64")]
fn a_run_pauses_within_a_fill_of_four_gigabytes() {
    let mut session = with(&[("m", HUGE)]);
    start(&mut session, "m", "forever", &[]);
    session.apply(Command::StepBy(4)).unwrap();
    run_on(&mut session);
    assert_eq!((session.clock(), session.bulk_progress()), (4, None));
    // A step of it goes on over many ticks.
    session.apply(Command::StepInto).unwrap();
    assert!(session.tick(TICK));
    let begun = web_time::Instant::now();
    assert!(session.tick(TICK));
    // The slice and one piece, on a machine that has much else to do.
    assert!(begun.elapsed() < Duration::from_millis(250), "{:?}", begun.elapsed());
    session.apply(Command::Pause).unwrap();
    assert_eq!(reason(&session), &StopReason::Paused);
    assert_eq!(session.clock(), 4, "it does not count before it is done");
    let (name, progress) = session.bulk_progress().unwrap();
    assert_eq!((&*name, progress.len), ("memory.fill", 0xffff_ffff));
    assert!(progress.done > 0 && progress.done < progress.len);
    let operands = [0, 7, -1].map(Value::I32);
    assert_eq!(session.frames()[0].operands(), operands, "they stay until it is done");
    let bytes = session.store().unwrap().memory(MemAddr(0)).unwrap().bytes();
    assert_eq!(bytes[progress.done as usize - 1..][..2], [7, 0]);
    // And a step over, which goes on from there.
    session.apply(Command::StepOver).unwrap();
    assert!(session.tick(TICK));
    let (_, later) = session.bulk_progress().unwrap();
    assert!(later.done > progress.done);
    session.apply(Command::Pause).unwrap();
    assert_eq!(session.clock(), 4);
}

#[test]
fn a_step_of_a_bulk_instruction_ends_when_it_is_done() {
    let text = r#"(module (memory 400)
      (func (export "f")
        (memory.fill (i32.const 0) (i32.const 7) (i32.const 26000000))
        (memory.copy (i32.const 1) (i32.const 0) (i32.const 26000000))))"#;
    let mut session = with(&[("m", text)]);
    start(&mut session, "m", "f", &[]);
    session.apply(Command::StepBy(3)).unwrap();
    for (clock, step) in [(4, Command::StepInto), (7, Command::StepBy(3)), (8, Command::StepOver)] {
        session.apply(step).unwrap();
        run_on(&mut session);
        assert_eq!(reason(&session), &StopReason::Stepped);
        assert_eq!((session.clock(), session.bulk_progress()), (clock, None));
    }
    let bytes = session.store().unwrap().memory(MemAddr(0)).unwrap().bytes();
    assert!(bytes[..26_000_001].iter().all(|byte| *byte == 7) && bytes[26_000_001] == 0);
}
