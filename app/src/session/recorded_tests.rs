#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::time::Duration;

use super::past::{Journey, Then};
use super::{Command, RunState, Session, SessionError, StopReason};

fn settle(session: &mut Session) {
    for _ in 0..20_000 {
        if !session.tick(Duration::from_millis(5)) {
            return;
        }
    }
    panic!("it does not come to rest");
}

fn example(id: &str) -> Session {
    let mut session = Session::new();
    session.apply(Command::OpenExample(id.to_owned())).unwrap();
    session
}

/// Saves the run and opens it in another session.
fn again(session: &Session) -> Session {
    let bytes = session.save_run(true).unwrap();
    let mut opened = Session::new();
    opened.apply(Command::Open { name: "run.stepwell".to_owned(), bytes }).unwrap();
    settle(&mut opened);
    opened
}

fn console(session: &Session) -> String {
    let pieces = session.console();
    pieces.iter().map(|piece| String::from_utf8_lossy(&piece.bytes).into_owned()).collect()
}

fn assert_same(session: &Session, opened: &Session) {
    assert_eq!(opened.clock(), session.clock());
    assert_eq!(opened.store().unwrap().state(), session.store().unwrap().state());
    let names = |session: &Session| -> Vec<String> {
        session.modules().iter().map(|open| open.name.clone()).collect()
    };
    assert_eq!(names(opened), names(session));
    let tasks = |session: &Session| -> Vec<_> {
        let tasks = session.tasks().into_iter();
        tasks.map(|task| (task.title, task.executed, task.function, task.is_selected)).collect()
    };
    assert_eq!(tasks(opened), tasks(session));
    let frames = |session: &Session| -> Vec<_> {
        let frames = session.frames();
        frames.iter().map(|frame| (frame.offset(), frame.locals(), frame.operands())).collect()
    };
    assert_eq!(frames(opened), frames(session));
    assert_eq!(console(opened), console(session));
    assert_eq!(opened.host_calls().len(), session.host_calls().len());
}

#[test]
fn a_saved_run_stands_there_again() {
    let mut session = example("recursion");
    let module = session.modules()[0].key;
    session.apply(Command::StepBy(50)).unwrap();
    settle(&mut session);
    let offset = session.frames()[0].offset().0;
    session.apply(Command::ToggleBreakpoint { module, offset }).unwrap();
    let opened = again(&session);
    assert_same(&session, &opened);
    assert_eq!(opened.breakpoints().len(), 1);
    assert_eq!(opened.invocation().map(|(_, export, _)| export.to_owned()), {
        session.invocation().map(|(_, export, _)| export.to_owned())
    });
    assert!(opened.modules()[0].source.is_some(), "the text is there, too");

    // It goes back, and on.
    let mut opened = opened;
    for session in [&mut session, &mut opened] {
        session.apply(Command::SeekTo(20)).unwrap();
        settle(session);
        assert!(session.is_past());
    }
    assert_same(&session, &opened);
    let third = again(&opened);
    assert!(third.is_past(), "it stands in the past again");
    assert_same(&opened, &third);
    let mut third = third;
    third.apply(Command::GoToPresent).unwrap();
    settle(&mut third);
    assert_eq!(third.clock(), 50);
    third.apply(Command::SetLocal { frame: 0, local: 0, value: "1".to_owned() }).unwrap();
    third.apply(Command::StepBy(1)).unwrap();
    settle(&mut third);
    assert_same(&third, &again(&third));
}

#[test]
fn every_example_can_be_saved_and_opened() {
    for known in Session::new().examples().to_vec() {
        let mut session = example(&known.id);
        session.apply(Command::StepBy(7)).unwrap();
        settle(&mut session);
        assert_same(&session, &again(&session));
        // Some wait for an answer.
        if session.apply(Command::Continue).is_ok() {
            settle(&mut session);
        }
        assert_same(&session, &again(&session));
    }
}

#[test]
fn a_call_that_waits_is_the_persons_to_answer() {
    let mut session = Session::new();
    let text = r#"(module (import "env" "ask" (func $ask (param i32) (result i32)))
        (func (export "_start") (drop (i32.add (call $ask (i32.const 1)) (call $ask (i32.const 2))))))"#;
    let open = Command::Open { name: "asks".to_owned(), bytes: text.as_bytes().to_vec() };
    session.apply(open).unwrap();
    let module = session.modules()[0].key;
    let (export, args) = ("_start".to_owned(), Vec::new());
    session.apply(Command::Start { module, export, args }).unwrap();
    session.apply(Command::Continue).unwrap();
    settle(&mut session);
    session.apply(Command::Answer(vec!["7".to_owned()])).unwrap();
    settle(&mut session);
    assert_eq!(*session.run_state(), RunState::Stopped(StopReason::HostCall));
    let mut opened = again(&session);
    assert_eq!(*opened.run_state(), RunState::Stopped(StopReason::HostCall));
    for session in [&mut session, &mut opened] {
        session.apply(Command::Answer(vec!["3".to_owned()])).unwrap();
        settle(session);
        // What it was to do is not part of the file.
        if session.is_unfinished() {
            session.apply(Command::Continue).unwrap();
            settle(session);
        }
        assert!(matches!(session.run_state(), RunState::Stopped(StopReason::Done(_))));
    }
    assert_eq!(opened.clock(), session.clock());
    assert_eq!(opened.store().unwrap().state(), session.store().unwrap().state());
}

#[test]
fn what_cannot_be_opened_changes_nothing() {
    let mut session = example("recursion");
    session.apply(Command::StepBy(9)).unwrap();
    settle(&mut session);
    let bytes = session.save_run(false).unwrap();
    let cut = bytes[..bytes.len() - 9].to_vec();
    let open = Command::Open { name: "run.stepwell".to_owned(), bytes: cut };
    let refused = session.apply(open);
    assert!(matches!(refused, Err(SessionError::NotNow(text)) if text.contains("cut off")));
    assert_eq!((session.clock(), session.modules().len()), (9, 1));
    assert!(matches!(Session::new().save_run(true), Err(SessionError::NotNow(_))));
}

#[test]
fn a_recording_of_the_command_line_can_be_opened() {
    use crate::recording::{Ending, Header, Stream, VERSION, Writer};
    use stepwell_engine::{Budget, Config, Engine, Linker, Module, Store};
    let engine = Engine::new(Config::default());
    let mut store = Store::new(&engine);
    store.note_steps(u64::MAX);
    let text = "(module (func $f (export \"f\") (param i32) (result i32) local.get 0 i32.eqz))";
    let module = Module::from_wat(&engine, text).unwrap();
    let instance = Linker::new().instantiate(&mut store, &module).unwrap();
    let func = store.export_func(instance, "f").unwrap();
    let mut task = store.start(func, &[stepwell_engine::Value::I32(0)]).unwrap();
    task.run(&mut store, Budget::unlimited()).unwrap();
    let config = engine.config();
    let header = Header {
        version: VERSION,
        max_call_depth: config.max_call_depth,
        max_value_stack: config.max_value_stack,
        called: Some("f".to_owned()),
        program_args: vec!["-v".to_owned()],
        ..Header::default()
    };
    let mut writer = Writer::new(Vec::new(), header);
    writer.add(&store.recording().unwrap(), |_| "plain".to_owned());
    writer.print(Stream::Stdout, 3, b"printed\n");
    let bytes = writer.finish(Ending::default()).unwrap();
    let mut session = Session::new();
    session.apply(Command::Open { name: "run.stepwell".to_owned(), bytes }).unwrap();
    settle(&mut session);
    assert_eq!(session.modules()[0].name, "plain");
    assert!(matches!(session.run_state(), RunState::Stopped(StopReason::Done(_))));
    assert_eq!((session.clock(), console(&session).as_str()), (3, "printed\n"));
    // It can be begun again, live.
    let (_, export, args) = session.invocation().unwrap();
    assert_eq!((export, args), ("f", &["0".to_owned()][..]));
    assert_eq!(session.program_args(), ["-v"]);
    session.apply(Command::StepBack).unwrap();
    settle(&mut session);
    assert_eq!((session.clock(), console(&session).as_str()), (2, ""));
    assert!(session.frames()[0].instruction_name().is_some());
}

#[test]
fn a_recording_that_is_being_played_gives_way_to_a_start_and_can_be_left() {
    let mut session = Session::new();
    let text = r#"(module (func (export "spin") (param i32)
        (loop (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))))"#;
    let open = Command::Open { name: "spins".to_owned(), bytes: text.as_bytes().to_vec() };
    session.apply(open).unwrap();
    let start = |session: &mut Session, times: &str| {
        let (module, export) = (session.modules()[0].key, "spin".to_owned());
        session.apply(Command::Start { module, export, args: vec![times.to_owned()] }).unwrap();
    };
    start(&mut session, "3000000");
    session.apply(Command::Continue).unwrap();
    settle(&mut session);
    let (end, bytes) = (session.clock(), session.save_run(true).unwrap());
    for leaves in [false, true] {
        let mut opened = Session::new();
        let (name, bytes) = ("run.stepwell".to_owned(), bytes.clone());
        opened.apply(Command::Open { name, bytes }).unwrap();
        assert_eq!(*opened.run_state(), RunState::Running, "it takes a while");
        assert!(opened.apply(Command::SeekTo(5)).is_err() && opened.save_run(true).is_err());
        match leaves {
            true => {
                opened.apply(Command::Pause).unwrap();
                assert!(opened.clock() > 0 && opened.clock() < end);
                let clock = opened.clock();
                settle(&mut opened);
                assert_eq!(opened.clock(), clock);
            }
            false => {
                start(&mut opened, "2");
                settle(&mut opened);
                assert_eq!(*opened.run_state(), RunState::Stopped(StopReason::Started));
                opened.apply(Command::Continue).unwrap();
                settle(&mut opened);
                assert_eq!(opened.run_state(), &RunState::Stopped(StopReason::Done(Vec::new())));
                assert!(opened.clock() < 50, "{}", opened.clock());
            }
        }
    }
}

#[test]
fn a_start_ends_the_way_to_another_moment() {
    let mut session = Session::new();
    let text = r#"(module (func (export "spin") (param i32)
        (loop (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))))"#;
    let open = Command::Open { name: "spins".to_owned(), bytes: text.as_bytes().to_vec() };
    session.apply(open).unwrap();
    let module = session.modules()[0].key;
    let start = |times: &str| {
        let export = "spin".to_owned();
        Command::Start { module, export, args: vec![times.to_owned()] }
    };
    session.apply(start("20")).unwrap();
    session.apply(Command::Continue).unwrap();
    settle(&mut session);
    let end = session.clock();
    session.apply(Command::SeekTo(end / 2)).unwrap();
    settle(&mut session);
    session.journey = Some(Journey::To { clock: 10, then: Then::Stand });
    session.state = RunState::Running;
    session.apply(start("2")).unwrap();
    session.apply(Command::Continue).unwrap();
    settle(&mut session);
    assert_eq!(session.run_state(), &RunState::Stopped(StopReason::Done(Vec::new())));
    assert!(!session.is_past() && session.clock() > end, "{} behind {end}", session.clock());
}
