#![allow(clippy::unwrap_used, clippy::expect_used)]

use alloc::vec::Vec;

use super::{Asking, Found, Happening, Query, Timeline};
use crate::observe::{Breakpoint, Contents, Debugger, Watched, Watchpoint};
use crate::{
    Budget, CallSite, Engine, Linker, MemAddr, Module, Stop, Store, Task, Value, WatchKind,
};

const TEXT: &str = r#"(module
  (memory 1) (data (i32.const 100) "\07")
  (global $sum (mut i32) (i32.const 0))
  (func $note (param $n i32)
    (if (i32.rem_u (local.get $n) (i32.const 3))
      (then (i32.store (i32.const 100) (local.get $n)))
      (else (memory.fill (i32.const 98) (local.get $n) (i32.const 4)))))
  (func (export "run") (param $n i32)
    (loop $next
      (call $note (local.get $n))
      (global.set $sum (i32.add (global.get $sum) (i32.load (i32.const 100))))
      (local.set $n (i32.sub (local.get $n) (i32.const 1)))
      (br_if $next (local.get $n)))))"#;

const WATCHED: Watched = Watched::Memory { memory: MemAddr(0), address: 100, len: 2 };

/// What was seen of a run, one instruction after the other.
#[derive(Default)]
struct Seen {
    /// The instruction that comes next, by count.
    sites: Vec<CallSite>,
    /// What is watched, by count.
    bytes: Vec<[u8; 2]>,
    end: u64,
}

fn bytes(store: &Store) -> [u8; 2] {
    store.memory(MemAddr(0)).unwrap().bytes()[100..102].try_into().unwrap()
}

/// Two tasks that take turns, looked at before each instruction.
fn run(interval: u64) -> (Store, Timeline, Vec<Task>, Seen) {
    let engine = Engine::default();
    let module = Module::from_wat(&engine, TEXT).unwrap();
    let mut store = Store::new(&engine);
    let instance = Linker::new().instantiate(&mut store, &module).unwrap();
    let func = store.export_func(instance, "run").unwrap();
    let mut tasks: Vec<Task> =
        [40, 23].map(|n| store.start(func, &[Value::I32(n)]).unwrap()).into();
    let mut timeline = Timeline::begin(&mut store, 1 << 30);
    timeline.keep_every(interval);
    let mut seen = Seen::default();
    let mut turn = 0;
    while tasks.iter().any(|task| !task.is_finished(&store)) {
        let task = &mut tasks[turn % 2];
        for _ in 0..37 {
            let Some(site) = task.frames(&store).next().map(|frame| frame.site()) else { break };
            seen.sites.push(site);
            seen.bytes.push(bytes(&store));
            timeline.run(&mut store, task, Budget::instructions(1)).unwrap();
        }
        turn += 1;
        if turn == 5 {
            // By hand.
            store.memory_mut(MemAddr(0)).unwrap().write(101, &[0xaa]).unwrap();
            timeline.changed(&mut store, &tasks[0]);
        }
    }
    seen.bytes.push(bytes(&store));
    seen.end = timeline.end();
    assert_eq!(seen.end, seen.sites.len() as u64);
    (store, timeline, tasks, seen)
}

#[test]
fn all_hits_of_a_breakpoint_are_those_of_a_straight_run() {
    let (mut store, mut timeline, tasks, seen) = run(90);
    let present = store.state().clone();
    let site = seen.sites.iter().find(|site| site.func.0 == 0).unwrap();
    let at = Breakpoint { instance: site.instance, offset: site.offset };
    for (from, to) in [(0, seen.end), (100, 400), (401, 401), (seen.end, seen.end)] {
        let mut debugger = Debugger::default();
        debugger.add_breakpoint(at);
        let mut query = Query::new(&timeline, debugger, from, to);
        let found = ask_through(&mut store, &mut timeline, &mut query, 61);
        let counts: Vec<u64> = found.iter().map(|found| found.clock).collect();
        let known = (from..=to.min(seen.end - 1))
            .filter(|count| seen.sites[*count as usize].offset == site.offset);
        assert_eq!(counts, known.collect::<Vec<_>>(), "from {from} to {to}");
        assert!(found.iter().all(
            |found| matches!(found.what, Happening::Stop(Stop::Breakpoint(at)) if at == *site)
        ));
        assert!(
            found.iter().all(|found| tasks.iter().any(|task| found.task.as_ref() == Some(task)))
        );
    }
    assert!(*store.state() == present);
}

/// In slices, without leaving the past in between.
fn ask_through(
    store: &mut Store,
    timeline: &mut Timeline,
    query: &mut Query,
    slice: u64,
) -> Vec<Found> {
    let mut all = Vec::new();
    let mut note = |_: &Store, found: Found| {
        all.push(found);
        Asking::GoOn
    };
    while !query.go_on(timeline, store, slice, &mut note).unwrap() {}
    timeline.return_to_present(store);
    all
}

#[test]
fn all_writes_are_those_of_a_straight_run_whoever_did_them() {
    for interval in [50, 1_000_000] {
        let (mut store, mut timeline, _, seen) = run(interval);
        for (from, to) in [(0, seen.end), (150, 300)] {
            let mut debugger = Debugger::default();
            debugger.add_watchpoint(Watchpoint { watched: WATCHED, kind: WatchKind::Change });
            let mut query = Query::new(&timeline, debugger, from, to);
            let found = ask_through(&mut store, &mut timeline, &mut query, 45);
            let mut known = Vec::new();
            for count in from.max(1)..=to {
                let (old, new) = (seen.bytes[count as usize - 1], seen.bytes[count as usize]);
                if old != new {
                    known.push((count, old.to_vec(), new.to_vec()));
                }
            }
            let by_hand = found.iter().filter_map(|found| match &found.what {
                Happening::Outside { old, new, instantiated, .. } => {
                    assert!(!instantiated && found.task.is_none());
                    Some((found.clock, old.clone(), new.clone()))
                }
                _ => None,
            });
            let by_hand: Vec<_> = by_hand.collect();
            let hand_at = 5 * 37;
            assert_eq!(by_hand.len(), 1);
            assert_eq!(by_hand[0].0, hand_at);
            let is_first = from == 0;
            let beginning = found.first().filter(|_| is_first).map(|found| &found.what);
            let new = Contents::Bytes([7, 0].into());
            let held = Happening::Beginning { part: WATCHED, new };
            assert_eq!(beginning, is_first.then_some(&held));
            let by_instructions = found.iter().filter_map(|found| match &found.what {
                Happening::Stop(Stop::Watchpoint(hit)) => {
                    let (Contents::Bytes(old), Contents::Bytes(new)) = (&hit.old, &hit.new) else {
                        panic!("bytes are watched");
                    };
                    let site = seen.sites[found.clock as usize - 1];
                    assert_eq!(hit.site, site, "the instruction before the moment");
                    Some((found.clock, old.clone(), new.clone()))
                }
                _ => None,
            });
            let by_instructions: Vec<_> = by_instructions.collect();
            assert!(by_instructions.len() > 2);
            // Between two looks both an instruction and a hand have changed it at that count.
            let known: Vec<_> = known
                .into_iter()
                .filter(|(count, ..)| *count != hand_at)
                .chain(by_instructions.iter().filter(|(count, ..)| *count == hand_at).cloned())
                .collect();
            let mut by_count = by_instructions.clone();
            by_count.sort();
            let mut known = known;
            known.sort();
            assert_eq!(by_count, known, "from {from} to {to}");
            assert!(by_instructions.is_sorted_by_key(|(count, ..)| *count));
        }
    }
}

#[test]
fn a_question_has_enough_and_knows_where_it_is() {
    let (mut store, mut timeline, _, seen) = run(90);
    let site = seen.sites.iter().find(|site| site.func.0 == 0).unwrap();
    let at = Breakpoint { instance: site.instance, offset: site.offset };
    let mut debugger = Debugger::default();
    debugger.add_breakpoint(at);
    let mut query = Query::new(&timeline, debugger, 0, u64::MAX);
    assert_eq!(query.stretch(), (0, seen.end));
    let mut left = 3;
    let mut note = |_: &Store, _: Found| {
        left -= 1;
        if left == 0 { Asking::Enough } else { Asking::GoOn }
    };
    while !query.go_on(&mut timeline, &mut store, 10, &mut note).unwrap() {}
    assert_eq!(left, 0);
    let hits = (0..).filter(|count| seen.sites[*count as usize].offset == site.offset);
    assert_eq!(query.reached(), hits.take(3).last().unwrap());
    timeline.return_to_present(&mut store);
    assert_eq!(timeline.clock(), seen.end);
}

#[test]
fn a_breakpoint_that_the_present_stands_at_is_a_hit() {
    let engine = Engine::default();
    let module = Module::from_wat(&engine, TEXT).unwrap();
    let mut store = Store::new(&engine);
    let instance = Linker::new().instantiate(&mut store, &module).unwrap();
    let func = store.export_func(instance, "run").unwrap();
    let mut task = store.start(func, &[Value::I32(4)]).unwrap();
    let mut timeline = Timeline::begin(&mut store, 1 << 30);
    timeline.run(&mut store, &mut task, Budget::instructions(20)).unwrap();
    let site = task.frames(&store).next().unwrap().site();
    let mut debugger = Debugger::default();
    debugger.add_breakpoint(Breakpoint { instance, offset: site.offset });
    let mut query = Query::new(&timeline, debugger, 0, 20);
    let found = ask_through(&mut store, &mut timeline, &mut query, 7);
    assert_eq!(found.iter().filter(|found| found.clock == 20).count(), 1, "{found:?}");
}

#[test]
fn glances_show_the_function_of_each_moment() {
    for interval in [50, 1_000_000] {
        let (mut store, mut timeline, tasks, seen) = run(interval);
        let mut left = u64::MAX;
        for count in (0..seen.end).step_by(7) {
            let glimpse = timeline.glance(&mut store, count, &mut left).unwrap().unwrap();
            let site = seen.sites[count as usize];
            assert_eq!((glimpse.clock, glimpse.func), (count, Some((site.instance, site.func))));
            assert_eq!(glimpse.memory, 1 << 16);
        }
        timeline.return_to_present(&mut store);
        for glimpse in timeline.glimpses() {
            let Some(site) = seen.sites.get(glimpse.clock as usize) else { continue };
            // Where turns change, the next one's.
            assert_eq!(glimpse.func, Some((site.instance, site.func)), "{glimpse:?}");
        }
        let turns: Vec<_> = timeline.turns().collect();
        assert_eq!(turns.iter().map(|turn| turn.to - turn.from).sum::<u64>(), seen.end);
        assert!(turns.iter().all(|turn| tasks.iter().any(|task| task.id() == turn.task)));
        assert_eq!(timeline.changes().collect::<Vec<_>>(), [5 * 37]);
    }
}
