//! Everything that the interface offers to somebody who debugs, in random order; what the machine holds is
//! compared with a run that nobody has looked at.
//!
//! `STEPWELL_RANDOM_SECONDS` says for how long; `STEPWELL_RANDOM_SEED` begins elsewhere.

use std::time::{Duration, Instant};

use stepwell_engine::module::disassemble::Listing;
use stepwell_engine::observe::{Breakpoint, Watched, Watchpoint};
use stepwell_engine::store::StoreState;
use stepwell_engine::{
    Budget, CallState, Config, Engine, FrameId, FuncIndex, GlobalAddr, HostAnswer, InstanceId,
    ObjectAddr, Stop, Store, TableAddr, Task, Tier, Value, WatchKind,
};

use super::watchpoints::contents;
use super::{Host, Linked};

/// xorshift64*.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % limit
    }
}

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

/// Something to watch; it need not be there.
fn anything(
    random: &mut Random,
    store: &Store,
    instance: InstanceId,
    frames: &[(InstanceId, FuncIndex, FrameId)],
) -> Watched {
    let mut one = |limit: usize| random.below(limit) as u32;
    match one(6) {
        0 | 1 => {
            let memory = store.instance(instance).unwrap().memories()[0];
            Watched::Memory { memory, address: one(200).into(), len: (1 + one(8)).into() }
        }
        2 => Watched::Global(GlobalAddr(one(3))),
        3 => {
            // Of one frame that is there, or of all.
            let (local, frame) = (one(4), frames.get(one(4) as usize));
            match frame.copied() {
                Some((instance, func, frame)) => {
                    Watched::Local { instance, func, local, frame: Some(frame) }
                }
                None => Watched::Local { instance, func: FuncIndex(one(6)), local, frame: None },
            }
        }
        4 => {
            let all: Vec<_> = store.objects().map(|(object, _)| object).take(20).collect();
            let object = all.get(one(20) as usize).copied().unwrap_or(ObjectAddr(0));
            Watched::Object { object, first: one(2), len: 1 + one(2) }
        }
        _ => Watched::Table { table: TableAddr(0), first: one(5).into(), len: 1 },
    }
}

/// The run that is disturbed, and the one that is not.
struct Pair {
    random: Random,
    disturbed: Linked,
    plain: Linked,
    host: Host,
    task: Task,
    twin: Task,
    /// Places where breakpoints can be.
    places: Vec<Breakpoint>,
    kept: Vec<(StoreState, StoreState)>,
}

impl Pair {
    fn new(engine: &Engine, seed: u64) -> Self {
        let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        let host = if random.below(2) == 0 { Host::Embedder } else { Host::Future };
        let exact = Engine::new(Config::default().tier(Tier::Exact));
        let mut disturbed = Linked::in_engine(engine, host);
        let mut plain = Linked::in_engine(&exact, host);
        let (export, n) = if random.below(2) == 0 { ("loop", 40) } else { ("down", 12) };
        let begin = |linked: &mut Linked| {
            let instance = if export == "loop" { linked.b } else { linked.c };
            linked.start(instance, export, n)
        };
        let (task, twin) = (begin(&mut disturbed), begin(&mut plain));
        let mut places = Vec::new();
        for instance in [disturbed.a, disturbed.b, disturbed.c] {
            let module = disturbed.store.module_of(instance).unwrap();
            for func in (0..module.func_count()).map(FuncIndex) {
                let Ok(listing) = Listing::new(module, func) else { continue };
                let offsets = (0..listing.len()).filter_map(|position| listing.offset(position));
                places.extend(offsets.map(|offset| Breakpoint { instance, offset }));
            }
        }
        Self { random, disturbed, plain, host, task, twin, places, kept: Vec::new() }
    }

    /// Does one thing; false when the run has ended.
    fn act(&mut self) -> bool {
        let store = &mut self.disturbed.store;
        match self.random.below(17) {
            0 | 1 => {
                let place = self.places[self.random.below(self.places.len())];
                store.debugger_mut().add_breakpoint(place);
            }
            2 => {
                let all: Vec<_> = store.debugger().breakpoints().collect();
                if !all.is_empty() {
                    store.debugger_mut().remove_breakpoint(all[self.random.below(all.len())]);
                }
            }
            3 => store.debugger_mut().clear_breakpoints(),
            4 => {
                let instance = [self.disturbed.a, self.disturbed.b][self.random.below(2)];
                let frames = self.task.frames(store);
                let frames: Vec<_> =
                    frames.map(|frame| (frame.instance(), frame.func(), frame.id())).collect();
                let watched = anything(&mut self.random, store, instance, &frames);
                let kinds =
                    [WatchKind::Read, WatchKind::Write, WatchKind::Access, WatchKind::Change];
                let kind = kinds[self.random.below(4)];
                store.debugger_mut().add_watchpoint(Watchpoint { watched, kind });
            }
            5 => {
                let all = store.debugger().watchpoints().to_vec();
                for watch in all {
                    store.debugger_mut().remove_watchpoint(watch);
                }
            }
            6 => {
                let log = self.random.below(2) * 5;
                store.debugger_mut().log_accesses(log);
            }
            7 => {
                self.kept.push((store.state().clone(), self.plain.store.state().clone()));
                if self.kept.len() > 4 {
                    self.kept.remove(0);
                }
            }
            8 if !self.kept.is_empty() => {
                let which = self.random.below(self.kept.len());
                let (state, plain) = self.kept[which].clone();
                store.restore(state).unwrap();
                self.plain.store.restore(plain).unwrap();
                assert_eq!(self.task.executed(), self.twin.executed());
            }
            9 => self.edit(),
            10 => {
                // A task beside it, that comes and goes.
                let mut other = self.disturbed.start(self.disturbed.b, "loop", 1);
                let store = &mut self.disturbed.store;
                let before = store.state().clone();
                let _ =
                    other.run(store, Budget::instructions(self.random.below(50) as u64)).unwrap();
                store.restore(before).unwrap();
                let plain = self.plain.store.state().clone();
                self.plain.store.restore(plain).unwrap();
            }
            11 => {
                // Handles come and go, and a state that knows of a task that nobody has a handle of.
                let mut other = self.disturbed.start(self.disturbed.c, "down", 2);
                let before = self.disturbed.store.state().clone();
                let few = Budget::instructions(self.random.below(30) as u64);
                other.run(&mut self.disturbed.store, few).unwrap();
                drop(other);
                if self.random.below(2) == 0 {
                    self.disturbed.store.end_dropped();
                }
                // What the other has written is taken back.
                self.disturbed.store.restore(before).unwrap();
                let handle = self.disturbed.store.task(self.task.id()).unwrap();
                self.task = handle;
                // The states of both have lost their futures.
                let plain = self.plain.store.state().clone();
                self.plain.store.restore(plain).unwrap();
            }
            12 => {
                return std::thread::scope(|scope| scope.spawn(|| self.run()).join().unwrap());
            }
            _ => return self.run(),
        }
        true
    }

    /// Sets a number of a frame in both runs.
    fn edit(&mut self) {
        let store = &self.disturbed.store;
        let Some(frame) = self.task.frames(store).next() else { return };
        let (locals, operands) = (frame.locals(), frame.operands());
        let all = locals.iter().map(|local| local.value).chain(operands);
        let all: Vec<Value> = all.collect();
        let which = self.random.below(all.len().max(1));
        let Some(Value::I32(now)) = all.get(which) else { return };
        let value = Value::I32(now ^ self.random.below(4) as i32);
        for (task, linked) in
            [(&mut self.task, &mut self.disturbed), (&mut self.twin, &mut self.plain)]
        {
            let set = match which.checked_sub(locals.len()) {
                None => task.set_local(&mut linked.store, 0, which as u32, value),
                Some(operand) => task.set_operand(&mut linked.store, 0, operand as u32, value),
            };
            set.unwrap();
        }
    }

    fn run(&mut self) -> bool {
        let budget = match self.random.below(4) {
            0 => 1,
            1 => self.random.below(20) as u64,
            2 => self.random.below(300) as u64,
            _ => 20_000,
        };
        let before = self.task.executed();
        let store = &mut self.disturbed.store;
        let mut stop = self.task.run(store, Budget::instructions(budget)).unwrap();
        let executed = self.task.executed() - before;
        assert!(executed <= budget || executed == 0, "{executed} of {budget}");
        let mut own = Stop::Budget;
        let mut polls = 0;
        while self.twin.executed() < self.task.executed() || polls == 0 {
            let left = Budget::instructions(self.task.executed() - self.twin.executed());
            own = self.twin.run(&mut self.plain.store, left).unwrap();
            polls += 1;
            assert!(polls < 10_000, "{own:?}");
        }
        assert_eq!(self.task.executed(), self.twin.executed());
        if matches!(self.host, Host::Future) {
            // Which has been polled how often is nothing that both have to share; it comes to an end.
            for _ in 0..4 {
                let next = self.task.run(store, Budget::instructions(0)).unwrap();
                if !matches!(next, Stop::Budget) {
                    stop = next;
                }
                own = self.twin.run(&mut self.plain.store, Budget::instructions(0)).unwrap();
            }
        }
        assert!(self.plain.store.state() == store.state(), "after {stop:?}");
        let shown = |task: &Task, linked: &Linked| {
            let frames = task.frames(&linked.store);
            frames.map(|frame| (frame.site(), frame.locals(), frame.operands())).collect::<Vec<_>>()
        };
        if let Stop::Watchpoint(hit) = &stop {
            assert_eq!(contents(store, &self.task, hit.part), hit.new, "{hit:?}");
        }
        match stop {
            Stop::HostCall(call) if call.state == CallState::InProgress => {}
            Stop::HostCall(call) => {
                // It has been called when the budget ended, which the other run does not tell yet.
                let own = self.twin.run(&mut self.plain.store, Budget::instructions(0)).unwrap();
                assert_eq!(own, Stop::HostCall(call.clone()));
                for (task, linked) in
                    [(&mut self.task, &mut self.disturbed), (&mut self.twin, &mut self.plain)]
                {
                    let answer = HostAnswer::Return(call.args.clone());
                    task.resume(&mut linked.store, answer).unwrap();
                }
            }
            Stop::Done(_) | Stop::Trap(_) => {
                let end = self.twin.run(&mut self.plain.store, Budget::instructions(0)).unwrap();
                assert_eq!(stop, end, "after {own:?}");
                return false;
            }
            _ => assert_eq!(shown(&self.task, &self.disturbed), shown(&self.twin, &self.plain)),
        }
        true
    }
}

#[test]
fn whoever_looks_on_changes_nothing() {
    let end = Instant::now() + Duration::from_secs(number("STEPWELL_RANDOM_SECONDS", 3));
    let first = number("STEPWELL_RANDOM_SEED", 1);
    // One engine: translations are shared by stores as they are in the window.
    let engines = [Tier::Fast, Tier::Mixed].map(|tier| Engine::new(Config::default().tier(tier)));
    for seed in first.. {
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let mut pair = Pair::new(&engines[seed as usize % 2], seed);
            let mut acts = 0;
            while acts < 400 && pair.act() {
                acts += 1;
            }
        }));
        assert!(outcome.is_ok(), "seed {seed}");
        if Instant::now() > end {
            break;
        }
    }
}
