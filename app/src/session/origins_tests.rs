//! Asking where values come from.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::past_tests::{at_trap, go};
use super::tests::{key, reason, start, with};
use super::*;

/// What a value is said to have been made by.
fn told(session: &Session, node: usize) -> String {
    let node = session.origins().node(node).unwrap();
    let answers = node.answers.as_ref().expect("an answer");
    let answers = answers.iter().map(|answer| {
        let part = answer.part.as_ref().map_or(String::new(), |part| format!("{part}: "));
        let through = match answer.through.is_empty() {
            true => String::new(),
            false => format!(" via {}", answer.through.join(", ")),
        };
        format!("{part}{}{through}", answer.author)
    });
    format!("{} {} by {}", node.label, node.value, answers.collect::<Vec<_>>().join("; "))
}

fn inputs(session: &Session, node: usize) -> Vec<usize> {
    let node = session.origins().node(node).unwrap();
    let answers = node.answers.iter().flatten();
    answers.flat_map(|answer| answer.inputs.iter().copied()).collect()
}

#[test]
fn a_trap_is_traced_to_constants_and_nothing_else_changes() {
    let mut session = at_trap();
    let (clock, state) = (session.clock(), session.run_state().clone());
    let machine = session.store().unwrap().state().clone();
    // The divisor on top of the stack.
    go(&mut session, Command::AskOrigin(Asked::Operand { frame: 0, operand: 1 }));
    assert_eq!(told(&session, 0), "top i32:0 by i32.sub");
    let of = inputs(&session, 0);
    go(&mut session, Command::OpenOrigin(of[0]));
    go(&mut session, Command::OpenOrigin(of[1]));
    assert_eq!(told(&session, of[0]), "1st operand i32:5 by i32.const");
    assert_eq!(told(&session, of[1]), "2nd operand i32:5 by i32.add via $n");
    assert_eq!((session.clock(), session.run_state()), (clock, &state));
    assert!(!session.is_past());
    assert!(*session.store().unwrap().state() == machine);
    // It is told when that was; there the operands are what was said.
    let node = session.origins().node(of[1]).unwrap();
    let at = node.answers.as_ref().unwrap()[0].at.clone().unwrap();
    go(&mut session, Command::SeekTo(at.clock));
    assert_eq!(session.frames()[0].instruction_name().unwrap(), "i32.add");
    assert_eq!(session.frames()[0].operands(), [Value::I32(4), Value::I32(1)]);
    // In the past it is asked as well, and one stays there.
    let (clock, frame) = (session.clock(), session.selected_frame());
    let sum = Asked::Target(WatchTarget::Global { module: key(&session, "main"), global: 0 });
    go(&mut session, Command::AskOrigin(sum));
    assert_eq!(told(&session, 0), "$sum i32:10 by i32.add");
    assert_eq!((reason(&session), session.clock()), (&StopReason::Past, clock));
    assert_eq!(session.selected_frame(), frame);
    let of = inputs(&session, 0);
    go(&mut session, Command::OpenOrigin(of[1]));
    let by = told(&session, of[1]);
    assert_eq!(by, "2nd operand i32:4 by i32.add via $n, argument 0 of $add, $n");
}

#[test]
fn a_result_is_traced_to_bytes_that_the_host_has_written() {
    let text = r#"(module
      (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
      (memory (export "memory") 1) (data (i32.const 14) "ab")
      (func (export "run") (param i32) (result i32)
        (drop (call $random (i32.const 10) (i32.const 4)))
        (i32.add (local.get 0) (i32.load16_u (i32.const 10)))))"#;
    let mut session = with(&[("main", text)]);
    let module = key(&session, "main");
    start(&mut session, "main", "run", &["7"]);
    go(&mut session, Command::Continue);
    assert!(matches!(reason(&session), StopReason::Done(_)));
    go(&mut session, Command::AskOrigin(Asked::Result(0)));
    assert!(told(&session, 0).ends_with("by i32.add via result of $run"), "{}", told(&session, 0));
    let of = inputs(&session, 0);
    go(&mut session, Command::OpenOrigin(of[0]));
    go(&mut session, Command::OpenOrigin(of[1]));
    assert!(told(&session, of[0]).contains("argument 0 of the call that was started"));
    let host = told(&session, of[1]);
    assert!(host.contains("wasi_snapshot_preview1.random_get, host call 1 via"), "{host}");
    let bytes = |address, len| WatchTarget::Memory { module, memory: 0, address, len };
    go(&mut session, Command::AskOrigin(Asked::Target(bytes(12, 4))));
    let parts = told(&session, 0);
    assert!(parts.contains("random_get, host call 1; "), "{parts}");
    assert!(parts.ends_with(": data segment 0 of main"), "{parts}");
    // What is changed by hand is nobody else's.
    let refused = session.apply(Command::AskOrigin(Asked::Operand { frame: 0, operand: 0 }));
    assert!(refused.is_err());
    session.apply(Command::WriteMemory { memory: 0, address: 12, bytes: vec![5] }).unwrap();
    go(&mut session, Command::AskOrigin(Asked::Target(bytes(12, 1))));
    assert!(told(&session, 0).ends_with("by changed by hand"), "{}", told(&session, 0));
    // Another run has other values.
    start(&mut session, "main", "run", &["8"]);
    assert_eq!(session.origins().root(), None);
}

#[test]
fn a_question_can_be_given_up_and_one_is_where_one_was() {
    let text = r#"(module (func (export "run") (param $n i32) (result i32) (local $far i32)
      (local.set $far (i32.const 5))
      (loop $l (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
      (local.get $far)))"#;
    let mut session = with(&[("main", text)]);
    start(&mut session, "main", "run", &["3000000"]);
    go(&mut session, Command::Continue);
    let clock = session.clock();
    session.apply(Command::AskOrigin(Asked::Result(0))).unwrap();
    assert!(session.asks_origin().is_some(), "it is too fast to be given up");
    go(&mut session, Command::Pause);
    assert_eq!(session.asks_origin(), None);
    assert!(matches!(reason(&session), StopReason::Done(_)));
    assert_eq!(session.clock(), clock);
    assert_eq!(session.origins().node(0).unwrap().answers, None);
}

/// Locals and operands of a frame.
struct Held {
    func: (stepwell_engine::InstanceId, FuncIndex),
    locals: Vec<Value>,
    operands: Vec<Value>,
}

/// All frames at a moment, outermost first.
fn held(session: &Session) -> Vec<Held> {
    let frames = session.frames();
    let held = frames.iter().rev().map(|frame| Held {
        func: (frame.instance(), frame.func()),
        locals: frame.locals().iter().map(|local| local.value).collect(),
        operands: frame.operands(),
    });
    held.collect()
}

/// Each step of the examples tells what has changed; who is said to have written a local or an operand must be where
/// it came to be, by an instruction that could, and nothing may have changed it since.
#[test]
fn in_every_example_who_wrote_a_value_is_where_it_came_to_be() {
    use stepwell_engine::timeline::origin::{Author, Place, Question};
    let ids: Vec<String> =
        Session::new().examples().iter().map(|example| example.id.clone()).collect();
    let mut checked = 0;
    for id in ids {
        let mut session = Session::new();
        session.apply(Command::OpenExample(id.clone())).unwrap();
        let mut history = std::collections::BTreeMap::new();
        for _ in 0..300 {
            let is_one = session.machine.as_ref().is_some_and(|machine| machine.tasks.count() == 1);
            let stands = matches!(session.run_state(), RunState::Stopped(_));
            if !is_one || !stands || session.is_past() {
                break;
            }
            history.insert(session.clock(), held(&session));
            if session.apply(Command::StepInto).is_err() {
                break;
            }
            super::tests::run_on(&mut session);
        }
        let Some(machine) = &mut session.machine else { continue };
        let Some(task) = machine.task().map(Task::id) else { continue };
        let began = machine.began();
        let present = machine.store.state().clone();
        for (clock, frames) in history.iter().step_by(7) {
            let places = frames.iter().enumerate().flat_map(|(frame, held)| {
                let number = frame as u32;
                let locals = held.locals.iter().enumerate().map(move |(index, value)| {
                    (frame, Place::Local { task, frame: number, index: index as u32 }, *value)
                });
                locals.chain(held.operands.iter().enumerate().map(move |(index, value)| {
                    (frame, Place::Operand { task, frame: number, index: index as u32 }, *value)
                }))
            });
            for (frame, place, value) in places {
                let mut question = Question::new(place, clock - began).step_by_step();
                let found = loop {
                    let (timeline, store) = (&mut machine.timeline, &mut machine.store);
                    if let Some(found) = question.go_on(timeline, store, 1_000_000).unwrap() {
                        break found;
                    }
                };
                let told = format!("{id}: {place:?} at {clock}: {found:?}");
                let [origin] = &*found else { panic!("{told}") };
                let at = match &origin.author {
                    Author::Instruction(made) | Author::Constant(made) => made.clock,
                    Author::HostCall { clock, .. }
                    | Author::LocalDefault { clock }
                    | Author::Argument { clock, .. } => *clock,
                    _ => panic!("{told}"),
                };
                let at = began + at;
                let of = |held: &[Held]| {
                    let held = held.get(frame)?;
                    let value = match place {
                        Place::Local { index, .. } => held.locals.get(index as usize),
                        Place::Operand { index, .. } => held.operands.get(index as usize),
                        _ => None,
                    };
                    Some((held.func, *value?))
                };
                let func = frames[frame].func;
                // The start of a task is at the count at which it stands.
                let is_start =
                    matches!(origin.author, Author::Argument { .. } | Author::LocalDefault { .. });
                assert!(at < *clock || is_start && at == *clock, "{told}");
                let since = (at + 1).min(*clock);
                for (_, since) in history.range(since..=*clock).rev() {
                    let Some(then) = of(since) else { break };
                    assert_eq!(then, (func, value), "{told}");
                }
                let (Some(before), Author::Instruction(made)) = (history.get(&at), &origin.author)
                else {
                    continue;
                };
                checked += 1;
                // A callee's frame, or its results, are not yet there; arguments were another frame's operands.
                if before.len() != frame + 1 || !origin.through.is_empty() {
                    continue;
                }
                match place {
                    Place::Local { .. } => {
                        let is_set = made.operator == "local.set" || made.operator == "local.tee";
                        let goes = made.operator.starts_with("return_call");
                        assert!(is_set || goes, "{told}");
                    }
                    Place::Operand { index, .. } => {
                        let is_operand = |place: &Place| matches!(place, Place::Operand { .. });
                        let inputs = made.inputs.iter().map(|input| input.place);
                        let taken = inputs.filter(is_operand).count();
                        let below = before[frame].operands.len() - taken;
                        assert!(
                            index as usize >= below || made.operator.starts_with("br"),
                            "{told}"
                        );
                    }
                    _ => unreachable!(),
                }
            }
        }
        machine.timeline.return_to_present(&mut machine.store);
        assert!(*machine.store.state() == present, "{id}");
    }
    assert!(checked > 300, "{checked}");
}
