#![allow(clippy::unwrap_used, clippy::expect_used)]

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::future::poll_fn;
use core::sync::atomic::{AtomicU8, Ordering};
use core::task::Poll;

use super::{Hit, Search, Timeline};
use crate::observe::{Breakpoint, Contents, Debugger, Watched, Watchpoint};
use crate::store::StoreState;
use crate::{
    AnyRef, AtomicWait, Budget, CodeOffset, Config, Engine, Extern, FuncType, HostAnswer,
    InstanceId, Linker, Module, Stop, Store, Task, ValType, Value, WatchKind,
};

/// A random sequence of its own.
struct Random(u64);

impl Random {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 33) % most.max(1)
    }
}

/// A run whose states are all known.
struct Known {
    store: Store,
    timeline: Timeline,
    states: BTreeMap<u64, StoreState>,
}

impl Known {
    fn new(store: Store, budget: u64) -> Self {
        let mut store = store;
        let timeline = Timeline::begin(&mut store, budget);
        let states = BTreeMap::from([(0, store.state().clone())]);
        Self { store, timeline, states }
    }

    /// Runs a task for so many instructions.
    fn run(&mut self, task: &mut Task, instructions: u64) -> Stop {
        let Self { store, timeline, .. } = self;
        let stop = timeline.run(store, task, Budget::instructions(instructions)).unwrap();
        timeline.take_host_calls(store);
        self.note();
        stop
    }

    fn note(&mut self) {
        self.states.insert(self.timeline.clock(), self.store.state().clone());
    }

    /// Goes to so many random moments and compares; then is in the present again, untouched.
    fn check(&mut self, random: &mut Random, times: usize) {
        let Self { store, timeline, states } = self;
        let present = store.state().clone();
        let counts: Vec<u64> =
            states.keys().copied().filter(|count| *count >= timeline.first()).collect();
        for _ in 0..times {
            let count = counts[random.below(counts.len() as u64) as usize];
            timeline.seek(store, count).unwrap();
            assert_eq!(timeline.clock(), count);
            assert!(*store.state() == states[&count], "the state at {count} is another one");
        }
        timeline.return_to_present(store);
        assert!(*store.state() == present);
    }
}

fn store_of(text: &str, linker: impl FnOnce(&mut Linker)) -> (Store, InstanceId) {
    let engine = Engine::new(Config::default());
    let module = Module::from_wat(&engine, text).unwrap();
    let mut store = Store::new(&engine);
    let mut host = Linker::new();
    linker(&mut host);
    let instance = host.instantiate(&mut store, &module).unwrap();
    (store, instance)
}

const SUMS: &str = r#"(module
  (memory 1 4) (table 4 funcref) (elem declare func $sum)
  (global $calls (mut i64) (i64.const 0))
  (type $node (struct (field i32) (field (ref null $node))))
  (tag $odd (param i32))
  (func $sum (export "sum") (param $n i32) (result i32) (local $list (ref null $node)) (local $at i32)
    (global.set $calls (i64.add (global.get $calls) (i64.const 1)))
    (table.set (i32.and (local.get $n) (i32.const 3)) (ref.func $sum))
    (loop $next
      (local.set $list (struct.new $node (local.get $at) (local.get $list)))
      (i32.store (i32.mul (local.get $at) (i32.const 808)) (local.get $at))
      (drop (block $caught (result i32)
        (try_table (result i32) (catch $odd $caught)
          (if (i32.and (local.get $at) (i32.const 1)) (then (throw $odd (local.get $at))))
          (i32.const 0))))
      (memory.fill (i32.const 60000) (local.get $at) (i32.const 10))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br_if $next (i32.lt_s (local.get $at) (local.get $n))))
    (drop (memory.grow (i32.const 1)))
    (if (result i32) (local.get $n)
      (then (i32.add (local.get $n) (call $sum (i32.sub (local.get $n) (i32.const 1)))))
      (else (i32.const 0)))))"#;

#[test]
#[cfg_attr(miri, ignore)] // long, and without a line that Miri is for
fn every_moment_of_a_run_is_stood_at_again() {
    for tier in [crate::Tier::Exact, crate::Tier::Fast, crate::Tier::Mixed] {
        let engine = Engine::new(Config { tier, ..Config::default() });
        let module = Module::from_wat(&engine, SUMS).unwrap();
        let mut store = Store::new(&engine);
        let instance = Linker::new().instantiate(&mut store, &module).unwrap();
        let sum = store.export_func(instance, "sum").unwrap();
        let mut task = store.start(sum, &[Value::I32(20)]).unwrap();
        let mut known = Known::new(store, 1 << 30);
        known.timeline.keep_every(300);
        let mut random = Random(7);
        while known.run(&mut task, 1 + random.below(40)) == Stop::Budget {
            known.timeline.keep_every(300);
            if random.below(60) == 0 {
                known.check(&mut random, 3);
            }
        }
        assert_eq!(task.results(&known.store), Some(&[Value::I32(210)][..]));
        assert!(known.timeline.kept_states() > 5);
        known.check(&mut random, 60);
    }
}

#[test]
fn a_trap_is_stood_before_and_at() {
    let text = r#"(module (func (export "f") (param i32) (result i32)
      (i32.div_s (i32.const 1) (local.get 0))))"#;
    let (mut store, instance) = store_of(text, |_| {});
    let f = store.export_func(instance, "f").unwrap();
    let mut task = store.start(f, &[Value::I32(0)]).unwrap();
    let mut known = Known::new(store, 1 << 20);
    for _ in 0..2 {
        known.run(&mut task, 1);
    }
    assert!(matches!(known.run(&mut task, 1), Stop::Trap(_)));
    known.check(&mut Random(1), 10);
    known.timeline.seek(&mut known.store, 2).unwrap();
    assert!(task.trap(&known.store).is_none());
    assert_eq!(task.frames(&known.store).next().unwrap().operands().len(), 2);
}

const HOSTS: &str = r#"(module
  (import "h" "now" (func $now (param i32) (result i32)))
  (import "h" "later" (func $later (param i32) (result i32)))
  (import "h" "ask" (func $ask (param i32) (result i32)))
  (memory (export "memory") 1)
  (func $back (export "back") (param $x i32) (result i32)
    (i32.store (i32.const 100) (local.get $x))
    (call $now (i32.add (local.get $x) (i32.const 1))))
  (func (export "run") (param $n i32) (result i32) (local $sum i32)
    (loop $next
      (local.set $sum (i32.add (local.get $sum) (call $now (local.get $n))))
      (local.set $sum (i32.add (local.get $sum) (call $later (local.get $n))))
      (local.set $sum (i32.add (local.get $sum) (call $ask (local.get $n))))
      (local.set $n (i32.sub (local.get $n) (i32.const 1)))
      (br_if $next (local.get $n)))
    (local.get $sum)))"#;

/// Answers at once, later and with calls of its own, writing memory; `ask` is the embedder's.
fn hosts(linker: &mut Linker) {
    let ty = || FuncType::new([ValType::I32], [ValType::I32]);
    // What it answers depends on how often it has been asked, ever.
    let asked = AtomicU8::new(0);
    linker.func("h", "now", ty(), move |caller, args| {
        let Value::I32(value) = args[0] else { return Err("an i32".into()) };
        let asked = asked.fetch_add(1, Ordering::Relaxed) + 1;
        let mut memory = caller.memory().ok_or("no memory")?;
        memory.write(200u32, &[asked, value as u8])?;
        Ok([Value::I32(value + i32::from(asked))].into())
    });
    linker.func_async("h", "later", ty(), |caller, args| async move {
        let Value::I32(value) = args[0] else { return Err("an i32".into()) };
        for round in 0..3_u8 {
            let mut polled = false;
            poll_fn(|_| match core::mem::replace(&mut polled, true) {
                true => Poll::Ready(()),
                false => Poll::Pending,
            })
            .await;
            caller.write(u32::from(round) + 300, &[round + value as u8]).await?;
        }
        let back = caller.with(|caller| caller.export("back")).await?;
        let Some(Extern::Func(back)) = back else { return Err("no back".into()) };
        let values = caller.call(back, &[Value::I32(value)]).await?;
        Ok(values)
    });
    linker.func_unresolved("h", "ask", ty());
}

#[test]
#[cfg_attr(miri, ignore)] // long, and without a line that Miri is for
fn what_the_host_did_is_done_again_without_it() {
    for seed in 1..6 {
        let (mut store, instance) = store_of(HOSTS, hosts);
        let run = store.export_func(instance, "run").unwrap();
        // Two tasks take turns while calls are open.
        let mut tasks: Vec<Task> =
            (3..5).map(|n| store.start(run, &[Value::I32(n)]).unwrap()).collect();
        let mut known = Known::new(store, 1 << 30);
        let mut random = Random(seed);
        while !tasks.iter().all(|task| task.is_finished(&known.store)) {
            known.timeline.keep_every(20);
            let at = random.below(2) as usize;
            let task = &mut tasks[at];
            if task.is_finished(&known.store) {
                continue;
            }
            let stop = known.run(task, 1 + random.below(9));
            if let Stop::HostCall(call) = stop
                && &*call.name == "ask"
            {
                if random.below(2) == 0 {
                    known.check(&mut random, 2);
                }
                let answer = HostAnswer::Return([Value::I32(random.below(9) as i32)].into());
                known.timeline.resume(&mut known.store, task, answer).unwrap();
                known.note();
            }
            if random.below(30) == 0 {
                known.check(&mut random, 2);
            }
        }
        known.check(&mut random, 80);
    }
}

#[test]
fn waits_and_notifications_of_several_tasks() {
    let text = r#"(module (memory 1 1 shared)
      (func (export "wait") (result i32)
        (drop (memory.atomic.wait32 (i32.const 8) (i32.const 0) (i64.const -1)))
        (memory.atomic.wait32 (i32.const 16) (i32.const 0) (i64.const 5)))
      (func (export "notify") (param $n i32) (result i32)
        (loop $next
          (local.set $n (i32.sub (local.get $n) (i32.const 1)))
          (br_if $next (local.get $n)))
        (memory.atomic.notify (i32.const 8) (i32.const 1))))"#;
    let (mut store, instance) = store_of(text, |_| {});
    let func = |store: &Store, name: &str| store.export_func(instance, name).unwrap();
    let (wait, notify) = (func(&store, "wait"), func(&store, "notify"));
    let mut waits = store.start(wait, &[]).unwrap();
    let mut notifies = store.start(notify, &[Value::I32(9)]).unwrap();
    let mut known = Known::new(store, 1 << 30);
    assert!(matches!(known.run(&mut waits, 100), Stop::Wait(AtomicWait { .. })));
    for _ in 0..40 {
        known.run(&mut notifies, 3);
        known.run(&mut waits, 100);
    }
    assert!(matches!(known.run(&mut waits, 100), Stop::Wait(_)));
    known.timeline.time_out(&mut known.store, &mut waits).unwrap();
    known.note();
    known.run(&mut waits, 100);
    assert_eq!(waits.results(&known.store), Some(&[Value::I32(2)][..]));
    known.check(&mut Random(3), 60);
}

#[test]
fn what_else_was_done_is_kept() {
    let (mut store, instance) = store_of(HOSTS, hosts);
    let back = store.export_func(instance, "back").unwrap();
    let mut task = store.start(back, &[Value::I32(1)]).unwrap();
    let mut known = Known::new(store, 1 << 30);
    known.run(&mut task, 3);
    task.set_local(&mut known.store, 0, 0, Value::I32(40)).unwrap();
    known.timeline.changed(&mut known.store, &task);
    known.note();
    known.run(&mut task, 2);
    let mut second = known.store.start(back, &[Value::I32(7)]).unwrap();
    known.timeline.changed(&mut known.store, &second);
    known.note();
    known.run(&mut second, 4);
    known.run(&mut task, 100);
    known.run(&mut second, 100);
    known.check(&mut Random(5), 60);
    known.timeline.seek(&mut known.store, 4).unwrap();
    assert!(second.frames(&known.store).next().is_none(), "it has not been started there");
}

#[test]
#[cfg_attr(miri, ignore)] // long, and without a line that Miri is for
fn states_fit_a_budget_and_the_past_stays_exact() {
    let text = r#"(module (memory 16)
      (func (export "f") (local $n i32)
        (loop $next
          (i32.store (i32.and (i32.mul (local.get $n) (i32.const 4099)) (i32.const 0xffff0))
            (local.get $n))
          (local.set $n (i32.add (local.get $n) (i32.const 1)))
          (br_if $next (i32.lt_u (local.get $n) (i32.const 4000))))))"#;
    let (mut store, instance) = store_of(text, |_| {});
    let f = store.export_func(instance, "f").unwrap();
    let mut task = store.start(f, &[]).unwrap();
    let budget = 3 << 20;
    let mut known = Known::new(store, budget);
    while known.timeline.run(&mut known.store, &mut task, Budget::instructions(500)).unwrap()
        == Stop::Budget
    {
        if known.timeline.clock().is_multiple_of(7_000) {
            known.note();
        }
        known.timeline.keep_every(500);
        assert!(known.timeline.kept_bytes() <= budget, "{}", known.timeline.kept_bytes());
    }
    assert!(known.timeline.kept_states() > 2 && known.timeline.first() == 0);
    known.check(&mut Random(9), 10);
}

#[test]
#[cfg_attr(miri, ignore)] // long, and without a line that Miri is for
fn a_breakpoint_is_found_backwards() {
    let text = r#"(module (func (export "f") (result i32) (local $n i32)
      (loop $next
        (local.set $n (i32.add (local.get $n) (i32.const 1)))
        (br_if $next (i32.lt_u (local.get $n) (i32.const 3000))))
      (local.get $n)))"#;
    let (mut store, instance) = store_of(text, |_| {});
    let f = store.export_func(instance, "f").unwrap();
    let mut task = store.start(f, &[]).unwrap();
    let site = {
        let module = store.module_of(instance).unwrap();
        let listing =
            crate::module::disassemble::Listing::new(module, crate::FuncIndex(0)).unwrap();
        listing.offset(4).unwrap()
    };
    let mut known = Known::new(store, 1 << 30);
    while known.run(&mut task, 100) == Stop::Budget {
        known.timeline.keep_every(500);
    }
    let at = |offset: CodeOffset| {
        let mut debugger = Debugger::default();
        debugger.add_breakpoint(Breakpoint { instance, offset });
        debugger
    };
    let end = known.timeline.end();
    let mut look = |before: u64, wanted: Option<u32>| {
        let Known { store, timeline, .. } = &mut known;
        let mut search = Search::back(timeline, at(site), before);
        let mut holds = |store: &Store, task: &Task, _: &Stop| {
            let Some(frame) = task.frames(store).next() else { return false };
            wanted.is_none_or(|n| frame.locals()[0].value == Value::I32(n as i32))
        };
        loop {
            if let Some(found) = search.go_on(timeline, store, 700, &mut holds).unwrap() {
                break found.map(|hit| hit.clock);
            }
        }
    };
    // `local.set $n` is the fifth instruction of the loop, which has nine.
    let last = 4 + 9 * 2999;
    assert_eq!(look(end, None), Some(last));
    assert_eq!(look(last, None), Some(last - 9), "one that is stood on is not found");
    assert_eq!(look(end, Some(0)), Some(4));
    assert_eq!(look(end, Some(1234)), Some(4 + 9 * 1234));
    assert_eq!(look(4, None), None);
    assert_eq!(look(end, Some(5000)), None);
    known.timeline.return_to_present(&mut known.store);
    assert!(task.is_finished(&known.store));
}

#[test]
fn an_access_of_an_object_is_not_taken_for_one_of_what_had_its_handle_before() {
    let text = r#"(module
      (type $row (array (mut i32)))
      (global $last (mut (ref null $row)) (ref.null $row))
      (func (export "f") (local $n i32)
        (loop $next
          (global.set $last (array.new_default $row (i32.const 4000)))
          (array.set $row (global.get $last) (i32.const 0) (local.get $n))
          (local.set $n (i32.add (local.get $n) (i32.const 1)))
          (br_if $next (i32.lt_u (local.get $n) (i32.const 200))))))"#;
    let (mut store, instance) = store_of(text, |_| {});
    let f = store.export_func(instance, "f").unwrap();
    let mut task = store.start(f, &[]).unwrap();
    let mut known = Known::new(store, 1 << 30);
    known.timeline.keep_every(500);
    while known.run(&mut task, 100) == Stop::Budget {}
    assert!(known.store.heap().collections() > 1);
    let Some((_, Value::AnyRef(Some(AnyRef::Object(object))))) =
        known.store.global(crate::GlobalAddr(0))
    else {
        panic!()
    };
    let Known { store, timeline, .. } = &mut known;
    let watched = Watched::Object { object, first: 0, len: 1 };
    store.debugger_mut().add_watchpoint(Watchpoint { watched, kind: WatchKind::Write });
    let mut look = |before: u64| {
        timeline.return_to_present(store);
        store.note_watched();
        let mut search = Search::back(timeline, store.debugger().watching(), before);
        loop {
            let found = search.go_on(timeline, store, 700, &mut |_, _, _| true).unwrap();
            if let Some(found) = found {
                break found;
            }
        }
    };
    let end = task.executed();
    let Some(Hit { clock, stop: Stop::Watchpoint(hit) }) = look(end) else { panic!() };
    assert_eq!(hit.new, Contents::Values(Vec::from([Value::I32(199)])));
    assert!(look(clock).is_none(), "others have had its handle");
}

#[test]
#[cfg_attr(miri, ignore)] // long, and without a line that Miri is for
fn a_write_is_found_wherever_an_interval_or_a_slice_ends() {
    let text = r#"(module (memory 1)
      (func (export "f") (local $n i32)
        (loop $next
          (i32.store (i32.const 8) (local.get $n))
          (local.set $n (i32.add (local.get $n) (i32.const 1)))
          (br_if $next (i32.lt_u (local.get $n) (i32.const 60))))))"#;
    let (mut store, instance) = store_of(text, |_| {});
    let f = store.export_func(instance, "f").unwrap();
    let memory = store.instance(instance).unwrap().memories()[0];
    let mut task = store.start(f, &[]).unwrap();
    let mut known = Known::new(store, 1 << 30);
    while known.run(&mut task, 7) == Stop::Budget {
        known.timeline.keep_every(7);
    }
    // The store is the fourth of twelve instructions a round.
    let Known { store, timeline, .. } = &mut known;
    let mut before = timeline.end();
    for slice in 1..14 {
        let mut debugger = Debugger::default();
        let watched = crate::observe::Watched::Memory { memory, address: 8, len: 4 };
        debugger.add_watchpoint(Watchpoint { watched, kind: crate::WatchKind::Write });
        let mut search = Search::back(timeline, debugger, before);
        let found = loop {
            let found = search.go_on(timeline, store, slice, &mut |_, _, _| true).unwrap();
            if let Some(found) = found {
                break found.unwrap().clock;
            }
        };
        assert_eq!(found % 12, 4, "{slice}");
        if slice > 1 {
            assert_eq!(found, before - 12, "{slice}");
        }
        before = found;
    }
}

#[test]
#[cfg_attr(miri, ignore)] // which has no mapping that takes no room
fn memories_that_are_too_large_have_no_past_and_are_not_looked_at() {
    // Of 4 GiB, and one that becomes too large.
    let text = r#"(module (memory 65536) (memory $grows 1)
      (func (export "f") (drop (memory.grow $grows (i32.const 20)))))"#;
    let small = text.replace("(memory 65536)", "");
    for (text, at_first) in [(text, false), (small.as_str(), true)] {
        let (mut store, instance) = store_of(text, |_| {});
        let f = store.export_func(instance, "f").unwrap();
        let mut task = store.start(f, &[]).unwrap();
        let mut timeline = Timeline::begin(&mut store, 1 << 20);
        assert_eq!(timeline.is_kept(), at_first);
        timeline.keep_every(2);
        while timeline.run(&mut store, &mut task, Budget::instructions(1)).unwrap() == Stop::Budget
        {
        }
        timeline.changed(&mut store, &task);
        assert!(!timeline.is_kept());
        assert_eq!((timeline.first(), timeline.kept_bytes()), (timeline.end(), 0));
        assert!(timeline.acts.is_empty());
        // The present is all there is.
        timeline.seek(&mut store, 0).unwrap();
        assert!(!timeline.is_past() && task.is_finished(&store));
        let mut search = Search::back(&timeline, Debugger::default(), timeline.end());
        let found = search.go_on(&mut timeline, &mut store, 1_000, &mut |_, _, _| true).unwrap();
        assert_eq!(found, Some(None));
    }
}
