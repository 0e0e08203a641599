//! Watchpoints in a session: what stops, what is said about it, and what is kept.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use stepwell_engine::store::ObjectKind;
use stepwell_engine::{GlobalAddr, MemAddr, TableAddr};

use super::tests::{key, reason, run_on, start, with};
use super::*;

const TEXT: &str = r#"(module
  (type $node (struct (field $tag (mut i8)) (field $next (mut (ref null $node)))))
  (memory $heap 1)
  (table $t 2 funcref)
  (global $sum (export "sum") (mut i32) (i32.const 3))
  (global $node (mut (ref null $node)) (ref.null $node))
  (func $add (param $n i32)
    (i32.store (i32.const 16) (local.get $n))
    (global.set $sum (i32.add (global.get $sum) (local.get $n)))
    (local.set $n (i32.const 9)))
  (func $make (export "make") (result i32)
    (global.set $node (struct.new $node (i32.const 257) (ref.null $node)))
    (call $run)
    (global.set $node (ref.null $node))
    (call $run)
    (i32.const 1))
  (func $run (export "run")
    (call $add (i32.const 4))
    (call $add (i32.const 0))
    (if (i32.eqz (ref.is_null (global.get $node)))
      (then (struct.set $node $tag (global.get $node) (i32.const 2))))
    (table.set $t (i32.const 1) (ref.func $run))
    (drop (global.get $sum))))"#;

fn prepared(export: &str) -> (Session, ModuleKey) {
    let mut session = with(&[("main", TEXT)]);
    start(&mut session, "main", export, &[]);
    let module = key(&session, "main");
    (session, module)
}

fn watch(session: &mut Session, target: WatchTarget, when: WatchWhen) {
    session.apply(Command::SetWatchpoint { target, when }).unwrap();
}

/// What stops a run say of it, up to its end.
fn told(session: &mut Session) -> Vec<String> {
    let mut told = Vec::new();
    loop {
        session.apply(Command::Continue).unwrap();
        run_on(session);
        match reason(session) {
            StopReason::Watchpoint(stop) => told.push(stop.text()),
            StopReason::Done(_) => return told,
            other => panic!("{other:?}"),
        }
    }
}

/// The same without offsets.
fn said(session: &mut Session) -> Vec<String> {
    let told = told(session);
    told.iter().map(|text| text.rsplit_once(" at 0x").unwrap().0.to_owned()).collect()
}

#[test]
fn a_stop_says_what_was_written_and_by_what() {
    let (mut session, module) = prepared("run");
    let memory = session.bytes_to_watch(MemAddr(0), 16, 4).unwrap();
    let changed = WatchWhen::Changed;
    assert_eq!(memory, WatchTarget::Memory { module, memory: 0, address: 16, len: 4 });
    let element = session.element_to_watch(TableAddr(0), 1).unwrap();
    let global = session.global_to_watch(GlobalAddr(0)).unwrap();
    let local = WatchTarget::Local { module, func: 0, local: 0 };
    for (target, when, expected) in [
        (
            memory,
            changed,
            &[
                "$heap 0x10, 4 bytes 0 → 4 by i32.store in main.add",
                "$heap 0x10, 4 bytes 4 → 0 by i32.store in main.add",
            ][..],
        ),
        (global, changed, &["$sum 3 → 7 by global.set in main.add"]),
        (
            global,
            WatchWhen::Written,
            &[
                "$sum 3 → 7 by global.set in main.add",
                "$sum = 7, written by global.set in main.add",
            ],
        ),
        (
            global,
            WatchWhen::Read,
            &[
                "$sum = 3, read by global.get in main.add",
                "$sum = 7, read by global.get in main.add",
                "$sum = 7, read by global.get in main.run",
            ],
        ),
        (
            local,
            changed,
            &[
                "$n of $add 4 → 9 by local.set in main.add",
                "$n of $add 0 → 9 by local.set in main.add",
            ],
        ),
        (
            WatchTarget::Memory { module, memory: 0, address: 0, len: 100 },
            changed,
            &[
                "$heap 0x0, 100 bytes at 0x10 0 → 4 by i32.store in main.add",
                "$heap 0x0, 100 bytes at 0x10 4 → 0 by i32.store in main.add",
            ],
        ),
        (element, changed, &["$t [1] null → main.run by table.set in main.run"]),
    ] {
        session.apply(Command::ClearWatchpoints).unwrap();
        watch(&mut session, target, when);
        assert_eq!(said(&mut session), expected, "{target:?}");
        // Watched anew in the next run.
        session.apply(Command::Restart).unwrap();
        assert_eq!(said(&mut session).len(), expected.len());
        session.apply(Command::Restart).unwrap();
    }
}

#[test]
fn steps_over_a_watched_write_stop_behind_it_and_hits_are_counted() {
    let (mut session, module) = prepared("run");
    let target = WatchTarget::Global { module, global: 0 };
    watch(&mut session, target, WatchWhen::Changed);
    session.apply(Command::StepInto).unwrap();
    session.apply(Command::StepOver).unwrap();
    run_on(&mut session);
    let StopReason::Watchpoint(stop) = reason(&session).clone() else { panic!() };
    assert_eq!((stop.number, stop.hits), (1, 1));
    let (by, offset) = stop.site.unwrap();
    assert_eq!(by, module);
    assert!(stop.by.ends_with(&format!("at 0x{offset:04x}")), "{}", stop.by);
    // It stands in the function called, behind the instruction.
    assert_eq!(session.frames()[0].func(), FuncIndex(0));
    assert!(session.frames()[0].offset().0 > offset);
    assert_eq!(session.watchpoints()[0].hits, 1);
    // A step that does it says so, too.
    session.apply(Command::Restart).unwrap();
    assert_eq!(session.watchpoints()[0].hits, 0, "of this run");
    while *reason(&session) == StopReason::Started || *reason(&session) == StopReason::Stepped {
        session.apply(Command::StepInto).unwrap();
    }
    assert_eq!(*reason(&session), StopReason::Watchpoint(stop));
}

#[test]
fn one_that_is_switched_off_or_removed_stops_nothing() {
    let (mut session, module) = prepared("run");
    let target = WatchTarget::Global { module, global: 0 };
    watch(&mut session, target, WatchWhen::Changed);
    let number = session.watchpoints()[0].number;
    session.apply(Command::EnableWatchpoint { number, enabled: false }).unwrap();
    assert!(told(&mut session).is_empty());
    session.apply(Command::Restart).unwrap();
    // Watching it again switches it on, and is no second one.
    watch(&mut session, target, WatchWhen::Written);
    assert_eq!(session.watchpoints().len(), 1);
    assert_eq!(told(&mut session).len(), 2);
    session.apply(Command::Restart).unwrap();
    session.apply(Command::RemoveWatchpoint(number)).unwrap();
    assert!(told(&mut session).is_empty());
    assert!(session.apply(Command::RemoveWatchpoint(number)).is_err());
    let nothing = WatchTarget::Local { module, func: 0, local: 7 };
    assert!(
        session.apply(Command::SetWatchpoint { target: nothing, when: WatchWhen::Read }).is_err()
    );
}

#[test]
fn a_field_is_watched_until_its_object_is_gone() {
    let (mut session, _) = prepared("make");
    let object = |session: &Session| {
        let store = session.store().unwrap();
        let mut all = store.objects().map(|(object, _)| object);
        all.find(|object| matches!(store.object_kind(*object), Some(ObjectKind::Struct(_))))
    };
    while object(&session).is_none() {
        session.apply(Command::StepInto).unwrap();
    }
    let field = WatchTarget::Field { object: object(&session).unwrap().0, field: 0 };
    watch(&mut session, field, WatchWhen::Changed);
    session.apply(Command::Continue).unwrap();
    run_on(&mut session);
    let StopReason::Watchpoint(stop) = reason(&session) else {
        panic!("{:?}", session.run_state())
    };
    // A field of 8 bits holds the lowest of what was given.
    assert!(stop.text().contains("$tag 1 → 2 by struct.set"), "{}", stop.text());
    assert!(told(&mut session).is_empty());
    session.apply(Command::CollectGarbage).unwrap();
    assert!(session.watchpoints().is_empty());
    assert!(session.notices().last().unwrap().text.contains("is not watched any more"));
}

#[test]
fn a_local_of_one_call_is_watched_until_that_is_over() {
    let (mut session, module) = prepared("run");
    while session.frames().len() < 2 {
        session.apply(Command::StepInto).unwrap();
    }
    let [all, one] = session.local_to_watch(&session.frames()[0], 0).unwrap();
    assert_eq!(all, WatchTarget::Local { module, func: 0, local: 0 });
    watch(&mut session, one, WatchWhen::Written);
    assert!(session.watchpoint_on(&all).is_none(), "others are not watched");
    let label = "$n of $add, this call";
    assert_eq!(session.watchpoints()[0].label, label);
    assert!(!serde_json::to_string(&session.file_memories()).unwrap().contains("LocalOfCall"));
    assert_eq!(said(&mut session), [format!("{label} 4 → 9 by local.set in main.add")]);
    assert!(session.watchpoints().is_empty());
    let said = &session.notices().last().unwrap().text;
    assert_eq!(*said, format!("{label} is not watched any more: the call is over"));
}

#[test]
fn what_is_watched_is_the_same_for_all_modules_that_share_it() {
    let other = r#"(module (import "main" "sum" (global $total (mut i32)))
      (func (export "go") (global.set $total (i32.const 50))))"#;
    let mut session = with(&[("main", TEXT), ("other", other)]);
    start(&mut session, "other", "go", &[]);
    let target = WatchTarget::Global { module: key(&session, "other"), global: 0 };
    watch(&mut session, target, WatchWhen::Changed);
    let owner = session.global_to_watch(GlobalAddr(0)).unwrap();
    assert_eq!(session.watchpoint_on(&owner).unwrap().label, "$total");
    assert_eq!(said(&mut session), ["$total 3 → 50 by global.set in other.go"]);
    session.apply(Command::Close(key(&session, "other"))).unwrap();
    assert!(session.watchpoints().is_empty());
}

#[test]
fn they_are_kept_with_the_file_and_over_another_version_of_it() {
    let (mut session, module) = prepared("run");
    for target in [
        WatchTarget::Global { module, global: 0 },
        WatchTarget::Memory { module, memory: 0, address: 16, len: 4 },
        WatchTarget::Local { module, func: 0, local: 0 },
    ] {
        watch(&mut session, target, WatchWhen::Written);
    }
    session.apply(Command::EnableWatchpoint { number: 2, enabled: false }).unwrap();
    let kept = serde_json::to_string(&session.file_memories()).unwrap();
    let mut again = Session::new();
    again.set_file_memories(serde_json::from_str(&kept).unwrap());
    let bytes = TEXT.as_bytes().to_vec();
    again.apply(Command::Open { name: "renamed".into(), bytes }).unwrap();
    let labels = |session: &Session| {
        let states = session.watchpoints().iter();
        states.map(|state| (state.label.clone(), state.enabled)).collect::<Vec<_>>()
    };
    assert_eq!(labels(&again), labels(&session));
    assert_eq!(labels(&again)[1], ("$heap 0x10, 4 bytes".to_owned(), false));

    // Another global in front, and another function in place of the one whose local was watched.
    let new = TEXT.replace("(global $sum", "(global $first i32 (i32.const 1)) (global $sum");
    let new = new.replace("(i32.const 9)", "(i32.const 8)");
    session.apply(Command::Reload { module, bytes: new.into_bytes() }).unwrap();
    let module = key(&session, "main");
    assert_eq!(session.watchpoints().len(), 2);
    assert_eq!(session.watchpoints()[0].target, WatchTarget::Global { module, global: 1 });
    let said = &session.notices().last().unwrap().text;
    assert!(said.contains("without a breakpoint in what has changed"), "{said}");
}

#[test]
fn one_runs_back_to_the_last_write_and_forward_to_it_again() {
    let (mut session, _) = prepared("make");
    let object = |session: &Session| {
        let store = session.store().unwrap();
        store.objects().next().map(|(object, _)| object.0)
    };
    while object(&session).is_none() {
        session.apply(Command::StepInto).unwrap();
    }
    let made = session.clock();
    let field = WatchTarget::Field { object: object(&session).unwrap(), field: 0 };
    watch(&mut session, field, WatchWhen::Changed);
    session.apply(Command::Continue).unwrap();
    run_on(&mut session);
    assert!(matches!(reason(&session), StopReason::Watchpoint(_)));
    let written = session.clock();
    session.apply(Command::Continue).unwrap();
    run_on(&mut session);
    assert!(matches!(reason(&session), StopReason::Done(_)));
    let go = |session: &mut Session, command: Command| {
        session.apply(command).unwrap();
        run_on(session);
        session.clock()
    };
    assert_eq!(go(&mut session, Command::RunBack), written);
    assert_eq!(*reason(&session), StopReason::Past);
    let said = session.past_access().unwrap().text();
    assert!(said.contains("$tag 1 → 2 by struct.set"), "{said}");
    assert_eq!(go(&mut session, Command::RunBack), 0, "there is none before");
    assert!(session.past_access().is_none());
    assert_eq!(go(&mut session, Command::Continue), written);
    assert_eq!(session.past_access().unwrap().text(), said);
    // What is there in the past need not be there in the present.
    assert_eq!(go(&mut session, Command::SeekTo(made)), made);
    let other = WatchTarget::Field { object: object(&session).unwrap(), field: 1 };
    let refused = session.apply(Command::SetWatchpoint { target: other, when: WatchWhen::Read });
    assert!(refused.is_err());
}
