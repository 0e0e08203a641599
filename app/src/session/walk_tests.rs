//! Random commands, there and back again.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::tests::with;
use super::*;
use std::time::Duration;

const TICK: Duration = Duration::from_millis(5);

struct Random(u64);

impl Random {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 33) % most.max(1)
    }
}

const MIXED: &str = r#"(module
  (import "env" "ask" (func $ask (param i32) (result i32)))
  (import "console" "log" (func $log (param i32)))
  (memory (export "memory") 1)
  (global $sum (export "sum") (mut i32) (i32.const 0))
  (func $add (param $n i32)
    (global.set $sum (i32.add (global.get $sum) (local.get $n)))
    (i32.store (i32.const 64) (global.get $sum)))
  (func (export "run") (param $n i32) (result i32) (local $k i32)
    loop
      (call $add (local.get $n))
      (if (i32.eqz (i32.rem_u (local.get $n) (i32.const 3)))
        (then (call $add (call $ask (local.get $n)))))
      (memory.fill (i32.const 1000) (local.get $n) (i32.const 5000))
      (call $log (local.get $n))
      (local.tee $n (i32.sub (local.get $n) (i32.const 1)))
      br_if 0
    end
    (i32.div_u (i32.const 100) (i32.and (global.get $sum) (i32.const 3)))))"#;

const WAITING: &str = r#"(module
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "run") (param $n i32) (result i32)
    (i32.store (i32.const 0) (i32.const 100)) (i32.store (i32.const 4) (i32.const 20))
    loop
      (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
      (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
      (local.tee $n (i32.sub (local.get $n) (i32.const 1)))
      br_if 0
    end
    (i32.load (i32.const 100))))"#;

const SHARED: &str = r#"(module (memory (export "memory") 1 1 shared)
  (func (export "run") (param $n i32) (result i32)
    loop
      (if (i32.and (local.get $n) (i32.const 1))
        (then (drop (memory.atomic.wait32 (i32.const 8) (i32.const 0) (i64.const -1))))
        (else (drop (memory.atomic.notify (i32.const 8) (i32.const 1)))))
      (local.tee $n (i32.sub (local.get $n) (i32.const 1)))
      br_if 0
    end
    (i32.atomic.rmw.add (i32.const 16) (i32.const 1))))"#;

fn settle(session: &mut Session) {
    let mut quiet = 0;
    for _ in 0..400 {
        match session.tick(TICK) {
            true => quiet = 0,
            false => quiet += 1,
        }
        if quiet > 6 {
            return;
        }
    }
    let _ = session.apply(Command::Pause);
}

/// A command; whether it is about the past only.
fn command(random: &mut Random, session: &Session, counted: bool) -> (Command, bool) {
    let modules = session.modules();
    let module = match modules.is_empty() {
        true => ModuleKey(0),
        false => modules[random.below(modules.len() as u64) as usize].key,
    };
    let small = random.below(6).to_string();
    let offset = {
        let frames = session.frames();
        match frames.is_empty() {
            true => 0,
            false => frames[random.below(frames.len() as u64) as usize].offset().0,
        }
    };
    let end = session.past().map_or(10, |past| past.end);
    let past = |command| (command, true);
    let live = |command| (command, false);
    match random.below(40) {
        0..=2 => past(Command::StepBack),
        3 => past(Command::StepBackOver),
        4 => past(Command::StepBackOut),
        5 => past(Command::RunBack),
        6..=8 => past(Command::SeekTo(random.below(end + 3))),
        9 => past(Command::GoToBegin),
        10..=12 => past(Command::GoToPresent),
        13 | 14 if !counted => live(Command::Continue),
        13 | 14 => live(Command::StepBy(1000)),
        15 if !counted => live(Command::Pause),
        16 if random.below(6) == 0 => live(Command::Restart),
        17 if random.below(20) == 0 => live(Command::Close(module)),
        18 if random.below(6) == 0 => {
            live(Command::Reload { module, bytes: MIXED.as_bytes().to_vec() })
        }
        19 | 20 => {
            let frame = random.below(2) as usize;
            live(Command::SetLocal { frame, local: random.below(2) as u32, value: small })
        }
        21 => live(Command::SetGlobal { global: 0, value: small }),
        22 => {
            let bytes = vec![random.below(200) as u8; 3];
            live(Command::WriteMemory { memory: 0, address: random.below(2000), bytes })
        }
        23 => live(Command::Undo),
        24 => live(Command::Redo),
        25 | 26 => live(Command::Answer(vec![small])),
        27 => live(Command::AnswerTrap("no".into())),
        28 => live(Command::SelectTask(random.below(4) as u32)),
        29 if random.below(3) == 0 => live(Command::CancelTask(random.below(5) as u32)),
        30 => live(Command::Spawn { module, export: "run".into(), args: vec![small] }),
        31 => live(Command::NextTurn),
        32 => live(Command::SetReductions(1 + random.below(30))),
        33 => live(Command::StepOver),
        34 => live(Command::StepOut),
        35 => live(Command::TypeLine(format!("line {small}"))),
        36 => live(Command::TimeOut),
        37 if !counted => live(Command::ToggleBreakpoint { module, offset }),
        38 if !counted && random.below(2) == 0 => {
            let when = [None, Some(BreakWhen::Always), Some(BreakWhen::Once)];
            let when = when[random.below(3) as usize].clone();
            let (module, name) = ("env".into(), "ask".into());
            live(Command::BreakOnImport { module, name, when })
        }
        38 if !counted => {
            let target = WatchTarget::Memory { module, memory: 0, address: 64, len: 4 };
            live(Command::SetWatchpoint { target, when: WatchWhen::Changed })
        }
        39 => live(Command::CollectGarbage),
        _ => live(Command::StepBy(1 + random.below(40))),
    }
}

#[test]
fn a_run_that_was_gone_back_in_is_the_same() {
    for seed in 1..60_u64 {
        let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        random.below(1);
        let text = [MIXED, WAITING, SHARED][random.below(3) as usize];
        let mut session = with(&[("main", text)]);
        let mut plain = with(&[("main", text)]);
        let first = Command::Start {
            module: super::tests::key(&session, "main"),
            export: "run".into(),
            args: vec!["9".into()],
        };
        session.apply(first.clone()).unwrap();
        plain.apply(first).unwrap();
        for _ in 0..150 {
            let (mut command, is_past) = command(&mut random, &session, true);
            let stays =
                matches!(command, Command::Close(_) | Command::Reload { .. } | Command::Restart);
            if !is_past
                && (session.is_past() || session.run_state() == &RunState::Running)
                && !stays
            {
                // What is refused or only looks changes nothing; then the present.
                if random.below(2) == 0 {
                    if !matches!(
                        command,
                        Command::TypeLine(_)
                            | Command::SetReductions(_)
                            | Command::Spawn { .. }
                            | Command::SelectTask(_)
                    ) {
                        let _ = session.apply(command);
                        settle(&mut session);
                    }
                    continue;
                }
                command = Command::GoToPresent;
            }
            let is_past = is_past || command == Command::GoToPresent;
            let result = session.apply(command.clone());
            settle(&mut session);
            if !is_past {
                let other = plain.apply(command.clone());
                settle(&mut plain);
                assert_eq!(result.is_ok(), other.is_ok(), "{command:?} {result:?} {other:?}");
            }
            if !session.is_past() && session.run_state() != &RunState::Running {
                assert_eq!(session.run_state(), plain.run_state(), "seed {seed}, {command:?}");
                assert_eq!(session.clock(), plain.clock());
                match (session.store(), plain.store()) {
                    (Some(one), Some(other)) => {
                        assert!(
                            one.state() == other.state(),
                            "seed {seed}, {command:?}: another state"
                        );
                    }
                    (one, other) => assert_eq!(one.is_some(), other.is_some()),
                }
                assert_eq!(session.pending_call(), plain.pending_call());
                assert_eq!(session.console().len(), plain.console().len());
            } else if let Some(past) = session.past().filter(|past| past.is_past) {
                assert!(past.now >= past.first && past.now < past.end, "{past:?}");
            }
            session.frames().iter().for_each(|frame| drop(frame.operands()));
        }
        for notice in session.notices() {
            assert!(!notice.text.contains("cannot be gone to"), "seed {seed}: {}", notice.text);
        }
    }
}

#[test]
fn random_commands_on_everything() {
    let ids: Vec<String> =
        Session::new().examples().iter().map(|example| example.id.clone()).collect();
    for seed in 1..60_u64 {
        let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        random.below(1);
        let mut session = match random.below(2) {
            0 => with(&[("main", [MIXED, WAITING, SHARED][random.below(3) as usize])]),
            _ => {
                let mut session = Session::new();
                let id = ids[random.below(ids.len() as u64) as usize].clone();
                session.apply(Command::OpenExample(id)).unwrap();
                session
            }
        };
        if let Some(open) = session.modules().first() {
            let module = open.key;
            let args = vec!["9".into()];
            let _ = session.apply(Command::Start { module, export: "run".into(), args });
        }
        for _ in 0..150 {
            let (command, _) = command(&mut random, &session, false);
            let _ = session.apply(command);
            match random.below(4) {
                0 => {}
                1 => {
                    session.tick(Duration::from_micros(100));
                }
                2 => {
                    for _ in 0..3 {
                        session.tick(Duration::from_micros(500));
                    }
                }
                _ => {
                    for _ in 0..20 {
                        if !session.tick(Duration::from_millis(1)) {
                            break;
                        }
                    }
                }
            }
            session.frames().iter().for_each(|frame| drop(frame.operands()));
            let _ = (session.past(), session.pending_call(), session.console());
            for notice in session.notices() {
                assert!(!notice.text.contains("cannot be gone to"), "seed {seed}: {}", notice.text);
            }
        }
    }
}
