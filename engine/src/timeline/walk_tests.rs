//! Random walks: programs that do everything, driven in every way, gone back into at any time.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::future::poll_fn;
use core::sync::atomic::{AtomicU64, Ordering};
use core::task::Poll;

use super::origin::{Author, Contents, Place, Question, Unknown};
use super::replay::Reached;
use super::{Search, Timeline};
use crate::module::disassemble::Listing;
use crate::observe::{Breakpoint, Debugger, Subject, Witness, Wrote};
use crate::store::StoreState;
use crate::{
    Budget, CallState, Config, Engine, Extern, FuncIndex, FuncType, HostAnswer, InstanceId, Linker,
    Module, Stop, Store, Task, Tier, ValType, Value,
};

struct Random(u64);

impl Random {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 33) % most.max(1)
    }
}

const ALL: &str = r#"(module
  (import "h" "now" (func $now (param i32) (result i32)))
  (import "h" "later" (func $later (param i32) (result i32)))
  (import "h" "ask" (func $ask (param i32) (result i32)))
  (memory $m (export "memory") 1 40)
  (memory $s 1 1 shared)
  (table $t 8 200 funcref)
  (type $node (struct (field i32) (field (ref null $node))))
  (type $row (array (mut i32)))
  (type $f (func (param i32) (result i32)))
  (tag $odd (param i32))
  (global $seed (mut i32) (i32.const 12345))
  (global $calls (mut i64) (i64.const 0))
  (global $keep (mut (ref null $node)) (ref.null $node))
  (elem declare func $now $back $leaf)
  (elem $passive func $leaf $back $leaf)
  (data $bytes "some bytes to be put somewhere, again and again")
  (func $random (param $below i32) (result i32)
    (global.set $seed (i32.add (i32.mul (global.get $seed) (i32.const 1103515245)) (i32.const 12345)))
    (i32.rem_u (i32.shr_u (global.get $seed) (i32.const 8)) (local.get $below)))
  (func $leaf (param i32) (result i32) (i32.xor (local.get 0) (i32.const 5)))
  (func $back (export "back") (param $x i32) (result i32)
    (i32.store (i32.const 100) (local.get $x))
    (if (i32.eq (i32.and (local.get $x) (i32.const 15)) (i32.const 3)) (then (throw $odd (local.get $x))))
    (if (i32.eq (i32.and (local.get $x) (i32.const 15)) (i32.const 4))
      (then (memory.fill $m (i32.const 1000) (local.get $x) (i32.const 3000))))
    (if (i32.eq (i32.and (local.get $x) (i32.const 15)) (i32.const 5))
      (then (drop (call $ask (local.get $x)))))
    (if (i32.eq (i32.and (local.get $x) (i32.const 15)) (i32.const 6))
      (then (return (call $later (i32.add (local.get $x) (i32.const 1))))))
    (call $now (i32.add (local.get $x) (i32.const 1))))
  (func $tail (param $n i32) (result i32)
    (if (i32.eqz (local.get $n)) (then (return (i32.const 7))))
    (return_call $tail (i32.sub (local.get $n) (i32.const 1))))
  (func $tail_out (param $n i32) (result i32) (return_call $later (local.get $n)))
  (func $thrower (param $n i32) (result i32) (throw $odd (local.get $n)))
  (func $act (param $x i32) (result i32) (local $k i32)
    (local.set $k (call $random (i32.const 22)))
    (block $d (block $21 (block $20 (block $19 (block $18 (block $17 (block $16 (block $15 (block $14 (block $13 (block $12 (block $11 (block $10 (block $9 (block $8 (block $7
    (block $6 (block $5 (block $4 (block $3 (block $2 (block $1 (block $0
      (br_table $0 $1 $2 $3 $4 $5 $6 $7 $8 $9 $10 $11 $12 $13 $14 $15 $16 $17 $18 $19 $20 $21 $d (local.get $k)))
      (return (call $now (local.get $x))))
      (return (call $later (local.get $x))))
      (return (call $ask (local.get $x))))
      (memory.fill $m (i32.const 2000) (local.get $x) (i32.add (i32.const 300) (call $random (i32.const 60000))))
      (return (i32.const 3)))
      (memory.copy $m $m (i32.const 3000) (i32.const 2000) (i32.add (i32.const 300) (call $random (i32.const 60000))))
      (return (i32.const 4)))
      (return (memory.grow $m (i32.const 1))))
      (global.set $keep (struct.new $node (local.get $x) (global.get $keep)))
      (if (i32.eqz (call $random (i32.const 4))) (then (global.set $keep (ref.null $node))))
      (return (i32.const 6)))
      (return (array.len (array.new $row (local.get $x) (i32.add (i32.const 100) (call $random (i32.const 3000)))))))
      (return (block $caught (result i32)
        (try_table (result i32) (catch $odd $caught) (call $thrower (local.get $x))))))
      (return (block $caught (result i32)
        (try_table (result i32) (catch $odd $caught) (call $back (call $random (i32.const 16)))))))
      (return (call $tail (call $random (i32.const 30)))))
      (return (call $tail_out (local.get $x))))
      (return (table.grow $t (ref.func $leaf) (i32.const 3))))
      (table.fill $t (i32.const 0) (ref.func $leaf) (table.size $t)) (return (i32.const 1)))
      (table.init $t $passive (i32.const 1) (i32.const 0) (i32.const 3)) (return (i32.const 2)))
      (return (memory.atomic.wait32 $s (i32.const 8) (i32.const 0) (i64.const 1000))))
      (return (memory.atomic.notify $s (i32.const 8) (i32.const 1))))
      (memory.init $m $bytes (i32.const 500) (i32.const 3) (i32.const 20)) (return (i32.const 20)))
      (memory.fill $m (i32.const 4096) (i32.const 0) (i32.const 50000)) (return (i32.const 20)))
      (return (block $caught (result i32)
        (try_table (result i32) (catch $odd $caught) (call $later (call $random (i32.const 16)))))))
      (memory.copy $s $m (i32.const 1000) (i32.const 2000) (call $random (i32.const 60000)))
      (return (i32.const 7)))
      (array.fill $row (array.new_default $row (i32.const 5000)) (i32.const 10) (local.get $x) (i32.const 4000))
      (return (i32.const 7)))
    (call_indirect $t (type $f) (local.get $x) (i32.and (local.get $x) (i32.const 1))))
  (func (export "run") (param $n i32) (result i32) (local $sum i32)
    (table.set $t (i32.const 0) (ref.func $leaf))
    (table.set $t (i32.const 1) (ref.func $now))
    (loop $next
      (global.set $calls (i64.add (global.get $calls) (i64.const 1)))
      (local.set $sum (i32.add (local.get $sum) (call $act (local.get $n))))
      (local.set $n (i32.sub (local.get $n) (i32.const 1)))
      (br_if $next (local.get $n)))
    (if (i32.eqz (call $random (i32.const 2))) (then (unreachable)))
    (local.get $sum)))"#;

fn hosts(linker: &mut Linker, asked: Arc<AtomicU64>) {
    let ty = || FuncType::new([ValType::I32], [ValType::I32]);
    let counted = asked.clone();
    linker.func("h", "now", ty(), move |caller, args| {
        let Value::I32(value) = args[0] else { return Err("an i32".into()) };
        let asked = counted.fetch_add(1, Ordering::Relaxed) + 1;
        let mut memory = caller.memory().ok_or("no memory")?;
        memory.write(200u32, &[asked as u8, value as u8])?;
        if asked.is_multiple_of(97) {
            return Err("out of order".into());
        }
        Ok([Value::I32(value.wrapping_add(asked as i32))].into())
    });
    linker.func_async("h", "later", ty(), move |caller, args| {
        let asked = asked.clone();
        async move {
            let Value::I32(value) = args[0] else { return Err("an i32".into()) };
            let begun = asked.fetch_add(1, Ordering::Relaxed) + 1;
            for round in 0..begun % 4 {
                let mut polled = 0;
                poll_fn(|_| {
                    polled += 1;
                    asked.fetch_add(1, Ordering::Relaxed);
                    if polled > begun % 3 { Poll::Ready(()) } else { Poll::Pending }
                })
                .await;
                caller.write(round as u32 + 300, &[round as u8 + value as u8]).await?;
            }
            if begun.is_multiple_of(5) {
                return Ok([Value::I32(value)].into());
            }
            let back = caller.with(|caller| caller.export("back")).await?;
            let Some(Extern::Func(back)) = back else { return Err("no back".into()) };
            let values = caller.call(back, &[Value::I32(value)]).await?;
            caller.write(400u32, &[begun as u8]).await?;
            Ok(values)
        }
    });
    linker.func_unresolved("h", "ask", ty());
}

struct Walk {
    random: Random,
    store: Store,
    instance: InstanceId,
    timeline: Timeline,
    tasks: Vec<Task>,
    places: Vec<Breakpoint>,
    states: BTreeMap<u64, StoreState>,
    asked: Arc<AtomicU64>,
    interval: u64,
    seed: u64,
}

impl Walk {
    fn new(seed: u64) -> Self {
        let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        random.below(2);
        let tier = [Tier::Exact, Tier::Fast, Tier::Mixed][random.below(3) as usize];
        let engine = Engine::new(Config { tier, max_heap: 64 << 10, ..Config::default() });
        let module = Module::from_wat(&engine, ALL).unwrap();
        let mut store = Store::new(&engine);
        let mut host = Linker::new();
        let asked = Arc::new(AtomicU64::new(random.below(50)));
        hosts(&mut host, asked.clone());
        let instance = host.instantiate(&mut store, &module).unwrap();
        let mut places = Vec::new();
        for func in (0..module.func_count()).map(FuncIndex) {
            let Ok(listing) = Listing::new(&module, func) else { continue };
            let offsets = (0..listing.len()).filter_map(|position| listing.offset(position));
            places.extend(offsets.map(|offset| Breakpoint { instance, offset }));
        }
        let run = store.export_func(instance, "run").unwrap();
        let first = store.start(run, &[Value::I32(1 + random.below(30) as i32)]).unwrap();
        let budget = [1 << 30, 1 << 30, 400 << 10, 80 << 10][random.below(4) as usize];
        let interval = [20, 200, 2000][random.below(3) as usize];
        let timeline = Timeline::begin(&mut store, budget);
        let states = BTreeMap::from([(0, store.state().clone())]);
        let tasks = Vec::from([first]);
        Self { random, store, instance, timeline, tasks, places, states, asked, interval, seed }
    }

    fn note(&mut self) {
        self.states.insert(self.timeline.clock(), self.store.state().clone());
    }

    fn act(&mut self) {
        self.timeline.keep_every(self.interval);
        let at = self.random.below(self.tasks.len() as u64) as usize;
        let what = self.random.below(40);
        let Self { random, store, timeline, tasks, .. } = self;
        match what {
            0 if tasks.len() < 5 => {
                let run = store.export_func(self.instance, "run").unwrap();
                let n = 1 + random.below(20) as i32;
                let task = store.start(run, &[Value::I32(n)]).unwrap();
                timeline.changed(store, &task);
                tasks.push(task);
                self.note();
            }
            1 if tasks.len() > 1 && random.below(3) == 0 => {
                let task = tasks.remove(at);
                timeline.end_task(store, task).unwrap();
                self.note();
            }
            2 | 3 => {
                let Some(frame) = tasks[at].frames(store).next() else { return };
                let locals = frame.locals();
                let Some(Value::I32(now)) = locals.first().map(|local| local.value) else { return };
                let task = &mut tasks[at];
                if now > 1 {
                    task.set_local(store, 0, 0, Value::I32(now - 1)).unwrap();
                }
                let task = task.clone();
                timeline.changed(store, &task);
                self.note();
            }
            4 => {
                let place = self.places[random.below(self.places.len() as u64) as usize];
                store.debugger_mut().add_breakpoint(place);
            }
            5 => store.debugger_mut().clear_breakpoints(),
            6 => {
                for name in 0..3 {
                    let stop = random.below(3) == 0;
                    store.debugger_mut().break_on_call(crate::FuncAddr(name), stop);
                }
            }
            7 => {
                store.collect_garbage().unwrap();
                let task = tasks[at].clone();
                timeline.changed(store, &task);
                self.note();
            }
            8 | 9 => self.check(3),
            10 => self.search(),
            12 | 13 => self.origins(),
            11 => self.forward(),
            _ => self.run(at),
        }
    }

    fn run(&mut self, at: usize) {
        let Self { random, store, timeline, tasks, .. } = self;
        let task = &mut tasks[at];
        if task.is_finished(store) {
            return;
        }
        let most = [1, 5, 30, 300, 3000][random.below(5) as usize];
        let mut budget = Budget::instructions(random.below(most + 1));
        if random.below(2) == 0 {
            budget = budget.bulk_bytes(16 + random.below(20_000));
        }
        let before = task.executed();
        let stop = timeline.run(store, task, budget).unwrap();
        if random.below(3) > 0 {
            timeline.take_host_calls(store);
        }
        let done = task.executed() - before;
        let is_open = matches!(stop, Stop::Budget | Stop::Breakpoint(_));
        let is_within = task.bulk_progress(store).is_some() || is_open && done == 0;
        match is_within {
            true => drop(self.states.remove(&self.timeline.clock())),
            false => self.note(),
        }
        let Self { random, store, timeline, tasks, .. } = self;
        let task = &mut tasks[at];
        match stop {
            Stop::HostCall(call)
                if call.state == CallState::Unanswered
                    || call.state == CallState::Breakpoint && random.below(3) == 0 =>
            {
                if random.below(3) == 0 {
                    return;
                }
                let answer = match random.below(12) {
                    0 => HostAnswer::Trap("so".into()),
                    _ => HostAnswer::Return([Value::I32(random.below(9) as i32)].into()),
                };
                timeline.resume(store, task, answer).unwrap();
                self.note();
            }
            Stop::Wait(_) if random.below(3) == 0 => {
                timeline.time_out(store, task).unwrap();
                self.note();
            }
            _ => {}
        }
    }

    fn origins(&mut self) {
        let asked = self.asked.load(Ordering::Relaxed);
        let present = self.store.state().clone();
        for _ in 0..4 {
            self.origin();
        }
        self.timeline.return_to_present(&mut self.store);
        assert!(*self.store.state() == present, "the present is another one");
        assert_eq!(asked, self.asked.load(Ordering::Relaxed), "the host was asked");
    }

    /// Who wrote something, asked and noted from the beginning on.
    fn origin(&mut self) {
        let first = self.timeline.first();
        let clock = first + self.random.below(self.timeline.end() - first + 1);
        self.timeline.seek(&mut self.store, clock).unwrap();
        let Some(place) = self.some_place() else { return };
        let Some((subject, value)) = place.subject(&self.store) else { return };
        let first = self.timeline.first();
        let Self { store, timeline, seed, .. } = self;
        if clock < first || !timeline.is_kept() {
            return;
        }
        let mut debugger = Debugger::with_witness(Witness::new(subject));
        timeline.stand_at(store, 0).unwrap();
        loop {
            let reached = store.observed_by(&mut debugger, |store| {
                timeline.replay(store, clock, &mut u64::MAX.clone())
            });
            match reached.unwrap() {
                Reached::Clock => break,
                Reached::Stop(stop) => {
                    let Stop::Watchpoint(hit) = *stop else { panic!("seed {seed}: {stop:?}") };
                    debugger.witness().unwrap().touched(hit.accessed, timeline.clock() - 1);
                }
                Reached::Budget | Reached::Outside => unreachable!(),
            }
        }
        let marks = debugger.witness().unwrap().marks().to_vec();
        let mut question = Question::new(place, clock).step_by_step();
        let origins = loop {
            if let Some(origins) = question.go_on(timeline, store, 5_000).unwrap() {
                break origins;
            }
        };
        let told =
            || std::format!("seed {seed}: {place:?} at {clock}: {origins:?}, noted {marks:?}");
        if clock < timeline.first() {
            return;
        }
        for origin in &origins {
            let (at, cells) = match (place, origin.part) {
                (Place::Bytes { address, .. }, Place::Bytes { address: part, len, .. }) => {
                    ((part - address) as usize, len as usize)
                }
                _ => (0, 1),
            };
            let of = match &value {
                Contents::Bytes(bytes) => Contents::Bytes(bytes[at..at + cells].to_vec()),
                value => value.clone(),
            };
            assert_eq!(origin.made.as_ref(), Some(&of), "{}", told());
            for mark in &marks[at..at + cells] {
                let mark = mark.map(|mark| (mark.wrote, mark.clock));
                let same = match (&origin.author, mark) {
                    (Author::Instruction(made) | Author::Constant(made), Some((wrote, clock))) => {
                        matches!(wrote, Wrote::Instruction | Wrote::Carried { .. })
                            && made.clock == clock
                    }
                    (Author::HostCall { number, .. }, Some((Wrote::Host { .. }, _))) => {
                        number.is_some()
                    }
                    (Author::Edit { clock }, Some((Wrote::Edit, at)))
                    | (
                        Author::LocalDefault { clock },
                        Some((Wrote::Zeroed | Wrote::Started, at)),
                    )
                    | (Author::Argument { clock, .. }, Some((Wrote::Started, at))) => *clock == at,
                    // Of a call that was made before the first moment that is known.
                    (
                        Author::NotKnown(Unknown::GivenUp { .. }),
                        Some((Wrote::Host { .. } | Wrote::Zeroed, _)),
                    ) => true,
                    (Author::Initial | Author::NotKnown(Unknown::GivenUp { .. }), None) => true,
                    (Author::Argument { .. } | Author::LocalDefault { .. }, None) => true,
                    _ => false,
                };
                assert!(same, "{}", told());
            }
            // What the author has made is there behind it; a wait may have its answer later.
            let made = match &origin.author {
                Author::Instruction(made) | Author::Constant(made)
                    if !made.operator.contains("wait") =>
                {
                    made.clock
                }
                Author::HostCall { call, .. } => {
                    let call = call.as_ref().expect("the call");
                    assert!(call.operator.contains("call"), "{}", told());
                    continue;
                }
                _ => continue,
            };
            if let Subject::Slots { task, first, .. } = subject {
                let raw = |store: &Store| {
                    let mut tasks = store.state().tasks.states();
                    let task = tasks.find(|state| state.identity.id == task)?;
                    task.stack.live().get(first as usize).copied()
                };
                timeline.seek(store, clock).unwrap();
                let now = raw(store);
                timeline.seek(store, made + 1).unwrap();
                assert_eq!(raw(store), now, "{}", told());
            }
        }
        assert!(!origins.is_empty(), "{}", told());
    }

    /// An operand, a local, a global, an element or bytes of this moment.
    fn some_place(&mut self) -> Option<Place> {
        let Self { random, store, instance, .. } = self;
        let parts = store.instance(*instance)?;
        match random.below(8) {
            0 => Some(Place::Global(parts.globals()[random.below(3) as usize])),
            1 => Some(Place::Element { table: parts.tables()[0], index: random.below(8) }),
            2 => {
                let address = [96, 196, 298, 398, 500, 998, 3000][random.below(7) as usize];
                Some(Place::Bytes { memory: parts.memories()[0], address, len: 8 })
            }
            _ => {
                let count = store.state().tasks.states().count() as u64;
                let task = store.state().tasks.states().nth(random.below(count) as usize)?;
                let depth = task.depth() as u64;
                let frame = random.below(depth) as u32;
                let id = task.identity.id;
                let inner = (depth as usize).checked_sub(1 + frame as usize)?;
                let view = crate::observe::frames(store, task).nth(inner)?;
                let (locals, operands) = (view.local_types().len(), view.operands().len());
                let index = random.below((locals + operands) as u64) as u32;
                Some(match index.checked_sub(locals as u32) {
                    Some(index) if operands > 0 => Place::Operand { task: id, frame, index },
                    _ if locals > 0 => Place::Local { task: id, frame, index },
                    _ => return None,
                })
            }
        }
    }

    fn known(&self) -> Vec<u64> {
        let first = self.timeline.first();
        self.states.keys().copied().filter(|count| *count >= first).collect()
    }

    /// A state that is known; where something is stopped at, the host may have gone on at the same count.
    fn at(&self, is_hit: bool) {
        let clock = self.timeline.clock();
        if let Some(known) = self.states.get(&clock) {
            let now = self.store.state();
            let is_elsewhere = is_hit && now.tasks != known.tasks;
            assert!(now == known || is_elsewhere, "seed {}: another state at {clock}", self.seed);
        }
    }

    /// Goes to so many moments and compares; then may be in the present again, untouched.
    fn check(&mut self, times: u64) {
        let present = (!self.timeline.is_past()).then(|| self.store.state().clone());
        let asked = self.asked.load(Ordering::Relaxed);
        let counts = self.known();
        for _ in 0..times {
            let count = match self.random.below(4) {
                _ if counts.is_empty() => return,
                0 => self.random.below(self.timeline.end() + 1).max(self.timeline.first()),
                _ => counts[self.random.below(counts.len() as u64) as usize],
            };
            let Self { store, timeline, .. } = self;
            // What is kept on the way may have cost the beginning.
            let count = count.max(timeline.first());
            match self.random.below(3) {
                0 => {
                    timeline.set_out(store, count).unwrap();
                    let mut slices = 0;
                    while !timeline.go_on(store, 1 + self.random.below(500)).unwrap() {
                        slices += 1;
                        assert!(slices < 1_000_000, "no end");
                    }
                }
                _ => timeline.seek(store, count).unwrap(),
            }
            assert_eq!(self.timeline.clock(), count);
            self.at(false);
        }
        assert_eq!(asked, self.asked.load(Ordering::Relaxed), "the host was asked");
        if self.random.below(2) == 0 {
            self.timeline.return_to_present(&mut self.store);
            if let Some(present) = present {
                assert!(*self.store.state() == present, "the present is another one");
            }
        } else if let Some(present) = present {
            let clock = self.timeline.end();
            self.timeline.seek(&mut self.store, clock).unwrap();
            assert!(*self.store.state() == present, "the present is another one");
        }
        self.timeline.return_to_present(&mut self.store);
    }

    /// All moments at which something is stopped at, by a way forward through all of the past.
    fn forward(&mut self) {
        let asked = self.asked.load(Ordering::Relaxed);
        let present = self.store.state().clone();
        let mut debugger = Debugger::default();
        for _ in 0..1 + self.random.below(3) {
            debugger
                .add_breakpoint(self.places[self.random.below(self.places.len() as u64) as usize]);
        }
        let first = self.timeline.first();
        let from = first + self.random.below(self.timeline.end() - first + 1);
        self.timeline.seek(&mut self.store, from).unwrap();
        if !self.timeline.is_past() {
            return;
        }
        let mut behind = from;
        let mut hits = Vec::new();
        while let Some(hit) = {
            let Self { store, timeline, .. } = self;
            loop {
                let slice = 1 + self.random.below(2000);
                let found =
                    timeline.forward(store, &mut debugger, behind, slice, &mut |_, _, _| true);
                if let Some(found) = found.unwrap() {
                    break found;
                }
            }
        } {
            self.at(true);
            assert!(hit.clock > behind || hits.is_empty());
            behind = hit.clock;
            hits.push(hit.clock);
            assert!(hits.len() < 100_000);
        }
        assert!(!self.timeline.is_past());
        assert!(*self.store.state() == present, "the present is another one");
        // The same the other way round.
        let mut before = self.timeline.end() + 1;
        let mut others = Vec::new();
        while others.len() < 5 {
            let Self { store, timeline, .. } = self;
            let mut own = Debugger::default();
            for place in debugger.breakpoints() {
                own.add_breakpoint(place);
            }
            let mut search = Search::back(timeline, own, before);
            let found = loop {
                let slice = 1 + self.random.below(2000);
                if let Some(found) =
                    search.go_on(timeline, store, slice, &mut |_, _, _| true).unwrap()
                {
                    break found;
                }
            };
            let Some(found) = found.filter(|found| found.clock > from) else { break };
            assert!(found.clock < before);
            before = found.clock;
            others.push(found.clock);
        }
        self.timeline.return_to_present(&mut self.store);
        assert!(*self.store.state() == present, "the present is another one");
        let expected: Vec<u64> = hits.iter().rev().copied().take(others.len()).collect();
        assert_eq!(others, expected, "from {from} to {}", self.timeline.end());
        assert!(others.len() == 5 || others.len() == hits.len(), "{others:?} of {hits:?}");
        assert_eq!(asked, self.asked.load(Ordering::Relaxed), "the host was asked");
    }

    fn search(&mut self) {
        let place = self.places[self.random.below(self.places.len() as u64) as usize];
        let mut debugger = Debugger::default();
        debugger.add_breakpoint(place);
        let present = self.store.state().clone();
        let before = self.random.below(self.timeline.end() + 2);
        let Self { store, timeline, .. } = self;
        let mut search = Search::back(timeline, debugger, before);
        let found = loop {
            let slice = 1 + self.random.below(1000);
            if let Some(found) = search.go_on(timeline, store, slice, &mut |_, _, _| true).unwrap()
            {
                break found;
            }
        };
        if let Some(hit) = found {
            assert!(hit.clock < before);
            timeline.seek(store, hit.clock).unwrap();
            self.at(false);
        }
        self.timeline.return_to_present(&mut self.store);
        assert!(*self.store.state() == present, "the present is another one");
    }
}

#[test]
fn random_walks() {
    for seed in 1..26 {
        let mut walk = Walk::new(seed);
        for _ in 0..250 {
            walk.act();
        }
        walk.check(30);
        walk.forward();
    }
}

fn linked(text: &str, link: impl FnOnce(&mut Linker)) -> (Store, InstanceId) {
    let engine = Engine::new(Config::default());
    let module = Module::from_wat(&engine, text).unwrap();
    let mut store = Store::new(&engine);
    let mut linker = Linker::new();
    link(&mut linker);
    let instance = linker.instantiate(&mut store, &module).unwrap();
    (store, instance)
}

#[test]
fn a_task_that_was_ended_within_a_call_is_run_again() {
    let text = r#"(module (import "h" "later" (func $later (param i32) (result i32)))
      (memory (export "memory") 1)
      (func (export "run") (param i32) (result i32) (call $later (local.get 0)))
      (func (export "other") (result i32) (i32.load (i32.const 8))))"#;
    let (mut store, instance) = linked(text, |linker| {
        let ty = FuncType::new([ValType::I32], [ValType::I32]);
        linker.func_async("h", "later", ty, |caller, _| async move {
            caller.write(8u32, &[7]).await?;
            poll_fn(|_| Poll::<()>::Pending).await;
            Ok(Vec::new())
        });
    });
    let (run, other) = (store.export_func(instance, "run"), store.export_func(instance, "other"));
    let mut task = store.start(run.unwrap(), &[Value::I32(1)]).unwrap();
    let mut second = store.start(other.unwrap(), &[]).unwrap();
    let mut timeline = Timeline::begin(&mut store, 1 << 30);
    timeline.run(&mut store, &mut task, Budget::unlimited()).unwrap();
    timeline.run(&mut store, &mut second, Budget::instructions(2)).unwrap();
    let known = store.state().clone();
    timeline.run(&mut store, &mut second, Budget::instructions(1)).unwrap();
    timeline.end_task(&mut store, task).unwrap();
    timeline.seek(&mut store, 4).unwrap();
    assert!(*store.state() == known);
    timeline.return_to_present(&mut store);
    assert_eq!(store.tasks().count(), 1);
}

#[test]
fn what_another_task_saw_of_a_fill_is_seen_again_on_the_way_forward() {
    let text = r#"(module (memory 1)
      (func (export "fill") (memory.fill (i32.const 0) (i32.const 9) (i32.const 5000)))
      (func (export "look") (result i32) (i32.load8_u (i32.const 1000)) (nop) (nop)))"#;
    let (mut store, instance) = linked(text, |_| {});
    let start = |store: &mut Store, name| {
        let func = store.export_func(instance, name).unwrap();
        store.start(func, &[]).unwrap()
    };
    let (mut fill, mut look) = (start(&mut store, "fill"), start(&mut store, "look"));
    let mut timeline = Timeline::begin(&mut store, 1 << 30);
    let part = Budget::unlimited().bulk_bytes(2000);
    timeline.run(&mut store, &mut fill, part).unwrap();
    assert!(fill.bulk_progress(&store).is_some());
    timeline.run(&mut store, &mut look, Budget::instructions(3)).unwrap();
    let known = store.state().clone();
    timeline.run(&mut store, &mut look, Budget::unlimited()).unwrap();
    timeline.run(&mut store, &mut fill, Budget::unlimited()).unwrap();
    let listing = Listing::new(store.module_of(instance).unwrap(), FuncIndex(1)).unwrap();
    let offset = listing.offset(3).unwrap();
    let mut debugger = Debugger::default();
    debugger.add_breakpoint(Breakpoint { instance, offset });
    timeline.seek(&mut store, 0).unwrap();
    let found = timeline.forward(&mut store, &mut debugger, 0, u64::MAX, &mut |_, _, _| true);
    assert_eq!(found.unwrap().flatten().map(|hit| hit.clock), Some(6));
    assert!(*store.state() == known);
}

#[test]
fn a_breakpoint_at_which_something_was_changed_is_found_on_the_way_forward() {
    let text = r#"(module (func (export "f") (param i32) (nop) (nop) (nop)))"#;
    let (mut store, instance) = linked(text, |_| {});
    let f = store.export_func(instance, "f").unwrap();
    let mut task = store.start(f, &[Value::I32(1)]).unwrap();
    let listing = Listing::new(store.module_of(instance).unwrap(), FuncIndex(0)).unwrap();
    let place = Breakpoint { instance, offset: listing.offset(1).unwrap() };
    store.debugger_mut().add_breakpoint(place);
    let mut timeline = Timeline::begin(&mut store, 1 << 30);
    let stop = timeline.run(&mut store, &mut task, Budget::unlimited()).unwrap();
    assert!(matches!(stop, Stop::Breakpoint(_)));
    task.set_local(&mut store, 0, 0, Value::I32(2)).unwrap();
    timeline.changed(&mut store, &task);
    timeline.run(&mut store, &mut task, Budget::unlimited()).unwrap();
    let mut debugger = Debugger::default();
    debugger.add_breakpoint(place);
    timeline.seek(&mut store, 0).unwrap();
    let found = timeline.forward(&mut store, &mut debugger, 0, u64::MAX, &mut |_, _, _| true);
    assert_eq!(found.unwrap().flatten().map(|hit| hit.clock), Some(1));
}

#[test]
fn many_changes_at_one_count_are_passed_on_the_way() {
    let text = r#"(module (func (export "f") (param i32) (nop) (nop)))"#;
    let (mut store, instance) = linked(text, |_| {});
    let f = store.export_func(instance, "f").unwrap();
    let mut task = store.start(f, &[Value::I32(0)]).unwrap();
    let mut timeline = Timeline::begin(&mut store, 1 << 30);
    timeline.run(&mut store, &mut task, Budget::instructions(1)).unwrap();
    let changes = 1_900;
    for change in 1..=changes {
        task.set_local(&mut store, 0, 0, Value::I32(change)).unwrap();
        timeline.changed(&mut store, &task);
    }
    timeline.run(&mut store, &mut task, Budget::unlimited()).unwrap();
    timeline.seek(&mut store, 0).unwrap();
    let mut none = Debugger::default();
    let found = timeline.forward(&mut store, &mut none, 0, u64::MAX, &mut |_, _, _| true);
    assert_eq!(found.unwrap(), Some(None));
    assert!(!timeline.is_past() && task.is_finished(&store));
}

#[test]
fn what_is_known_of_host_calls_and_turns_has_an_end() {
    let text = r#"(module (import "h" "now" (func $now (param i32) (result i32)))
      (memory (export "memory") 1)
      (func (export "run") (param i32)
        (loop (drop (call $now (local.get 0))) (br 0))))"#;
    let (mut store, instance) = linked(text, |linker| hosts(linker, Arc::default()));
    let run = store.export_func(instance, "run").unwrap();
    let mut tasks = [1, 2].map(|n| store.start(run, &[Value::I32(n)]).unwrap());
    let budget = 400 << 10;
    let mut timeline = Timeline::begin(&mut store, budget);
    for turn in 0..6_000 {
        let task = &mut tasks[turn % 2];
        if !task.is_finished(&store) {
            timeline.run(&mut store, task, Budget::instructions(7)).unwrap();
            timeline.take_host_calls(&mut store);
        } else {
            *task = store.start(run, &[Value::I32(1)]).unwrap();
            timeline.changed(&mut store, task);
        }
        assert!(timeline.records.bytes() <= budget / 2);
        assert!(timeline.acts.len() < 4_000 && timeline.kept_bytes() <= budget);
    }
    let present = store.state().clone();
    let (first, end) = (timeline.first(), timeline.end());
    assert!(first > 0 && end - first > 500);
    for part in 0..20 {
        timeline.seek(&mut store, first + (end - first) * part / 20).unwrap();
    }
    timeline.return_to_present(&mut store);
    assert!(*store.state() == present);
}
