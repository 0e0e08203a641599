//! The examples, whole and in parts, with their host calls answered.

use stepwell_engine::module::disassemble::Listing;
use stepwell_engine::observe::{Breakpoint, Watched, Watchpoint};
use stepwell_engine::{
    Budget, Config, Engine, FuncIndex, HostAnswer, HostCall, InstanceId, Linker, Stop, Store, Task,
    Tier, Value, WatchKind,
};
use stepwell_tests::{Example, example_bytes, examples, link, stem};

struct Run {
    store: Store,
    task: Task,
    calls: Vec<HostCall>,
}

/// States are compared at each of the first stops, and at one in this many of the later ones.
const LATER: u64 = 401;

impl Run {
    fn new(example: &Example, tier: Tier) -> Self {
        let engine = Engine::new(Config::default().tier(tier));
        let modules: Vec<_> =
            example.files.iter().map(|file| (stem(file).to_owned(), example_bytes(file))).collect();
        let (mut store, instance): (Store, InstanceId) =
            link(&engine, &mut Linker::new(), &modules).unwrap();
        let func = store.export_func(instance, &example.export).unwrap();
        let task = store.start(func, &example.args).unwrap();
        Self { store, task, calls: Vec::new() }
    }

    /// Runs to the next stop that is no host call; those are answered by their number.
    fn run(&mut self, instructions: u64) -> Stop {
        let end = self.task.executed().saturating_add(instructions);
        loop {
            let budget = Budget::instructions(end - self.task.executed());
            match self.task.run(&mut self.store, budget).unwrap() {
                Stop::HostCall(call) => {
                    let number = self.calls.len() as i32;
                    let results = call.ty.results().iter().map(|_| Value::I32(number)).collect();
                    self.calls.push(call);
                    self.task.resume(&mut self.store, HostAnswer::Return(results)).unwrap();
                }
                other => return other,
            }
        }
    }

    /// Fails if two runs at the same instruction differ in anything.
    fn assert_same(&self, other: &Run, what: &str) {
        assert_eq!(self.task.executed(), other.task.executed(), "{what}");
        // A difference would be printed with all of its memory.
        assert!(self.store.state() == other.store.state(), "{what}: stores differ");
        assert_eq!(self.calls, other.calls, "{what}");
    }
}

#[test]
fn examples_pass_through_the_same_states() {
    let mut whole = 0;
    for example in examples() {
        let mut all = Run::new(&example, Tier::Exact);
        let end = all.run(u64::MAX);
        whole += all.task.executed();
        let budgets = [1, 2, 7, 23, 1000, u64::MAX];
        for (tier, budget) in
            super::TIERS.into_iter().flat_map(|tier| budgets.map(|budget| (tier, budget)))
        {
            let mut parts = Run::new(&example, tier);
            // Runs along in single steps up to where the parts stop.
            let mut along = Run::new(&example, Tier::Exact);
            let mut stops = 0u64;
            let what = format!("{} in parts of {budget}, {tier:?}", example.id);
            loop {
                let stop = parts.run(budget);
                stops += 1;
                let last = stop != Stop::Budget;
                if stops < 500 || stops.is_multiple_of(LATER) || last {
                    while along.task.executed() < parts.task.executed() {
                        along.run(1);
                    }
                    // The answer to the last call, if the parts have gone on behind it.
                    if along.calls.len() < parts.calls.len() {
                        along.run(0);
                    }
                    along.assert_same(&parts, &what);
                }
                if last {
                    assert_eq!(stop, end, "{what}");
                    break;
                }
                assert_eq!(parts.task.executed(), stops * budget, "{what}");
            }
            all.assert_same(&parts, &what);
        }
    }
    println!("{whole} instructions in the examples");
}

#[test]
fn breakpoints_and_watchpoints_stop_both_tiers_at_the_same_places() {
    let (mut stops, mut hits) = (0, 0);
    for example in examples() {
        let mut runs = [Run::new(&example, Tier::Exact), Run::new(&example, Tier::Fast)];
        for run in &mut runs {
            let store = &mut run.store;
            let instances: Vec<_> = store.instances().collect();
            for instance in instances {
                let module = store.module_of(instance).unwrap().clone();
                for func in (module.imported_func_count()..module.func_count()).map(FuncIndex) {
                    let listing = Listing::new(&module, func).unwrap();
                    for row in (2..listing.len()).step_by(3) {
                        let offset = listing.offset(row).unwrap();
                        store.debugger_mut().add_breakpoint(Breakpoint { instance, offset });
                    }
                }
                for memory in store.instance(instance).unwrap().memories().to_vec() {
                    let watchpoint = Watchpoint::memory(memory, 16, 9, WatchKind::Write);
                    store.debugger_mut().add_watchpoint(watchpoint);
                }
                watch_all(store, instance);
            }
        }
        for _ in 0..300 {
            let [exact, fast] = &mut runs;
            let (one, other) = (exact.run(1_000), fast.run(1_000));
            exact.assert_same(fast, &example.id);
            assert_eq!(one, other, "{}", example.id);
            stops += u32::from(matches!(one, Stop::Breakpoint(_)));
            hits += u32::from(matches!(one, Stop::Watchpoint(_)));
            if matches!(one, Stop::Done(_) | Stop::Trap(_)) {
                break;
            }
        }
    }
    assert!(stops > 500 && hits > 100, "{stops} {hits}");
}

/// Watches the globals and tables of an instance, and some locals of each function.
fn watch_all(store: &mut Store, instance: InstanceId) {
    let Some(parts) = store.instance(instance).cloned() else { return };
    let module = store.module_of(instance).unwrap().clone();
    let mut add = |watched, kind| {
        store.debugger_mut().add_watchpoint(Watchpoint { watched, kind });
    };
    for global in parts.globals() {
        add(Watched::Global(*global), WatchKind::Change);
    }
    for table in parts.tables() {
        add(Watched::Table { table: *table, first: 0, len: 3 }, WatchKind::Access);
    }
    for func in (module.imported_func_count()..module.func_count()).map(FuncIndex) {
        let local = func.0 % 3;
        add(Watched::Local { instance, func, local, frame: None }, WatchKind::Change);
    }
}

#[test]
fn a_state_put_back_comes_to_the_same_end() {
    for example in examples() {
        let mut original = Run::new(&example, Tier::Fast);
        if original.run(20) != Stop::Budget {
            continue;
        }
        let state = original.store.state().clone();
        let calls = original.calls.clone();
        let end = original.run(u64::MAX);
        let after = original.store.state().clone();
        original.store.restore(state).unwrap();
        let mut again = Run { calls, ..original };
        assert_eq!(again.task.executed(), 20);
        assert_eq!(again.run(u64::MAX), end, "{}", example.id);
        assert!(&after == again.store.state(), "{}", example.id);
    }
}
